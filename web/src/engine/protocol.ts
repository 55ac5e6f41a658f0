// The contract between the page and its engine: what may be asked, what is answered, what is told.
//
// The engine is the library itself, compiled to WebAssembly, in a Web Worker. The page talks to it
// through `client.ts` alone:
//
//     const engine = await connect();
//     engine.on("progress", (event) => draw(event));
//     const run = await engine.call("start", { source: { list: "indian-names" }, options: { preset: "lecture" } });
//     await engine.call("play", {});
//
// Calls are answered in the order in which they were made. While a run plays, the engine works in
// slices of a few milliseconds, so that an answer never waits longer than that.
//
// Fields are spelled as in the command line's `--json`, and options as its options: one vocabulary.
// Losses are nats per predicted character, the end mark counted; `log_prob` is ln P in nats.
// Tokens are numbers; symbols are characters, "_" (token 0) for the end mark and for padding.

// ---------------------------------------------------------------------------------- lists of names

export type Alphabet = "az" | "data";

/** A list that comes with the page; its names arrive only when it is used. */
export interface EmbeddedList {
  /** What it is called, such as "indian-names". */
  name: string;
  title: string;
  /** Packages and credit. */
  source: string;
  licence: string;
  alphabet: Alphabet;
  /** Columns of its table; none where it is one name a line. */
  columns: string[];
  /** How many names. */
  names: number;
}

/** Where names come from. `bytes` is a user's file as it is: the engine reads it as the command line would. */
export type Source = { list: string } | { text: string; label?: string } | { bytes: Uint8Array; label?: string };

/** How a list is read; as the options of `data check` and `train`. */
export interface ReadOptions {
  column?: string;
  weights?: string;
  /** Only rows with this value in this column. */
  where?: { column: string; value: string };
  /** Left out: what suits the list; "az" for a user's. */
  alphabet?: Alphabet;
  min_length?: number;
  max_length?: number;
  keep_duplicates?: boolean;
}

export interface RejectedLine {
  /** From 1. */
  line: number;
  /** Character of the name, from 1. */
  column: number;
  text: string;
  reason: string;
}

/** What `nextchar data check --json` says. */
export interface Diagnosis {
  lines: number;
  blank: number;
  accepted: number;
  duplicates: number;
  filtered_by_length: number;
  filtered_by_column: number;
  rejected: number;
  rejected_lines: RejectedLine[];
  /** The first line's columns, where it looks like a table's header: offer them as `column`. */
  looks_like_header?: string[];
  /** Names by length in characters. */
  lengths: Record<string, number>;
  /** How often each character stands in different names. */
  letters: Record<string, number>;
  /** Different names. */
  names: number;
  /** Why nothing can be learnt from it, where nothing can: what, where, and the remedy. */
  problem?: string;
}

// --------------------------------------------------------------------------------------- training

export type PresetName = "fast" | "best" | "lecture" | "part2" | "kaiming";
export type Family = "network" | "kneser-ney" | "mixture";

/** The options of `train`; what is left out is the preset's. Training is always `--portable` here. */
export interface TrainOptions {
  preset?: PresetName;
  family?: Family;
  counts_context?: number;
  good_turing?: boolean;
  networks?: number;
  context?: number;
  embedding?: number;
  /** Widths of the hidden layers; empty for none. */
  hidden?: number[];
  activation?: "tanh" | "relu" | "gelu";
  residual?: boolean;
  init?: "kaiming" | "lecture";
  optimizer?: "sgd" | "adamw";
  /** "auto" finds one in 300 steps of growing rates, as `start` begins. */
  learning_rate?: number | "auto";
  schedule?: "constant" | "step" | "cosine";
  /** Rows in a step. */
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
  /** Shares of train, val and test, such as "80,10,10". */
  split?: string;
  split_seed?: string;
  /** Leave the names out of the model file. */
  no_names?: boolean;
}

