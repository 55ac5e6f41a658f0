// Everything that the user can set: one signal each, with its key in the address.
import { computed, signal } from "@preact/signals";
import type { GenerateOptions, PresetName, ReadOptions, Slot, Source, TrainOptions } from "../engine/protocol.ts";
import { choiceField, numberField, switchField, textField } from "./address.ts";

// ----- the training names

/** An embedded list by name, or "own". */
export const listName = textField("d", "indian-names", 60);
export const column = textField("dc", "", 80);
/** A column with a count for each name. */
export const weights = textField("dwt", "", 80);
/** Count a name as often as it occurs in the list. */
export const keepDuplicates = switchField("dk");
/** As the command line's --where: COLUMN=VALUE. */
export const where = textField("dw", "", 120);
export const shortest = numberField("dmin");
export const longest = numberField("dmax");
export const alphabet = choiceField("da", ["auto", "az", "data"] as const, "auto");
export const letterCase = choiceField("dl", ["auto", "keep", "lower"] as const, "auto");
/** A user's short list, packed, if the link is to include it. */
export const packedNames = textField("own", "", 8000);

/** A user's list; it never leaves this page. */
export const ownNames = signal<{ bytes: Uint8Array; label: string } | null>(null);
/** The name of a list that was pasted, also as a file that can be saved. */
export const PASTED = "your-names.txt";

export const source = computed<Source>(() =>
  listName.value === "own" ? (ownNames.value ?? { text: "", label: PASTED }) : { list: listName.value });

/** The default limits on name lengths: the preset's, but none for a user's names. */
export const usualLengths = computed<[number, number] | undefined>(() =>
  listName.value === "own" && presetLengths.value ? [1, 1000] : presetLengths.value);

export const readOptions = computed<ReadOptions>(() => {
  const at = where.value.indexOf("=");
  return {
    column: column.value || undefined,
    weights: weights.value || undefined,
    keep_duplicates: keepDuplicates.value || undefined,
    where: at > 0 ? { column: where.value.slice(0, at), value: where.value.slice(at + 1) } : undefined,
    // For a user's names, what suits them also replaces the alphabet of a preset.
    alphabet: alphabet.value !== "auto" || listName.value === "own" ? alphabet.value : undefined,
    case: letterCase.value === "auto" ? undefined : letterCase.value,
    min_length: shortest.value ?? usualLengths.value?.[0],
    max_length: longest.value ?? usualLengths.value?.[1],
  };
});

// ----- the network and its training

export const PRESETS: readonly PresetName[] = ["fast", "best", "lecture", "part2", "kaiming"];
export const preset = choiceField<PresetName>("p", PRESETS, "lecture");
/** The preset's length filter; set when the engine has answered `hello`. */
export const presetLengths = signal<[number, number] | undefined>([5, 9]);

const SAME = "";
export const family = choiceField("f", [SAME, "network", "mixture", "kneser-ney"] as const, SAME);
export const contextLength = numberField("k", undefined, 1, 16);
export const embeddingDim = numberField("e", undefined, 1, 64);
/** Widths of the hidden layers, such as "200" or "128,128"; "none" for no layer; empty for the preset's widths. */
export const hidden = textField("h", "", 40);
export const activation = choiceField("a", [SAME, "tanh", "relu", "gelu"] as const, SAME);
export const residual = choiceField("r", [SAME, "0", "1"] as const, SAME);
export const init = choiceField("i", [SAME, "kaiming", "lecture"] as const, SAME);
export const optimizer = choiceField("o", [SAME, "sgd", "adamw"] as const, SAME);
/** A number, or "auto". */
export const learningRate = textField("lr", "", 12);
export const schedule = choiceField("s", [SAME, "constant", "step", "cosine"] as const, SAME);
/** Batch size: a number or "full". */
export const batch = textField("b", "", 10);
export const draw = choiceField("w", [SAME, "contexts", "windows", "passes"] as const, SAME);
export const steps = numberField("n", undefined, 1);
export const weightDecay = numberField("wd");
export const dropout = numberField("do", undefined, 0, 0.9);
export const seed = textField("seed", "42", 60);
export const networks = numberField("nn", undefined, 1, 100);
export const countsContext = numberField("kc", undefined, 1, 16);
export const epochs = numberField("ep", undefined, 1);
export const batchNorm = switchField("bn");
export const labelSmoothing = numberField("ls", undefined, 0, 0.9);
export const averaging = numberField("av", undefined, 0, 0.9999);
export const patience = numberField("pt", undefined, 1);
export const targetLoss = numberField("tl");
export const evaluateEvery = numberField("ev", undefined, 1);
/** Shares of training, validation and test names, such as "80,10,10". */
export const split = textField("sp", "", 20);
export const splitSeed = textField("ss", "", 60);
export const goodTuring = switchField("gdt");
export const noNames = switchField("nn0");
/** The finished model has not learnt the held-out names. */
export const noRefit = switchField("nrf");

