// Play, pause, single step, speed and reset; and the state of the training run.
import {
  ended, fault, fileModel, finish, hello, history, playing, progress, recentLoss, reset, run, stepOnce, togglePlay, usable, working,
} from "../state/session.ts";
import { embed, slot, speed } from "../state/settings.ts";
import { Icon, Segments } from "../ui/controls.tsx";
import { fixed, integer } from "../ui/format.ts";

const SPEEDS = [["1", "1"], ["10", "10"], ["100", "100"], ["1000", "1,000"], ["0", "full"]] as const;

export function Transport() {
  const ready = run.value !== null && usable.value;
  return (
    <section class="transport" aria-label="Training">
      <div class="row drive">
        <button type="button" class="primary play" disabled={!ready} onClick={() => { void togglePlay(); }} aria-keyshortcuts="k">
          <Icon name={playing.value ? "pause" : "play"} />{playing.value ? "Pause" : "Play"}
        </button>
        <button type="button" disabled={!ready || ended.value !== null} onClick={() => { void stepOnce(); }}><Icon name="step" />Step</button>
        <button type="button" disabled={!ready} onClick={() => { void reset(); }}><Icon name="reset" />Reset</button>
        <div class="row speed"><span class="small muted" aria-hidden="true">Steps/s</span><Segments label="Steps per second" value={speed} choices={SPEEDS} /></div>
      </div>
      <Standing />
      {!embed.value && <SlotChoice />}
    </section>
  );
}

function Standing() {
  const { steps = 0, networks = 1 } = run.value ?? {};
  const now = progress.value;
  const last = history.value.at(-1);
  const share = steps > 0 ? (now?.step ?? 0) / steps : 0;
  return (
    <dl class="standing num">
      <div class="steps">
        <dt>Step{networks > 1 && ` of network ${now?.network ?? 1} of ${networks}`}</dt>
        <dd>
          {integer(now?.step ?? 0)} <span class="muted">/ {integer(steps)}</span>
          <progress max={1} value={share} aria-label="Progress of the training" />
        </dd>
      </div>
      <div class="epoch"><dt>Epoch</dt><dd>{fixed(now?.epoch ?? 0, 1)}</dd></div>
      <div><dt>Train loss</dt><dd>{recentLoss.value === null ? (last ? fixed(last.train_loss) : "–") : fixed(recentLoss.value)}</dd></div>
      <div><dt>Val loss</dt><dd>{last?.val_loss == null ? "–" : fixed(last.val_loss)}</dd></div>
    </dl>
  );
}

/** Which model the picture, the map, Generate and Score use. */
function SlotChoice() {
  const begun = (progress.value?.step ?? 0) > 0;
  return (
    <div class="row slot">
      <span class="small muted" aria-hidden="true">Show</span>
      <Segments label="Model to show" value={slot} choices={[["run", "training"], ["file", "finished model"]]} />
      {begun && <button type="button" onClick={() => { void finish(); }} title="Evaluate the network, let it learn the held-out names, too, and make a model file that the command line can read">Finish</button>}
      {slot.value === "file" && fileModel.value === null && <span class="small muted">opening…</span>}
    </div>
  );
}

/** What is happening and what went wrong, in one place that a screen reader announces. */
export function Status() {
  const busy = working.value ?? (hello.value === null && fault.value === null ? { what: "Loading the engine", done: null } : null);
  const end = ended.value;
  return (
    <div class="status" role="status">
      {fault.value && <p class="notice bad"><b>{fault.value.message}</b> {fault.value.help}</p>}
      {busy && <p class="notice">{busy.what}{busy.done === null ? "…" : `: ${Math.round(busy.done * 100)} %`}</p>}
      {end && <p class={`notice ${end.reason === "diverged" ? "bad" : ""}`}>{endText(end.reason, end.step)} {end.message}</p>}
    </div>
  );
}

function endText(reason: "finished" | "early_stop" | "target_loss" | "diverged", step: number): string {
  switch (reason) {
    case "finished": return `All ${integer(step)} steps are done. Press Finish to evaluate the best network on names that it has not seen.`;
    case "early_stop": return `Stopped at step ${integer(step)}: the validation loss has stopped falling.`;
    case "target_loss": return `Stopped at step ${integer(step)}: the validation loss reached its target.`;
    case "diverged": return `Stopped at step ${integer(step)}.`;
  }
}
