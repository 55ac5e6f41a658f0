// The network and its training; empty fields have the preset's values.
import { hello, run } from "../state/session.ts";
import * as settings from "../state/settings.ts";
import { CheckField, NumberField, Panel, SelectField, TextField } from "../ui/controls.tsx";
import { download } from "../ui/download.ts";
import { integer } from "../ui/format.ts";

const NAMES = {
  lecture: "lecture: the lecture's network", fast: "fast: the program's default", best: "best: three networks and counts",
  part2: "part 2: initialised from N(0, 1)", kaiming: "part 2 with scaled initialisation",
} as const;

export function Options() {
  const now = hello.value?.presets.find((one) => one.name === settings.preset.value);
  const given = run.value;
  return (
    <Panel id="network" title="Network and training" lead="Any change restarts the training. Empty fields have the preset's values.">
      <div class="fields roomy">
        <SelectField label="Preset" value={settings.preset} wide choices={settings.PRESETS.map((name) => [name, NAMES[name]])} />
        <SelectField label="Model" value={settings.family} choices={[["", `preset: ${now?.family ?? ""}`], ["network", "network"], ["mixture", "network and counts"], ["kneser-ney", "counts alone"]]} />
        <NumberField label="Context" value={settings.contextLength} min={1} max={16} otherwise={now?.context} />
        <NumberField label="Embedding" value={settings.embeddingDim} min={1} max={64} otherwise={now?.embedding} />
        <TextField label="Hidden layers" value={settings.hidden} class="num" placeholder={now?.hidden.join(",")} />
        <SelectField label="Activation φ" value={settings.activation} choices={[["", `preset: ${now?.activation ?? ""}`], ["tanh", "tanh"], ["relu", "relu"], ["gelu", "gelu"]]} />
        <SelectField label="Residual" value={settings.residual} choices={[["", `preset: ${now ? (now.residual ? "yes" : "no") : ""}`], ["1", "yes"], ["0", "no"]]} />
        <SelectField label="Initialisation" value={settings.init} choices={[["", `preset: ${now?.init ?? ""}`], ["kaiming", "scaled (Kaiming)"], ["lecture", "N(0, 1)"]]} />
        <SelectField label="Optimiser" value={settings.optimizer} choices={[["", `preset: ${now?.optimizer ?? ""}`], ["sgd", "SGD"], ["adamw", "AdamW"]]} />
        <TextField label="Learning rate, or auto" value={settings.learningRate} class="num" placeholder={String(now?.learning_rate ?? "")} />
        <SelectField label="Schedule" value={settings.schedule} choices={[["", `preset: ${now?.schedule ?? ""}`], ["constant", "constant"], ["step", "step"], ["cosine", "cosine"]]} />
        <TextField label="Batch size" value={settings.batch} class="num" placeholder={String(now?.batch ?? "")} />
        <SelectField label="Rows of a batch" value={settings.draw} choices={[["", `preset: ${now?.draw ?? ""}`], ["windows", "windows"], ["contexts", "contexts"], ["passes", "passes"]]} />
        <NumberField label="Steps" value={settings.steps} min={1} max={1_000_000} otherwise={now?.steps} />
        <NumberField label="Weight decay" value={settings.weightDecay} min={0} step="any" otherwise={now?.weight_decay} />
        <NumberField label="Dropout" value={settings.dropout} min={0} max={0.9} step="any" otherwise={now?.dropout} />
        <TextField label="Seed" value={settings.seed} class="mono" />
      </div>
      <MoreOptions />
      {given && (
        <p class="small muted">
          {integer(given.parameters)} parameters{settings.learningRate.value === "auto" && `, learning rate ${given.learning_rate.toPrecision(3)} (found automatically)`}. This command gives the same result, bit for bit:{" "}
          <code class="command">{given.command}</code>
          {settings.listName.value === "own" && settings.ownNames.value?.label === settings.PASTED && (
            <> <button type="button" class="plain" onClick={() => { download(settings.ownNames.value!.bytes, settings.PASTED, "text/plain"); }}>Save your names as {settings.PASTED}</button></>
          )}
        </p>
      )}
    </Panel>
  );
}

const RARE = [
  settings.networks, settings.countsContext, settings.epochs, settings.batchNorm, settings.labelSmoothing, settings.averaging,
  settings.patience, settings.targetLoss, settings.evaluateEvery, settings.split, settings.splitSeed, settings.goodTuring, settings.noNames,
  settings.noRefit,
];

/** The other options of `train`, collapsed unless one of them is set. */
function MoreOptions() {
  const now = hello.value?.presets.find((one) => one.name === settings.preset.value);
  const set = RARE.filter(({ value }) => value !== undefined && value !== "" && value !== false).length;
  return (
    <details open={set > 0}>
      <summary>All options{set > 0 && ` (${set} set)`}</summary>
      <div class="fields roomy">
        <NumberField label="Networks, averaged" value={settings.networks} min={1} max={100} otherwise={now?.networks} />
        <NumberField label="Context of the counts" value={settings.countsContext} min={1} max={16} otherwise="best on validation" />
        <NumberField label="Epochs, instead of steps" value={settings.epochs} min={1} otherwise="" />
        <NumberField label="Averaging of weights" value={settings.averaging} min={0} max={0.9999} step="any" otherwise={now?.averaging} />
        <NumberField label="Label smoothing" value={settings.labelSmoothing} min={0} max={0.9} step="any" otherwise={0} />
        <NumberField label="Steps between validations" value={settings.evaluateEvery} min={1} otherwise="1/50 of all" />
        <NumberField label="Patience, in validations" value={settings.patience} min={1} otherwise="unlimited" />
        <NumberField label="Stop at validation loss" value={settings.targetLoss} min={0} step="any" otherwise="never" />
        <TextField label="Training, validation, test" value={settings.split} class="num" placeholder="80,10,10" />
        <TextField label="Seed of the split" value={settings.splitSeed} class="mono" placeholder="0" />
      </div>
      <div class="row">
        <CheckField label="batch normalisation" value={settings.batchNorm} />
        <CheckField label="repeat names as often as the duplicates suggest (Good–Turing)" value={settings.goodTuring} />
        <CheckField label="model file without the names" value={settings.noNames} />
        <CheckField label="model file that has not learnt the validation and test names" value={settings.noRefit} />
      </div>
      <p class="small muted">Only the command line can learn from a teacher (<code>--teacher</code>, <code>--distill</code>) or from counted windows (<code>--counts</code>).</p>
    </details>
  );
}