/** The whole of a preset, for controls to show. */
export interface Preset extends Required<Pick<TrainOptions,
  "family" | "networks" | "context" | "embedding" | "hidden" | "residual" | "activation" | "init"
  | "optimizer" | "learning_rate" | "weight_decay" | "schedule" | "dropout" | "averaging" | "batch"
  | "draw" | "steps">> {
  learning_rate: number;
  name: PresetName;
  /** Its filter on name lengths, where it has one. */
  lengths?: [number, number];
}

/** What counting alone reaches on the same names. */
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

/** A run at its beginning. */
export interface Run {
  label: string;
  family: Family;
  shape: Shape;
  /** Characters by token; "_" first. */
  symbols: string[];
  parameters: number;
  /** Windows to learn from, and the unique contexts that they collapse to. */
  examples: number;
  contexts: number;
  /** Names by part. */
  parts: { train: number; val: number; test: number };
  /** Steps of one network; how many networks. */
  steps: number;
  networks: number;
  evaluate_every: number;
  learning_rate: number;
  /** Loss on train before any step; null for counts alone. */
  first_loss: number | null;
  /** The command that repeats this run natively, to the bit. */
  command: string;
}

/** A point of the loss curve. */
export interface Evaluation {
  step: number;
  steps: number;
  epoch: number;
  /** Mean over the batches since the last one. */
  train_loss: number;
  val_loss: number | null;
  learning_rate: number;
  /** Whether it is the best so far, which is what is kept. */
  best: boolean;
}

/** What `progress` carries beside the losses: only what is on the screen should be asked for. */
export interface Watch {
  /** Least time between two progress events, in ms; 0: with every slice. Default 33. */
  every_ms?: number;
  /** Names to draw from the network as it is, in about every fifth event. */
  names?: number;
  /** The embedding in the plane. */
  plane?: boolean;
  /** A context (and perhaps a target) to inspect; "" is the start of a name. */
  inspect?: InspectOptions | null;
}

/** How a run stands; sent while it plays, after every `step`, and at its end. */
export interface Progress {
  event: "progress";
  /** Which of the networks, from 1. */
  network: number;
  step: number;
  steps: number;
  epoch: number;
  playing: boolean;
  learning_rate: number;
  /** Mean loss of the batches since the last event; null where no step was done. */
  train_loss: number | null;
  /** Points of the curve since the last event (the first stands before any step). */
  evaluations: Evaluation[];
  /** Steps a second while it played lately; null before it is known. */
  steps_per_second: number | null;
  names?: string[];
  plane?: Plane;
  inspection?: Inspection;
}

/** All steps are done, or the run was stopped by its own rules. `finish` then makes the model file. */
export interface Ended {
  event: "ended";
  reason: "finished" | "early_stop" | "target_loss" | "diverged";
  step: number;
  /** For "diverged": what happened and what to try. */
  message?: string;
}

/** A long call goes on (`finish`, `open`); `done` is a share from 0 to 1. */
export interface Working {
  event: "working";
  what: string;
  done: number;
}

export type EngineEvent = Progress | Ended | Working;

/** The loss of a whole model on a part, as `train` and `evaluate` print it. */
export interface Report {
  loss: number;
  bits_per_char: number;
  perplexity: number;
  examples: number;
  baselines: Baselines;
}

export interface Finished {
  reports: { train: Report; val: Report | null; test: Report | null };
  /** The model as it now stands in the slot "file". */
  model: ModelInfo;
  /** The native command that makes the same file. */
  command: string;
}

// -------------------------------------------------------------------------------- models and files

/** Two models are at hand: the network that is learning, and the one that was opened or finished. */
export type Slot = "run" | "file";

