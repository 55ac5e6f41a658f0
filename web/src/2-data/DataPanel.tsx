// The data: which names to use, how to read them, and what was found in them.
import { hello } from "../state/session.ts";
import { listName } from "../state/settings.ts";
import { Panel } from "../ui/controls.tsx";
import { Diagnosis, Reading } from "./Diagnosis.tsx";
import { ListChoice } from "./ListChoice.tsx";
import { OwnNames } from "./OwnNames.tsx";

export function DataPanel() {
  const listed = hello.value?.lists.find((list) => list.name === listName.value);
  return (
    <Panel id="data" title="Training names" lead="Choose a list that comes with the page, or use your own.">
      <div class="columns two data-columns">
        <div class="stack">
          <ListChoice />
          {listed && <p class="small muted">{listed.title}. {listed.source}; licence {listed.licence}.</p>}
          <Reading />
          <OwnNames />
        </div>
        <Diagnosis />
      </div>
    </Panel>
  );
}
