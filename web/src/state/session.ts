// The engine as the page sees it: one training run, one model file, and the latest answers about them.
import { computed, effect, signal } from "@preact/signals";
import { connect, expectList } from "../engine/client.ts";
import type {
  Baselines, CallName, Calls, Diagnosis, Ended, Engine, Evaluation, Finished, Hello, Inspection, InspectOptions, ModelInfo, Plane,
  Progress, Run, Slot,
} from "../engine/protocol.ts";
import { restorations } from "./address.ts";
import * as settings from "./settings.ts";

export const hello = signal<Hello | null>(null);
export const run = signal<Run | null>(null);
export const progress = signal<Progress | null>(null);
/** The losses of counting models on the names of the run; null until they are known. */
export const baselines = signal<Baselines | null>(null);
export const playing = signal(false);
export const history = signal<Evaluation[]>([]);
/** Mean loss of recent batches, for the figure next to the step. */
export const recentLoss = signal<number | null>(null);
export const samples = signal<string[]>([]);
/** One of the samples at steps 0, 10, 30, 100, 300 … */
export const milestones = signal<{ step: number; name: string }[]>([]);
export const ended = signal<Ended | null>(null);
export const finished = signal<Finished | null>(null);
export const fileModel = signal<ModelInfo | null>(null);
/** Where the model in the slot "file" comes from, in words. */
export const fileLabel = signal("");
export const diagnosis = signal<Diagnosis | null>(null);
/** A long call is in progress: what it does, and its progress (null if unknown). */
export const working = signal<{ what: string; done: number | null } | null>(null);
export const fault = signal<{ message: string; help?: string } | null>(null);
/** Increases whenever a model changes, so that everything made from it is updated. */
export const modelEdition = signal(0);

let engine: Engine | null = null;
let ready: Promise<Engine> | null = null;

/** Calls the engine; waits until it is ready. */
export async function ask<Name extends CallName>(name: Name, give: Calls[Name]["give"]): Promise<Calls[Name]["back"]> {
  return (await ready!).call(name, give);
}

/** Whether the run is that of the settings: otherwise it cannot be played. */
export const usable = signal(false);

/** The user's actions; when one succeeds, an earlier error message is removed. */
const ACTS: readonly CallName[] = ["play", "step", "reset", "finish", "open", "open_default", "save", "export_html"];

/** Like `ask`, but errors are shown to the user instead of thrown. */
export async function tryAsk<Name extends CallName>(
  name: Name, give: Calls[Name]["give"], what?: string,
): Promise<Calls[Name]["back"] | undefined> {
  if (what) working.value = { what, done: null };
  try {
    const back = await ask(name, give);
    if (ACTS.includes(name)) fault.value = null;
    return back;
  } catch (error) {
    fault.value = asFault(error);
    return undefined;
  } finally {
    if (what) working.value = null;
  }
}

export function asFault(error: unknown): { message: string; help?: string } {
  const { message, help } = error as { message?: string; help?: string };
  return { message: message ?? String(error), help };
}

/** The symbols of the model that is shown. */
export const symbols = computed(() =>
  (settings.slot.value === "file" ? fileModel.value?.symbols : run.value?.symbols) ?? run.value?.symbols ?? []);

/** Starts the engine, the run that the settings describe, and the built-in model. */
export async function begin(): Promise<void> {
  ready = connect();
  if (/^[a-z]+-?[a-z]+$/.test(settings.listName.peek()) && settings.listName.peek() !== "own") expectList(settings.listName.peek());
  try {
    engine = await ready;
  } catch (error) {
    fault.value = { ...asFault(error), help: "The page needs WebAssembly with SIMD; every browser since 2023 supports it." };
    return;
  }
  engine.on("progress", onProgress);
  engine.on("ended", (event) => {
    ended.value = event;
    playing.value = false;
    settings.atStep.value = event.step || undefined;
  });
  engine.on("working", (event) => { working.value = { what: event.what, done: event.done }; });
  hello.value = (await tryAsk("hello", {})) ?? null;
  effect(() => {
    settings.presetLengths.value = hello.value?.presets.find((one) => one.name === settings.preset.value)?.lengths;
  });
  effect(() => { restartSoon([settings.source.value, settings.readOptions.value, settings.trainOptions.value]); });
  // A link to a finished run makes its own model.
  effect(() => { if (settings.slot.value === "file" && fileModel.peek() === null && !settings.atEnd.value) void openDefault(); });
  effect(() => { void tryAsk("speed", { steps_per_second: Number(settings.speed.value) || null }); });
}

