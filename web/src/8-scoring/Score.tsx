// Is it a name? The surprise of each character, and the verdict.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Place, Score as Scored } from "../engine/protocol.ts";
import { asFault, ask, fileModel, modelEdition, run, symbols } from "../state/session.ts";
import { judged, slot } from "../state/settings.ts";
import { ModelName } from "../7-generation/Generate.tsx";
import { Panel, TextField } from "../ui/controls.tsx";
import { fixed, percent, spoken, visible } from "../ui/format.ts";

export function Score() {
  const scored = useSignal<Scored | null>(null);
  const problem = useSignal<{ message: string; help?: string } | null>(null);
  const ready = slot.value === "file" ? fileModel.value !== null : run.value !== null;
  useEffect(() => {
    if (!ready || judged.value.trim() === "") { scored.value = null; return undefined; }
    const timer = setTimeout(async () => {
      try {
        scored.value = await ask("score", { model: slot.value, text: judged.value });
        problem.value = null;
      } catch (error) {
        problem.value = asFault(error);
      }
    }, 120);
    return () => clearTimeout(timer);
  }, [ready, judged.value, slot.value, modelEdition.value]);
  return (
    <Panel id="score" title="Is it a name?" lead={<>How surprising is each character to <ModelName />?</>}>
      <TextField label="A word" value={judged} class="mono" placeholder="aadesh" />
      <div aria-live="polite" class="stack">
        {problem.value && <p class="notice bad"><b>{problem.value.message}</b> {problem.value.help}</p>}
        {scored.value && !problem.value && <Answer scored={scored.value} />}
      </div>
    </Panel>
  );
}

const PART = { train: "a training name", val: "a validation name", test: "a test name" } as const;

function Answer({ scored }: { scored: Scored }) {
  if (scored.message !== null) return <p class="notice bad"><b>This word cannot be scored:</b> {scored.message}</p>;
  return (
    <>
      <p class="verdict">
        {scored.plausible === null ? <span class="tag">no verdict</span>
          : scored.plausible ? <span class="tag good">✓ plausible</span> : <span class="tag bad">✗ not plausible</span>}
        {scored.reason === "placeholder" && <span>a placeholder</span>}
        {scored.reason === "joined" && <span>two names joined</span>}
        {scored.percentile !== null && <span>scores higher than {fixed(scored.percentile, 1)} % of held-out names</span>}
        {scored.log_prob !== null && <span class="muted">ln P = <span class="num">{fixed(scored.log_prob, 2)}</span>, <span class="num">{fixed(scored.per_char ?? 0, 2)}</span> per character</span>}
        {scored.in_list && <span class="tag">{PART[scored.in_list]}</span>}
      </p>
      {scored.plausible === null && slot.value === "run" && <p class="small muted">Verdicts need a finished model: Finish makes one, and calibrates it on names that it has not seen.</p>}
      <ol class="places">{scored.places.map((place, at) => <Row key={at} place={place} />)}</ol>
      <p class="small muted">Bits of surprise: −log₂ P. Guessing uniformly among {symbols.value.length} characters would cost {fixed(Math.log2(symbols.value.length || 27), 2)} bits each.</p>
    </>
  );
}

function Row({ place }: { place: Place }) {
  const bits = -place.log_prob / Math.LN2;
  const named = symbols.value;
  const likely = [...place.probs.keys()].sort((a, b) => place.probs[b]! - place.probs[a]!).slice(0, 3);
  return (
    <li>
      <span class="mono muted context">{place.context}</span>
      <b class="mono">{visible(place.token)}<span class="visually-hidden"> ({spoken(place.token)})</span></b>
      <span class="surprise"><i style={{ width: `${Math.min(100, (bits / 12) * 100)}%` }} class={bits > Math.log2(named.length || 27) ? "high" : ""} /></span>
      <span class="num">{fixed(bits, 1)} bits</span>
      <span class="small muted instead">rank {place.rank}; top: {likely.map((token) => `${visible(named[token] ?? "?")} ${percent(place.probs[token]!)}`).join(", ")}</span>
    </li>
  );
}
