// The contract between the page and its engine: the calls, their answers, and the events.
//
// The engine is the library itself, compiled to WebAssembly, in a Web Worker. The page talks to it
// only through `client.ts`:
//
//     const engine = await connect();
//     engine.on("progress", (event) => draw(event));
//     const run = await engine.call("start", { source: { list: "indian-names" }, options: { preset: "lecture" } });
//     await engine.call("play", {});
//
// Calls are answered in the order in which they were made. While a run is playing, the engine works in
// slices of a few milliseconds, so that an answer never waits longer than that.
//
// Fields have the names of the command line's `--json` output, and options those of its options.
// Losses are in nats per predicted character, the end mark included; `log_prob` is ln P in nats.
// Tokens are numbers; symbols are characters, "_" (token 0) for the end mark and for padding.

// ---------------------------------------------------------------------------------- lists of names

export type Alphabet = "auto" | "az" | "data";

/** What becomes of upper-case letters: learned as they are, made lower-case, or by the rule that the list follows. */
export type ListCase = "auto" | "keep" | "lower";

/** A list that comes with the page; its names are loaded only when it is used. */
export interface EmbeddedList {
  /** Its name, such as "indian-names". */
  name: string;
  title: string;
  /** Source packages and credits. */
  source: string;
  licence: string;
  alphabet: Alphabet;
  /** The columns of its table; empty if it has one name per line. */
  columns: string[];
  /** The number of names. */
  names: number;
}

/** Where names come from. `bytes` is the content of a user's file: the engine reads it as the command line would. */
export type Source = { list: string } | { text: string; label?: string } | { bytes: Uint8Array; label?: string };

/** How a list is read; like the options of `data check` and `train`. */
export interface ReadOptions {
  column?: string;
  weights?: string;
  /** Only rows with this value in this column. */
  where?: { column: string; value: string };
  /** By default, what suits the list or the preset. */
  alphabet?: Alphabet;
  case?: ListCase;
  min_length?: number;
  max_length?: number;
  keep_duplicates?: boolean;
}

export interface RejectedLine {
  /** Counted from 1. */
  line: number;
  /** The character of the name, counted from 1. */
  column: number;
  text: string;
  reason: string;
}

/** The output of `nextchar data check --json`. */
export interface Diagnosis {
  lines: number;
  blank: number;
  accepted: number;
  duplicates: number;
  filtered_by_length: number;
  filtered_by_column: number;
  rejected: number;
  rejected_lines: RejectedLine[];
  /** Lines from which invisible characters were dropped. */
  cleaned: number;
  /** The characters of the list, as chosen or found. */
  alphabet: Alphabet;
  /** What becomes of upper-case letters; `title` says after what a word begins. */
  normalizer: { case: "lower" | "keep" | "upper" | { title: string }; turkish?: boolean };
  /** Names that are written otherwise than this rule says. */
  case_exceptions: number;
  /** The columns of the first line, if it looks like a table header: offer them as `column`. */
  looks_like_header?: string[];
  /** Names by length in characters. */
  lengths: Record<string, number>;
  /** How often each character occurs in the different names. */
  letters: Record<string, number>;
  /** The number of different names. */
  names: number;
  /** Why the list cannot be used, if it cannot: what, where, and the remedy. */
  problem?: string;
}

// --------------------------------------------------------------------------------------- training

export type PresetName = "fast" | "best" | "lecture" | "part2" | "kaiming";
export type Family = "network" | "kneser-ney" | "mixture";

/** The options of `train`; the defaults are the preset's. Training is always `--portable` here. */
export interface TrainOptions {
  preset?: PresetName;
  family?: Family;
  counts_context?: number;
  good_turing?: boolean;
  networks?: number;
  context?: number;
  embedding?: number;
  /** The widths of the hidden layers; empty for none. */
  hidden?: number[];
  activation?: "tanh" | "relu" | "gelu";
  residual?: boolean;
  init?: "kaiming" | "lecture";
  optimizer?: "sgd" | "adamw";
  /** "auto" searches for one during `start`, in 300 steps with increasing rates. */
  learning_rate?: number | "auto";
  schedule?: "constant" | "step" | "cosine";
  /** The batch size. */
  batch?: "full" | number;
  draw?: "contexts" | "windows" | "passes";
  steps?: number;
  epochs?: number;
  weight_decay?: number;
  dropout?: number;
  batch_norm?: boolean;
  label_smoothing?: number;
  averaging?: number;
  patience?: number;
  target_loss?: number;
  evaluate_every?: number;
  /** A number or any text. */
  seed?: string;
  /** The shares of training, validation and test names, such as "80,10,10". */
  split?: string;
  split_seed?: string;
  /** Save the model file without the names. */
  no_names?: boolean;
  no_refit?: boolean;
}

