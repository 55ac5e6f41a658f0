// The network and how it is trained; what is left empty is the preset's.
import { hello, run } from "../state/session.ts";
import * as settings from "../state/settings.ts";
import { NumberField, Panel, SelectField, TextField } from "../ui/controls.tsx";
import { integer } from "../ui/format.ts";

const NAMES = {
  lecture: "the lecture's", fast: "fast: the default of the program", best: "best: three networks and counts",
  part2: "part 2: begun from N(0, 1)", kaiming: "part 2, scaled beginning",
} as const;

export function Options() {
  const now = hello.value?.presets.find((one) => one.name === settings.preset.value);
  const given = run.value;
  return (
    <Panel id="network" title="Network and training" lead="Change anything: the run begins anew. What is left empty is the preset's.">
      <div class="fields roomy">
        <SelectField label="Preset" value={settings.preset} wide choices={settings.PRESETS.map((name) => [name, NAMES[name]])} />
        <SelectField label="Model" value={settings.family} choices={[["", `preset: ${now?.family ?? ""}`], ["network", "network"], ["mixture", "network and counts"], ["kneser-ney", "counts alone"]]} />
        <NumberField label="Context" value={settings.contextLength} min={1} max={16} otherwise={now?.context} />
        <NumberField label="Embedding" value={settings.embeddingDim} min={1} max={64} otherwise={now?.embedding} />
        <TextField label="Hidden layers" value={settings.hidden} class="num" placeholder={now?.hidden.join(",")} />
        <SelectField label="Activation φ" value={settings.activation} choices={[["", `preset: ${now?.activation ?? ""}`], ["tanh", "tanh"], ["relu", "relu"], ["gelu", "gelu"]]} />
        <SelectField label="Residual" value={settings.residual} choices={[["", `preset: ${now ? (now.residual ? "yes" : "no") : ""}`], ["1", "yes"], ["0", "no"]]} />
        <SelectField label="Beginning" value={settings.init} choices={[["", `preset: ${now?.init ?? ""}`], ["kaiming", "scaled (Kaiming)"], ["lecture", "N(0, 1)"]]} />
        <SelectField label="Optimiser" value={settings.optimizer} choices={[["", `preset: ${now?.optimizer ?? ""}`], ["sgd", "SGD"], ["adamw", "AdamW"]]} />
        <NumberField label="Learning rate" value={settings.learningRate} min={0} step="any" otherwise={now?.learning_rate} />
        <SelectField label="Schedule" value={settings.schedule} choices={[["", `preset: ${now?.schedule ?? ""}`], ["constant", "constant"], ["step", "step"], ["cosine", "cosine"]]} />
        <TextField label="Rows in a step" value={settings.batch} class="num" placeholder={String(now?.batch ?? "")} />
        <SelectField label="Rows are" value={settings.draw} choices={[["", `preset: ${now?.draw ?? ""}`], ["windows", "windows"], ["contexts", "contexts"], ["passes", "passes"]]} />
        <NumberField label="Steps" value={settings.steps} min={1} max={1_000_000} otherwise={now?.steps} />
        <NumberField label="Weight decay" value={settings.weightDecay} min={0} step="any" otherwise={now?.weight_decay} />
        <NumberField label="Dropout" value={settings.dropout} min={0} max={0.9} step="any" otherwise={now?.dropout} />
        <TextField label="Seed" value={settings.seed} class="mono" />
      </div>
      {given && (
        <p class="small muted">
          {integer(given.parameters)} parameters. The same run natively, to the bit:{" "}
          <code class="command">{given.command}</code>
        </p>
      )}
    </Panel>
  );
}
