// Names that the network writes during training.
import { useRef } from "preact/hooks";
import { milestones, progress, samples } from "../state/session.ts";
import { Panel } from "../ui/controls.tsx";
import { integer } from "../ui/format.ts";
import { useVisible } from "../ui/visible.ts";

export function Samples() {
  const frame = useRef<HTMLDivElement>(null);
  useVisible("samples", frame);
  return (
    <Panel id="samples" title="Names as it learns" lead={`Drawn from the network at step ${integer(progress.value?.step ?? 0)}.`}>
      <div ref={frame}>
        {samples.value.length === 0 ? <p class="muted">Names appear here during training.</p> : (
          <ol class="samples mono">{samples.value.map((name, index) => <li key={index}>{name || <span class="muted">(empty)</span>}</li>)}</ol>
        )}
      </div>
      {milestones.value.length > 0 && (
        <table class="milestones">
          <caption class="visually-hidden">A name from earlier steps</caption>
          <thead><tr><th scope="col">At step</th><th scope="col">it wrote</th></tr></thead>
          <tbody>{milestones.value.map(({ step, name }) => <tr key={step}><td class="num">{integer(step)}</td><td class="mono">{name}</td></tr>)}</tbody>
        </table>
      )}
    </Panel>
  );
}