/** All values of a preset, for controls to show. */
export interface Preset extends Required<Pick<TrainOptions,
  "family" | "networks" | "context" | "embedding" | "hidden" | "residual" | "activation" | "init"
  | "optimizer" | "learning_rate" | "weight_decay" | "schedule" | "dropout" | "averaging" | "batch"
  | "draw" | "steps">> {
  learning_rate: number;
  name: PresetName;
  /** Its filter on name lengths, if it has one. */
  lengths?: [number, number];
}

/** The losses of counting models on the same names. */
export interface Baselines {
  /** ln V: every character equally likely. */
  uniform: number;
  unigram: number;
  bigram: number;
  kneser_ney: number | null;
  best_kneser_ney: number | null;
  best_kneser_ney_context: number | null;
}

/** A network's shape. */
export interface Shape {
  vocab_size: number;
  context_length: number;
  embedding_dim: number;
  hidden_sizes: number[];
  activation: "tanh" | "relu" | "gelu";
  residual: boolean;
}

/** A run before its first step. */
export interface Run {
  label: string;
  family: Family;
  shape: Shape;
  /** Characters by token; "_" first. */
  symbols: string[];
  parameters: number;
  /** The number of training windows, and of different contexts in them. */
  examples: number;
  contexts: number;
  /** The number of names by part. */
  parts: { train: number; val: number; test: number };
  /** The steps of each network, and the number of networks. */
  steps: number;
  networks: number;
  evaluate_every: number;
  learning_rate: number;
  /** The training loss before the first step; null for counts alone. */
  first_loss: number | null;
  /** The command that gives the same result natively, bit for bit. */
  command: string;
}

/** A point of the loss curve. */
export interface Evaluation {
  step: number;
  steps: number;
  epoch: number;
  /** Mean over the batches since the previous point. */
  train_loss: number;
  val_loss: number | null;
  learning_rate: number;
  /** Whether it is the best so far; the best is kept. */
  best: boolean;
}

/** What `progress` contains besides the losses: only what is on the screen should be requested. */
export interface Watch {
  /** Minimum time between two progress events, in ms; 0: one for every slice. Default 33. */
  every_ms?: number;
  /** How many names to draw from the current network, in about every fifth event. */
  names?: number;
  /** The embedding in the plane. */
  plane?: boolean;
  /** A context (and optionally a target) to inspect; "" is the start of a name. */
  inspect?: InspectOptions | null;
}

/** The state of a run; sent while it is playing, after every `step`, and at its end. */
export interface Progress {
  event: "progress";
  /** Which of the networks, counted from 1. */
  network: number;
  step: number;
  steps: number;
  epoch: number;
  playing: boolean;
  learning_rate: number;
  /** Mean loss of the batches since the last event; null if no step was done. */
  train_loss: number | null;
  /** Points of the curve since the last event (the first is before any step). */
  evaluations: Evaluation[];
  /** Recent steps per second while playing; null if not known yet. */
  steps_per_second: number | null;
  names?: string[];
  plane?: Plane;
  inspection?: Inspection;
}

/** All steps are done, or the run stopped by its own rules. `finish` then makes the model file. */
export interface Ended {
  event: "ended";
  reason: "finished" | "early_stop" | "target_loss" | "diverged";
  step: number;
  /** For "diverged": what happened and what to try. */
  message?: string;
}

/** A long call is in progress (`finish`, `open`); `done` is a share from 0 to 1. */
export interface Working {
  event: "working";
  what: string;
  done: number;
}

export type EngineEvent = Progress | Ended | Working;

/** The loss of a whole model on a part of the list, as printed by `train` and `evaluate`. */
export interface Report {
  loss: number;
  bits_per_char: number;
  perplexity: number;
  examples: number;
  baselines: Baselines;
}

export interface Finished {
  reports: { train: Report; val: Report | null; test: Report | null };
  /** The model that is now in the slot "file". */
  model: ModelInfo;
  /** The native command that makes the same file. */
  command: string;
}

// -------------------------------------------------------------------------------- models and files

/** There are two models: the network in training, and the one that was opened or finished. */
export type Slot = "run" | "file";