export interface ModelInfo {
  family: Family;
  networks: number;
  shapes: Shape[];
  /** Context length of its counts, where it has some. */
  counts_context: number | null;
  /** How networks and counts are weighted. */
  weights: { networks: number; counts: number };
  symbols: string[];
  parameters: number;
  longest_name: number;
  has_names: boolean;
  /** Names by part, where it has them. */
  parts: { train: number; val: number; test: number } | null;
  examples: number;
  contexts: number;
  steps: number;
  losses: { train: number; val: number | null; test: number | null };
  curve: { step: number; train_loss: number; val_loss: number | null }[];
  /** Whether it can give verdicts. */
  judges: boolean;
  /** Bytes of the file. */
  size: number;
}

// -------------------------------------------------------------------------- one prediction, inside

export interface InspectOptions {
  /** Characters; a short one is padded at the left, a long one keeps its last. */
  context: string;
  /** With a target, the way back is computed too. "_" is the end mark. */
  target?: string;
  /** Send the matrices (weights and their gradients) too; they are large. */
  weights?: boolean;
}

/** Matrices are row-major, [outputs, inputs], as in PyTorch. */
export interface Layer {
  inputs: number;
  outputs: number;
  bias: Float32Array;
  /** z = W·a + b. */
  preactivation: Float32Array;
  /** φ(z), and the layer's input added where it is residual; logits have none and repeat z. */
  activation: Float32Array;
  residual: boolean;
  weight?: Float32Array;
}

/** Every number of one context's way through a network (the first, where there are several). */
export interface Inspection {
  step: number | null;
  shape: Shape;
  /** Exactly the context's characters, "_" for padding, and their tokens. */
  context: string[];
  tokens: number[];
  /** [V·E]: the whole table, with `weights`. */
  embedding?: Float32Array;
  /** [T·E]: the rows looked up, end to end: the feature vector. */
  features: Float32Array;
  hidden: Layer[];
  output: Layer;
  logits: Float32Array;
  probs: Float32Array;
  /** What the whole model predicts, where it is more than this network. */
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
  /** Per hidden layer: of z, of a, of the bias and perhaps the weights. */
  hidden: { preactivation: Float32Array; activation: Float32Array; bias: Float32Array; weight?: Float32Array }[];
  /** [T·E]: each position's share. */
  features: Float32Array;
  /** [V·E]: the shares added up by token. */
  embedding: Float32Array;
}

/** The letters as points. Axes keep their direction from one event to the next. */
export interface Plane {
  symbols: string[];
  /** [V·2]: x, y. */
  points: Float32Array;
  /** "raw" where the embedding has two dimensions. */
  axes: "raw" | "principal";
  /** Shares of the variance that the two axes show. */
  explained: [number, number] | null;
}

// ---------------------------------------------------------------------------- generating, scoring

/** As the options of `generate`; the same model, options and seed give the same names. */
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
  /** Of the model itself, before temperature and conditions. */
  log_prob: number;
  /** Each character and the end mark, with ln P of the model itself. */
  tokens: { token: string; log_prob: number }[];
  /** Where it stands in the model's own list: null for nowhere; undefined where the list is not known. */
  in_list?: Part | null;
}

export interface Generation {
  names: GeneratedName[];
  /** Where there are conditions: the probability that a name of the model fits them. */
  constraint_probability?: number;
  low?: number;
  high?: number;
  /** How it was found: counted over free draws, exactly, or estimated while bounds tighten. */
  method?: "draws" | "exact" | "bounds";
  /** Contexts that the model was asked for. */
  evaluations: number;
  /** There are no more names that fit than these. */
  exhausted: boolean;
  /** What a person should know, such as "only 3 names fit; these are all". */
  note?: string;
}

/** One place of a word: what stood there, and everything that could have. */
export interface Place {
  context: string;
  token: string;
  log_prob: number;
  /** From 1, the likeliest. */
  rank: number;
  /** By token. */
  probs: Float32Array;
}

export interface Score {
  text: string;
  log_prob: number | null;
  per_char: number | null;
  places: Place[];
  /** Share of real names that it is above, 0 to 100. */
  percentile: number | null;
  plausible: boolean | null;
  /** Why it cannot be scored, where it cannot. */
  reason: string | null;
  in_list?: Part | null;
}