// ----------------------------------------------------------------------------------------- training

let restartTimer = 0;
let wanted = "";
let restored = 0;

/** Restarts the run after a setting was changed, once there are no further changes for a moment. */
function restartSoon(parts: unknown[]): void {
  const key = JSON.stringify(parts, (_, value: unknown) => (value instanceof Uint8Array ? `${value.length}` : value));
  const { bytes } = settings.source.peek() as { bytes?: Uint8Array };
  if (key === wanted && bytes === lastBytes) return;
  wanted = key;
  lastBytes = bytes;
  // The step belongs to the old run, unless an address set it together with the settings.
  if (restorations === restored) { settings.atStep.value = undefined; settings.atEnd.value = false; }
  restored = restorations;
  clearTimeout(restartTimer);
  restartTimer = window.setTimeout(() => { void restart(); }, run.peek() === null ? 0 : 200);
}
let lastBytes: Uint8Array | undefined;

/** Reads and counts the names, and prepares the first step; or repeats the run up to the step in the address. */
export async function restart(): Promise<void> {
  const source = settings.source.peek();
  const read = settings.readOptions.peek();
  usable.value = false;
  if (playing.peek()) await togglePlay();
  if (settings.listName.peek() === "own" && settings.ownNames.peek() === null) {
    diagnosis.value = null;
    fault.value = { message: "There are no names yet.", help: "Paste your names under “Training names”, open a file, or choose a list." };
    return;
  }
  working.value = { what: "Reading and counting the names", done: null };
  try {
    diagnosis.value = await ask("check", { source, read });
    if (diagnosis.value.problem) throw { message: diagnosis.value.problem };
    const begun = await ask("start", { source, read, options: settings.trainOptions.peek() });
    forget();
    run.value = begun;
    fault.value = null;
    usable.value = true;
    void count({ source, read, options: settings.trainOptions.peek() });
    await showKnownName(begun);
    watch();
    const at = settings.atStep.peek();
    if (at !== undefined && at > 0) {
      working.value = { what: `Repeating the run up to step ${at.toLocaleString("en")}`, done: null };
      await ask("step", { steps: Math.min(Math.floor(at), begun.steps * begun.networks) });
    }
    if (settings.atEnd.peek()) await finish();
  } catch (error) {
    fault.value = asFault(error);
  } finally {
    working.value = null;
  }
}

/** Requests the baselines of the loss plot; if another run has replaced this one, it has made its own request. */
async function count(give: Calls["baselines"]["give"]): Promise<void> {
  baselines.value = null;
  try {
    baselines.value = (await ask("baselines", give)).baselines;
  } catch {
    // The run itself reports what is wrong with its names or options.
  }
}

/** Replaces a text in another alphabet by a name from the list. */
async function showKnownName({ symbols: known }: Run): Promise<void> {
  const foreign = (word: string) => ![...word.toLowerCase()].every((character) => known.includes(character)) && ![...word].every((character) => known.includes(character));
  const [shown, judged] = [foreign(settings.word.peek()), foreign(settings.judged.peek())];
  if (!shown && !judged) return;
  const [name] = await ask("names", { source: settings.source.peek(), read: settings.readOptions.peek(), count: 1 });
  if (name === undefined) return;
  if (judged) settings.judged.value = name;
  if (!shown) return;
  settings.word.value = name;
  settings.place.value = Math.min(3, [...name].length - 1);
}

function forget(): void {
  progress.value = null;
  history.value = [];
  recentLoss.value = null;
  samples.value = [];
  milestones.value = [];
  ended.value = null;
  finished.value = null;
  playing.value = false;
  modelEdition.value++;
}

function onProgress(event: Progress): void {
  if (event.evaluations.length > 0) history.value = [...history.peek(), ...event.evaluations];
  if (event.train_loss !== null) {
    const before = recentLoss.peek();
    recentLoss.value = before === null ? event.train_loss : before * 0.8 + event.train_loss * 0.2;
  }
  if (event.names) {
    samples.value = event.names;
    const last = milestones.peek().at(-1)?.step ?? -1;
    if (event.step >= nextMilestone(last)) milestones.value = [...milestones.peek(), { step: event.step, name: event.names[0] ?? "" }];
  }
  if (event.plane && settings.slot.peek() === "run") plane.value = event.plane;
  if (event.inspection && settings.slot.peek() === "run") inspection.value = event.inspection;
  playing.value = event.playing;
  progress.value = event;
  if (!event.playing) modelEdition.value++;
}