export interface ModelInfo {
  family: Family;
  networks: number;
  shapes: Shape[];
  /** The context length of its counts, if it has any. */
  counts_context: number | null;
  /** How networks and counts are weighted. */
  weights: { networks: number; counts: number };
  symbols: string[];
  parameters: number;
  longest_name: number;
  has_names: boolean;
  /** The number of names by part, if it has them. */
  parts: { train: number; val: number; test: number } | null;
  examples: number;
  contexts: number;
  steps: number;
  losses: { train: number; val: number | null; test: number | null };
  /** Whether it has learnt the held-out names, too, after these losses were measured. */
  refitted: boolean;
  curve: { step: number; train_loss: number; val_loss: number | null }[];
  /** Whether it can give verdicts. */
  judges: boolean;
  /** The size of the file in bytes. */
  size: number;
}

// -------------------------------------------------------------------------- one prediction, inside

export interface InspectOptions {
  /** A text: if it is too short, it is padded on the left; if it is too long, its last characters are used. */
  context: string;
  /** With a target, the backward pass is computed as well. "_" is the end mark. */
  target?: string;
  /** Also send the matrices (weights and their gradients), which are large. */
  weights?: boolean;
}

/** Matrices are row-major, [outputs, inputs], as in PyTorch. */
export interface Layer {
  inputs: number;
  outputs: number;
  bias: Float32Array;
  /** z = W·a + b. */
  preactivation: Float32Array;
  /** φ(z), plus the layer's input if it is residual; for logits, which have no activation, z again. */
  activation: Float32Array;
  residual: boolean;
  weight?: Float32Array;
}

/** Every number that a network computes for one context (the first network, if there are several). */
export interface Inspection {
  step: number | null;
  shape: Shape;
  /** The characters of the context, with "_" for padding, and their tokens. */
  context: string[];
  tokens: number[];
  /** [V·E]: the whole table, with `weights`. */
  embedding?: Float32Array;
  /** [T·E]: the looked-up rows, concatenated: the feature vector. */
  features: Float32Array;
  hidden: Layer[];
  output: Layer;
  logits: Float32Array;
  probs: Float32Array;
  /** The prediction of the whole model, if it consists of more than this network. */
  model_probs?: Float32Array;
  backward?: Backward;
}

/** The gradient of −ln P(target | context) with respect to every part. */
export interface Backward {
  target: string;
  loss: number;
  /** p − 1 at the target, p elsewhere. */
  logits: Float32Array;
  output: { bias: Float32Array; weight?: Float32Array };
  /** For each hidden layer: the gradients of z, of a, of the bias, and optionally of the weights. */
  hidden: { preactivation: Float32Array; activation: Float32Array; bias: Float32Array; weight?: Float32Array }[];
  /** [T·E]: each position's share. */
  features: Float32Array;
  /** [V·E]: the shares added up by token. */
  embedding: Float32Array;
}

/** The characters as points. The axes keep their directions from one event to the next. */
export interface Plane {
  symbols: string[];
  /** [V·2]: x, y. */
  points: Float32Array;
  /** "raw" if the embedding has two dimensions. */
  axes: "raw" | "principal";
  /** The shares of the variance along the two axes. */
  explained: [number, number] | null;
}

// ---------------------------------------------------------------------------- generating, scoring

/** Like the options of `generate`; the same model, options and seed give the same names. */
export interface GenerateOptions {
  count?: number;
  temperature?: number;
  top_k?: number;
  top_p?: number;
  min_length?: number;
  max_length?: number;
  prefix?: string[];
  suffix?: string[];
  contains?: string[];
  exclude?: string[];
  letters?: string;
  pattern?: string[];
  /** Only names that are not among these. */
  not_in?: Source;
  novel?: boolean;
  unique?: boolean;
  most_likely?: boolean;
  seed?: string;
}

export type Part = "train" | "val" | "test";

export interface GeneratedName {
  name: string;
  /** According to the model itself, without temperature and conditions. */
  log_prob: number;
  /** Each character and the end mark, with ln P according to the model itself. */
  tokens: { token: string; log_prob: number }[];
  /** The part of the model's own list that contains it: null for none; undefined if the list is not known. */
  in_list?: Part | null;
}

export interface Generation {
  names: GeneratedName[];
  /** If there are conditions: the probability that a name of the model meets them. */
  constraint_probability?: number;
  low?: number;
  high?: number;
  /** How it was computed: from unconditional draws, exactly, or estimated while bounds tighten. */
  method?: "draws" | "exact" | "bounds";
  /** The number of contexts that were evaluated. */
  evaluations: number;
  /** Whether these are all names that meet the conditions. */
  exhausted: boolean;
  /** A message for the user, for example that only three names meet the conditions. */
  note?: string;
}