// ------------------------------------------------------------------------------------------ calls

/** Every call: what is given, what comes back. */
export interface Calls {
  /** What the engine is and what it knows; no model is needed. */
  hello: { give: Record<string, never>; back: Hello };

  /** As `data check`. Never fails because of the list's contents: `problem` says what is wrong. */
  check: { give: { source: Source; read?: ReadOptions }; back: Diagnosis };
  /** Names of a list in its order, for showing: the first `count`. */
  names: { give: { source: Source; read?: ReadOptions; count: number }; back: string[] };

  /** Reads, splits, counts, and stands before the first step (paused). Replaces the run there was. */
  start: { give: { source: Source; read?: ReadOptions; options: TrainOptions }; back: Run };
  /** What counting reaches with these, computed beside the run, which goes on. A new call ends one under way. */
  baselines: {
    give: { source: Source; read?: ReadOptions; options: TrainOptions };
    back: { baselines: Baselines; part: "val" | "train" };
  };
  play: { give: Record<string, never>; back: null };
  pause: { give: Record<string, never>; back: null };
  /** So many steps now (default 1), paused or not. */
  step: { give: { steps?: number }; back: null };
  /** Steps a second while playing; null: as fast as it can. */
  speed: { give: { steps_per_second: number | null }; back: null };
  /** The same run before its first step, paused. */
  reset: { give: Record<string, never>; back: Run };
  /** What progress events carry from now on; also sends one at once if there is a run. */
  watch: { give: Watch; back: null };
  /**
   * What `train` does after its steps: the best network, mixed with counts where that is the family,
   * evaluated and calibrated, becomes the model in the slot "file", to the byte what
   * `train --portable` writes if all steps were done. Ends the run where it stands.
   */
  finish: { give: Record<string, never>; back: Finished };

  /** Opens a model file that `train` or `save` wrote. */
  open: { give: { bytes: Uint8Array }; back: ModelInfo };
  /** Opens the model that comes with the page. */
  open_default: { give: Record<string, never>; back: ModelInfo };
  /** The bytes of the model in the slot "file", which the command line reads. */
  save: { give: Record<string, never>; back: Uint8Array };
  /** One HTML file that generates names from this model without a network. */
  export_html: { give: { title?: string }; back: Uint8Array };

  inspect: { give: InspectOptions & { model: Slot }; back: Inspection };
  plane: { give: { model: Slot }; back: Plane };
  /** Letters by their likeness to one: cosine of the centred embeddings. */
  neighbors: { give: { model: Slot; letter: string }; back: { token: string; similarity: number }[] };

  generate: { give: GenerateOptions & { model: Slot }; back: Generation };
  /** As `score` and `explain --word`. `false_rejection` default 0.01, as there. */
  score: { give: { model: Slot; text: string; false_rejection?: number }; back: Score };
}

export type CallName = keyof Calls;

export interface Hello {
  version: string;
  /** Vector instructions that the engine uses: "simd128". */
  instructions: string;
  /** The default first. */
  presets: Preset[];
  lists: EmbeddedList[];
}

/** What went wrong: what and where, and what to do. */
export interface EngineFault {
  message: string;
  help?: string;
}

// ------------------------------------------------------------------------------ the client's shape

/** What `connect()` of client.ts gives. */
export interface Engine {
  /** Rejects with an `EngineError` (message, help). */
  call<Name extends CallName>(name: Name, give: Calls[Name]["give"]): Promise<Calls[Name]["back"]>;
  /** Calls back at every event of this kind; the returned function ends that. */
  on<Kind extends EngineEvent["event"]>(
    kind: Kind,
    listener: (event: Extract<EngineEvent, { event: Kind }>) => void,
  ): () => void;
  /** Ends the worker. */
  close(): void;
}