/** The next step at which a name is kept: 0, 10, 30, 100, 300 … */
function nextMilestone(last: number): number {
  if (last < 0) return 0;
  let next = 10;
  while (next <= last) next = String(next).startsWith("3") ? (next / 3) * 10 : next * 3;
  return next;
}

export async function togglePlay(): Promise<void> {
  if (playing.peek()) {
    await tryAsk("pause", {});
    playing.value = false;
    const at = progress.peek()?.step;
    settings.atStep.value = at ? at : undefined;
    modelEdition.value++;
    return;
  }
  if (!usable.peek()) return;
  if (ended.peek()) await reset();
  playing.value = true;
  if ((await tryAsk("play", {})) === undefined) playing.value = false;
}

export async function stepOnce(): Promise<void> {
  if (playing.peek()) await togglePlay();
  await tryAsk("step", { steps: 1 });
  settings.atStep.value = progress.peek()?.step || undefined;
}

export async function reset(): Promise<void> {
  settings.atStep.value = undefined;
  settings.atEnd.value = false;
  const begun = await tryAsk("reset", {});
  if (!begun) return;
  forget();
  run.value = begun;
  watch();
}

/** Makes the model file of the run in its current state, and then shows this model. */
export async function finish(): Promise<void> {
  if (playing.peek()) await togglePlay();
  const back = await tryAsk("finish", {}, "Evaluating and making the model file");
  if (!back) return;
  finished.value = back;
  useFile(back.model, `made in this page from ${run.peek()?.label ?? "your names"}`);
  settings.slot.value = "file";
  settings.atEnd.value = true;
}

// ------------------------------------------------------------------------------------- model files

function useFile(model: ModelInfo, label: string): void {
  fileModel.value = model;
  fileLabel.value = label;
  modelEdition.value++;
}

let opening: Promise<void> | null = null;

/** Opens the built-in model. */
export function openDefault(): Promise<void> {
  opening ??= (async () => {
    const model = await tryAsk("open_default", {}, "Opening the built-in model");
    if (model) useFile(model, "built-in model of Indian names");
    opening = null;
  })();
  return opening;
}

export async function openFile(file: File): Promise<void> {
  const model = await tryAsk("open", { bytes: new Uint8Array(await file.arrayBuffer()) }, `Opening ${file.name}`);
  if (!model) return;
  useFile(model, file.name);
  settings.slot.value = "file";
  settings.atEnd.value = false;
}

// ------------------------------------------------------------------------- one prediction, the map

export const inspection = signal<Inspection | null>(null);
export const plane = signal<Plane | null>(null);
/** What is on the screen: only this is requested. */
export const visible = signal<ReadonlySet<string>>(new Set());

/** The word, the position to predict, the context before it, and the target. */
export const target = computed(() => {
  const characters = [...settings.word.value];
  const at = Math.max(0, Math.min(settings.place.value ?? 0, characters.length));
  return { characters, at, context: characters.slice(0, at).join(""), token: characters[at] ?? "_" };
});

function inspectOptions(): InspectOptions {
  const { context, token } = target.value;
  const known = (character: string) => symbols.value.length === 0 || symbols.value.includes(character);
  return { context: [...context].filter(known).join(""), target: known(token) ? token : undefined, weights: true };
}

let asked = 0;

function watch(): void {
  if (run.peek() === null) return;
  const seen = visible.peek();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const learning = settings.slot.peek() === "run";
  void tryAsk("watch", {
    every_ms: calm ? 400 : 66,
    // One name even if none is shown: names are also kept at certain steps while nobody looks.
    names: seen.has("samples") ? 18 : 1,
    plane: learning && seen.has("map"),
    inspect: learning && seen.has("picture") ? inspectOptions() : null,
  });
}

async function lookAtFile(): Promise<void> {
  const number = ++asked;
  const slot: Slot = "file";
  const [seen, map] = await Promise.all([
    tryAsk("inspect", { ...inspectOptions(), model: slot }), tryAsk("plane", { model: slot }),
  ]);
  if (number !== asked || settings.slot.peek() !== "file") return;
  if (seen) inspection.value = seen;
  if (map) plane.value = map;
}

/** Requests updates for what is shown; to be called after `begin`. */
export function follow(): void {
  effect(() => {
    void [target.value, visible.value, settings.slot.value, symbols.value];
    if (hello.value === null) return;
    if (settings.slot.value === "file") {
      if (fileModel.value !== null) void lookAtFile();
    }
    watch();
  });
}