/** One position of a word: its token, and the probabilities of all tokens. */
export interface Place {
  context: string;
  token: string;
  log_prob: number;
  /** Counted from 1, the most likely token. */
  rank: number;
  /** By token. */
  probs: Float32Array;
}

export interface Score {
  text: string;
  log_prob: number | null;
  per_char: number | null;
  places: Place[];
  /** The percentage of held-out names with a lower score, 0 to 100. */
  percentile: number | null;
  plausible: boolean | null;
  /** Why it is plausible or not, where the score alone does not say it. */
  reason: "empty" | "improbable" | "characters" | "joined" | "placeholder" | "email" | "number" | "known" | null;
  /** Why it cannot be scored, if it cannot. */
  message: string | null;
  in_list?: Part | null;
}

// ------------------------------------------------------------------------------------------ calls

/** All calls: arguments (`give`) and results (`back`). */
export interface Calls {
  /** Describes the engine; no model is needed. */
  hello: { give: Record<string, never>; back: Hello };

  /** Like `data check`. Never fails because of the list's contents: `problem` says what is wrong. */
  check: { give: { source: Source; read?: ReadOptions }; back: Diagnosis };
  /** The first `count` names of a list, in its order, to be shown. */
  names: { give: { source: Source; read?: ReadOptions; count: number }; back: string[] };

  /** Reads, splits and counts the names, and prepares the first step (paused). Replaces an existing run. */
  start: { give: { source: Source; read?: ReadOptions; options: TrainOptions }; back: Run };
  /** The losses of counting models, computed while the run continues. A new call cancels a previous one. */
  baselines: {
    give: { source: Source; read?: ReadOptions; options: TrainOptions };
    back: { baselines: Baselines; part: "val" | "train" };
  };
  play: { give: Record<string, never>; back: null };
  pause: { give: Record<string, never>; back: null };
  /** Does this many steps now (default 1), paused or not. */
  step: { give: { steps?: number }; back: null };
  /** Steps per second while playing; null for full speed. */
  speed: { give: { steps_per_second: number | null }; back: null };
  /** Returns to the state before the first step, paused. */
  reset: { give: Record<string, never>; back: Run };
  /** Sets what progress events contain from now on; also sends one immediately if there is a run. */
  watch: { give: Watch; back: null };
  /**
   * What `train` does after its steps: the best network, mixed with counts if the family is a mixture, is
   * evaluated and calibrated, learns the held-out names, too, unless the options say otherwise, and becomes the
   * model in the slot "file". If all steps were done, it has the same bytes as the file of `train --portable`.
   * Ends the run in its current state.
   */
  finish: { give: Record<string, never>; back: Finished };

  /** Opens a model file that `train` or `save` wrote. */
  open: { give: { bytes: Uint8Array }; back: ModelInfo };
  /** Opens the built-in model. */
  open_default: { give: Record<string, never>; back: ModelInfo };
  /** The bytes of the model in the slot "file", which the command line can read. */
  save: { give: Record<string, never>; back: Uint8Array };
  /** One HTML file that generates names from this model offline. */
  export_html: { give: { title?: string }; back: Uint8Array };

  inspect: { give: InspectOptions & { model: Slot }; back: Inspection };
  plane: { give: { model: Slot }; back: Plane };
  /** The characters ordered by similarity to one: the cosine of the centred embeddings. */
  neighbors: { give: { model: Slot; letter: string }; back: { token: string; similarity: number }[] };

  generate: { give: GenerateOptions & { model: Slot }; back: Generation };
  /** Like `score` and `explain --word`. `false_rejection` has the same default, 0.01. */
  score: { give: { model: Slot; text: string; false_rejection?: number }; back: Score };
}

export type CallName = keyof Calls;

export interface Hello {
  version: string;
  /** The vector instructions that the engine uses: "simd128". */
  instructions: string;
  /** The default first. */
  presets: Preset[];
  lists: EmbeddedList[];
}

/** What went wrong and where, and what to do. */
export interface EngineFault {
  message: string;
  help?: string;
}

// ------------------------------------------------------------------------------ the client's shape

/** The result of `connect()` in client.ts. */
export interface Engine {
  /** Rejects with an `EngineError` (message, help). */
  call<Name extends CallName>(name: Name, give: Calls[Name]["give"]): Promise<Calls[Name]["back"]>;
  /** Calls the listener for every event of this kind, until the returned function is called. */
  on<Kind extends EngineEvent["event"]>(
    kind: Kind,
    listener: (event: Extract<EngineEvent, { event: Kind }>) => void,
  ): () => void;
  /** Terminates the worker. */
  close(): void;
}
