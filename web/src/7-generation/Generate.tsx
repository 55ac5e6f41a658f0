// Names from the model, drawn exactly under conditions; each character with its probability.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { GeneratedName, Generation } from "../engine/protocol.ts";
import { asFault, ask, fileLabel, fileModel, modelEdition, progress, run } from "../state/session.ts";
import * as settings from "../state/settings.ts";
import { CheckField, NumberField, Panel, TextField } from "../ui/controls.tsx";
import { fixed, integer, oneIn, percent, spoken, visible } from "../ui/format.ts";

export function Generate() {
  const made = useSignal<(Generation & { from: string }) | null>(null);
  const problem = useSignal<{ message: string; help?: string } | null>(null);
  const busy = useSignal(false);
  const draw = async () => {
    busy.value = true;
    try {
      const model = settings.slot.peek();
      const from = model === "file" ? "" : `The network in training, at step ${integer(progress.peek()?.step ?? 0)}.`;
      made.value = { ...await ask("generate", { ...settings.generateOptions.peek(), model }), from };
      problem.value = null;
    } catch (error) {
      problem.value = asFault(error);
    }
    busy.value = false;
  };
  const ready = settings.slot.value === "file" ? fileModel.value !== null : run.value !== null;
  // Names are drawn at once when an address sets the conditions, and when the model changes.
  useEffect(() => { if (ready) void draw(); }, [ready, settings.slot.value, modelEdition.value]);
  useEffect(() => {
    if (!ready) return undefined;
    const timer = setTimeout(() => { void draw(); }, 350);
    return () => clearTimeout(timer);
  }, [settings.generateOptions.value]);
  return (
    <Panel id="generate" title="Generate" lead={<>New names from <ModelName />, drawn from its exact conditional distribution.</>}>
      <Conditions />
      <div class="row">
        <button type="button" class="primary" disabled={!ready || busy.value} onClick={() => { void draw(); }}>Write names</button>
        <button type="button" disabled={!ready} onClick={() => { settings.generateSeed.value = String((Number(settings.generateSeed.value) || 0) + 1); }}>New seed</button>
        <CheckField label="only new names" value={settings.novel} />
        <CheckField label="no repetitions" value={settings.unique} />
        <CheckField label="most likely first" value={settings.mostLikely} />
      </div>
      <div aria-live="polite" class="stack">
        {problem.value && <p class="notice bad"><b>{problem.value.message}</b> {problem.value.help}</p>}
        {made.value && !problem.value && <Result made={made.value} />}
      </div>
    </Panel>
  );
}

export function ModelName() {
  return settings.slot.value === "file"
    ? <b>the finished model ({fileLabel.value || "opening"})</b>
    : <b>the network in training</b>;
}

function Conditions() {
  return (
    <div class="fields">
      <NumberField label="How many" value={settings.count} min={1} max={200} otherwise={20} />
      <NumberField label="Temperature" value={settings.temperature} min={0.05} max={5} step={0.05} otherwise={1} />
      <NumberField label="Top k" value={settings.topK} min={1} otherwise="all" />
      <NumberField label="Top p" value={settings.topP} min={0} max={1} step={0.05} otherwise="1" />
      <NumberField label="Shortest" value={settings.minLength} min={0} max={60} otherwise={1} />
      <NumberField label="Longest" value={settings.maxLength} min={1} max={60} otherwise="as in the list" />
      <TextField label="Begins with" value={settings.prefix} class="mono" />
      <TextField label="Ends with" value={settings.suffix} class="mono" placeholder="ya" />
      <TextField label="Contains" value={settings.contains} class="mono" />
      <TextField label="Does not contain" value={settings.exclude} class="mono" />
      <TextField label="Letters" value={settings.letters} class="mono" placeholder="a-z" />
      <TextField label="Pattern" value={settings.pattern} class="mono" placeholder="(an|in).*a" />
      <TextField label="Seed" value={settings.generateSeed} class="mono" />
    </div>
  );
}

function Result({ made }: { made: Generation & { from: string } }) {
  const p = made.constraint_probability;
  return (
    <>
      {p !== undefined && (
        <p>
          <b class="num">{percent(p)}</b> of this model's names meet the conditions
          {p > 0 && p < 0.5 && ` (${oneIn(p)})`}
          {made.method === "exact" ? <span class="muted">, computed exactly</span> : made.low !== undefined && made.high !== undefined && made.high > made.low && (
            <span class="muted">, estimated from draws (95 % interval: {percent(made.low)} to {percent(made.high)})</span>
          )}.
        </p>
      )}
      {made.note && <p class="notice">{made.note}</p>}
      <ol class="names">{made.names.map((name, index) => <Name key={index} name={name} />)}</ol>
      {made.names.length > 0 && <p class="small muted">{made.from} Each bar is the probability of its character at this position (the last one is the end mark). The number is ln P of the whole name.</p>}
    </>
  );
}

const WHERE = { train: "in the list", val: "in the list (validation)", test: "in the list (test)" } as const;

function Name({ name }: { name: GeneratedName }) {
  const said = name.tokens.map(({ token, log_prob }) => `${spoken(token)} ${percent(Math.exp(log_prob))}`).join(", ");
  return (
    <li>
      <span class="name mono">{name.name}</span>
      <span class="letters" role="img" aria-label={said} tabIndex={-1}>
        {name.tokens.map(({ token, log_prob }, at) => {
          const p = Math.exp(log_prob);
          return <span key={at} title={`${visible(token)}: ${percent(p)}`}><i style={{ height: `${Math.max(4, p * 100)}%` }} /><b>{visible(token)}</b></span>;
        })}
      </span>
      <span class="num muted small lnp">{fixed(name.log_prob, 1)}</span>
      {name.in_list === undefined ? <span /> : name.in_list === null ? <span class="tag good">new</span> : <span class="tag">{WHERE[name.in_list]}</span>}
    </li>
  );
}