/** "128,128" as numbers; undefined if it makes no sense. */
export function readWidths(text: string): number[] | undefined {
  if (text.trim() === "none") return [];
  const widths = text.split(/[,\s]+/).filter(Boolean).map(Number);
  return widths.length > 0 && widths.every((n) => Number.isInteger(n) && n > 0 && n <= 1024) ? widths.slice(0, 6) : undefined;
}

export const trainOptions = computed<TrainOptions>(() => ({
  preset: preset.value,
  family: family.value || undefined,
  context: contextLength.value,
  embedding: embeddingDim.value,
  hidden: readWidths(hidden.value),
  activation: activation.value || undefined,
  residual: residual.value === SAME ? undefined : residual.value === "1",
  init: init.value || undefined,
  optimizer: optimizer.value || undefined,
  learning_rate: learningRate.value === "auto" ? "auto" : Number(learningRate.value) || undefined,
  schedule: schedule.value || undefined,
  batch: batch.value === "full" ? "full" : Number(batch.value) || undefined,
  draw: draw.value || undefined,
  steps: steps.value,
  epochs: steps.value === undefined ? epochs.value : undefined,
  weight_decay: weightDecay.value,
  dropout: dropout.value,
  seed: seed.value,
  networks: networks.value,
  counts_context: countsContext.value,
  batch_norm: batchNorm.value || undefined,
  label_smoothing: labelSmoothing.value,
  averaging: averaging.value,
  patience: patience.value,
  target_loss: targetLoss.value,
  evaluate_every: evaluateEvery.value,
  split: /^\d+,\d+,\d+$/.test(split.value) ? split.value : undefined,
  split_seed: splitSeed.value || undefined,
  good_turing: goodTuring.value || undefined,
  no_names: noNames.value || undefined,
  no_refit: noRefit.value || undefined,
}));

// ----- what is shown

/** Steps per second; 0 for full speed. */
export const SPEEDS = [1, 10, 100, 1000, 0] as const;
export const speed = choiceField("v", ["1", "10", "100", "1000", "0"] as const, "1000");
/** A link can name a step: the run is then repeated up to this step, bit for bit. */
export const atStep = numberField("at");
/** … and whether it was finished there, giving a model. */
export const atEnd = switchField("fin");
/** The network in training, or the finished model. */
export const slot = choiceField<Slot>("m", ["run", "file"], "run");
export const word = textField("x", "aabid", 40);
/** The position in the word of the character to predict; word.length is the end mark. */
export const place = numberField("xi", 3);
export const backward = switchField("bw");

// ----- names to write, and a word to score

export const count = numberField("gn", 12, 1, 200);
export const temperature = numberField("gt", 1, 0.05, 5);
export const topK = numberField("gk");
export const topP = numberField("gp", undefined, 0, 1);
export const minLength = numberField("gmin");
export const maxLength = numberField("gmax");
export const prefix = textField("pre");
export const suffix = textField("suf");
export const contains = textField("con");
export const exclude = textField("exc");
export const letters = textField("let");
export const pattern = textField("pat");
export const novel = switchField("nov");
export const unique = switchField("uni");
export const mostLikely = switchField("ml");
export const generateSeed = textField("gs", "42", 60);
export const judged = textField("q", "aadesh", 60);

const several = (text: string): string[] | undefined => {
  const parts = text.split(/[\s,]+/).filter(Boolean);
  return parts.length > 0 ? parts : undefined;
};

export const generateOptions = computed<GenerateOptions>(() => ({
  count: count.value,
  temperature: temperature.value,
  top_k: topK.value,
  top_p: topP.value,
  min_length: minLength.value,
  max_length: maxLength.value,
  prefix: several(prefix.value),
  suffix: several(suffix.value),
  contains: several(contains.value),
  exclude: several(exclude.value),
  letters: letters.value || undefined,
  pattern: pattern.value ? [pattern.value] : undefined,
  novel: novel.value || undefined,
  unique: unique.value || undefined,
  most_likely: mostLikely.value || undefined,
  seed: generateSeed.value,
}));

// ----- the appearance of the page

export const theme = choiceField("theme", ["auto", "light", "dark"] as const, "auto");
/** For slides: no header and no settings, only what `show` names. */
export const embed = switchField("embed");
/** Panels to show, such as "picture,curves"; empty for all. */
export const show = textField("show", "", 120);
export const shows = (panel: string): boolean => show.value === "" || show.value.split(",").includes(panel);
