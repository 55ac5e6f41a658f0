// Names that the network writes while it learns.
import { useRef } from "preact/hooks";
import { progress, samples } from "../state/session.ts";
import { Panel } from "../ui/controls.tsx";
import { integer } from "../ui/format.ts";
import { useVisible } from "../ui/visible.ts";

export function Samples() {
  const frame = useRef<HTMLDivElement>(null);
  useVisible("samples", frame);
  return (
    <Panel id="samples" title="Names as it learns" lead={`Drawn from the network at step ${integer(progress.value?.step ?? 0)}.`}>
      <div ref={frame}>
        {samples.value.length === 0 ? <p class="muted">They appear when it plays.</p> : (
          <ol class="samples mono">{samples.value.map((name, index) => <li key={index}>{name || <span class="muted">(empty)</span>}</li>)}</ol>
        )}
      </div>
    </Panel>
  );
}
