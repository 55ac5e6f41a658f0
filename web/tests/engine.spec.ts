// The engine against the program, without a page: the same bits for the same options. The module is the one
// that the page loads (web/build), the program is ../target/debug/nextchar.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { EngineModule } from "../src/engine/module.ts";
import { Player } from "../src/engine/player.ts";
import type {
  Diagnosis, EmbeddedList, EngineEvent, Finished, Generation, GenerateOptions, Inspection, ModelInfo, ReadOptions,
  Run, Score, TrainOptions,
} from "../src/engine/protocol.ts";

const web = join(import.meta.dirname, "..");
const assets = join(web, "public/assets");
const program = process.env.NEXTCHAR ?? join(web, "../target/debug/nextchar");
const folder = mkdtempSync(join(tmpdir(), "nextchar-"));
const file = join(folder, "native.safetensors");
test.afterAll(() => rmSync(folder, { recursive: true }));

const load = () => EngineModule.load(readFileSync(join(assets, "engine.wasm")));
const native = (...words: string[]) => execFileSync(program, words, { cwd: folder, encoding: "utf8", stdio: "pipe" });
const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** An embedded list as the client brings it. */
function list(name: string): unknown {
  const known = JSON.parse(readFileSync(join(assets, "lists/lists.json"), "utf8")) as EmbeddedList[];
  const { alphabet, columns } = known.find((list) => list.name === name)!;
  return { list: name, bytes: new Uint8Array(readFileSync(join(assets, `lists/${name}.txt`))), alphabet, columns };
}

/** Options as the command line spells them. */
function words(options: TrainOptions | ReadOptions | GenerateOptions): string[] {
  return Object.entries(options).flatMap(([key, value]) => {
    const option = `--${key.replaceAll("_", "-")}`;
    if (value === true) return [option];
    if (key === "hidden") return [option, (value as number[]).join(",") || "none"];
    return (Array.isArray(value) ? value : [value]).flatMap((value) => [option, String(value)]);
  });
}

const runs: [string, string, ReadOptions, TrainOptions][] = [
  ["the lecture's network", "indian-names", {}, { preset: "lecture", steps: 400, seed: "asha" }],
  ["a mixture with residual layers, dropout and averages", "english-names", {}, { steps: 60, dropout: 0.2 }],
  ["all rows at once, cut short by val", "colors", { min_length: 3 }, {
    preset: "kaiming", batch: "full", optimizer: "adamw", learning_rate: 0.02, steps: 80, patience: 1, evaluate_every: 4,
  }],
  ["two small networks of ReLU without names", "finnish-names", {}, {
    family: "network", networks: 2, hidden: [24, 16], activation: "relu", context: 4, batch: 100, draw: "contexts",
    steps: 40, no_names: true, split: "70,20,10", split_seed: "7",
  }],
  ["counts alone, of another alphabet", "devanagari-names", {}, { family: "kneser-ney" }],
  ["smoothed labels, no hidden layer", "italian-names", {}, { hidden: [], label_smoothing: 0.05, steps: 30 }],
];

for (const [what, name, read, options] of runs) {
  test(`a run gives the program's bytes: ${what}`, async () => {
    const engine = await load();
    const run = engine.call<Run>("start", { source: list(name), read, options });
    const events: EngineEvent[] = [];
    const player = new Player(engine, (event) => events.push(event));
    player.play();
    while (player.slice() !== null);
    expect(events.at(-1)!.event).toBe("ended");
    const finished = engine.call<Finished>("finish", {});
    const bytes = engine.call<Uint8Array>("save", {});

    native("train", name, ...words(read), ...words(options), "--portable", "--out", file);
    expect(hash(bytes)).toBe(hash(readFileSync(file)));
    // The command that the run tells is that one.
    expect(run.command).toContain(`nextchar train ${name}`);
    native(...run.command.split(" ").slice(1), "--out", file);
    expect(hash(bytes)).toBe(hash(readFileSync(file)));
    expect(finished.model.size).toBe(bytes.length);
  });
}

test("a run that is ended early is the program's with --stop-after", async () => {
  const engine = await load();
  engine.call("start", { source: list("colors"), options: { preset: "lecture", steps: 300 } });
  engine.call("advance", { steps: 123 });
  const { command } = engine.call<Finished>("finish", {});
  expect(command).toContain("--stop-after 123");
  native(...command.split(" ").slice(1), "--out", file);
  expect(hash(engine.call<Uint8Array>("save", {}))).toBe(hash(readFileSync(file)));
});

test("reset begins the same run again, in the same memory", async () => {
  const engine = await load();
  const start = { source: list("animals"), options: { preset: "kaiming", hidden: [16], steps: 50 } };
  const hashes = [0, 1, 2].map((again) => {
    engine.call(again ? "reset" : "start", start);
    engine.call("advance", { steps: 50 });
    engine.call("finish", {});
    return hash(engine.call<Uint8Array>("save", {}));
  });
  expect(new Set(hashes).size).toBe(1);
});

const requests: GenerateOptions[] = [
  {},
  { count: 8, prefix: ["sa"], suffix: ["ya", "a"], min_length: 5, max_length: 9, seed: "7" },
  { count: 8, pattern: ["(ma|na)+.*i"], novel: true, unique: true, temperature: 1.3 },
  { count: 5, contains: ["dev"], exclude: ["a"], letters: "b-z", most_likely: true },
];

for (const request of requests) {
  test(`the same names as the program: ${JSON.stringify(request)}`, async () => {
    const engine = await load();
    engine.call<ModelInfo>("open", { bytes: new Uint8Array(readFileSync(join(assets, "indian-names.safetensors"))) });
    const { names, constraint_probability } = engine.call<Generation>("generate", { model: "file", ...request });
    const { count, ...rest } = request;
    const lines = native("generate", "--json", ...(count ? ["-n", String(count)] : []), ...words(rest));
    const rows = lines.trim().split("\n").map((line) => JSON.parse(line) as Record<string, number>);
    const written = rows.filter((row) => "name" in row);
    expect(names.map(({ name, log_prob }) => ({ name, log_prob }))).toEqual(written);
    const told = rows.find((row) => "constraint_probability" in row);
    expect(constraint_probability).toBe(told?.constraint_probability);
  });
}

test("the same verdicts, letters and stages as the program", async () => {
  const engine = await load();
  engine.call("open", { bytes: new Uint8Array(readFileSync(join(assets, "indian-names.safetensors"))) });
  for (const text of ["Aadesh", "asdfgh", "a", "o'neil"]) {
    const found = engine.call<Score>("score", { model: "file", text });
    const expected = JSON.parse(native("score", "--json", text)) as Score & { tokens: { log_prob: number }[] | null };
    for (const key of ["log_prob", "per_char", "percentile", "plausible", "reason"] as const) {
      expect(found[key]).toEqual(expected[key]);
    }
    expect(found.places.map(({ log_prob }) => log_prob)).toEqual((expected.tokens ?? []).map(({ log_prob }) => log_prob));
  }
  const inside = engine.call<Inspection>("inspect", { model: "file", context: "aab", target: "i", weights: true });
  const stages = JSON.parse(native("explain", "--json", "aab")) as { features: number[]; logits: number[]; probs: number[] };
  const close = (found: Float32Array, expected: number[]) => {
    expect(found.length).toBe(expected.length);
    found.forEach((x, index) => expect(x).toBeCloseTo(expected[index]!, 5));
  };
  close(inside.features, stages.features);
  close(inside.logits, stages.logits);
  close(inside.probs, stages.probs);
  const { backward } = inside;
  expect(backward!.logits.reduce((sum, x) => sum + x, 0)).toBeCloseTo(0, 5);
  expect(backward!.loss).toBeCloseTo(-Math.log(inside.probs[9]!), 5);
});

test("a list is diagnosed as by data check", async () => {
  const engine = await load();
  const text = "name,sex\nAsha,f\n\nO'Neil,m\nasha,f\nR2,m\n";
  const found = engine.call<Diagnosis>("check", { source: { text, label: "list.csv" }, read: { column: "name" } });
  const path = join(folder, "list.csv");
  execFileSync("tee", [path], { input: text, stdio: ["pipe", "ignore", "inherit"] });
  expect(found).toEqual(JSON.parse(native("data", "check", path, "--column", "name", "--json")));
  const nothing = engine.call<Diagnosis>("check", { source: { text } });
  expect(nothing.looks_like_header).toEqual(["name", "sex"]);
  expect(nothing.problem).toContain("--column");
});

test("what cannot be is refused with a remedy, and the engine goes on", async () => {
  const engine = await load();
  expect(() => engine.call("generate", { model: "file" })).toThrow("no model is open");
  expect(() => engine.call("open", { bytes: new Uint8Array(50) })).toThrow(/safetensors/);
  expect(() => engine.call("start", { source: { text: "" }, options: {} })).toThrow("empty");
  const bad = { source: list("colors"), options: { learning_rate: -1 } };
  expect(() => engine.call("start", bad)).toThrow("learning rate");
  expect(() => engine.call("start", { ...bad, options: { preset: "x" } })).toThrow("preset");
  expect(() => engine.call("nothing", {})).toThrow("there is no call");
  const wild = { preset: "kaiming", learning_rate: 1e6, steps: 500 };
  engine.call("start", { source: list("colors"), options: wild });
  const { ended } = engine.call<{ ended: { reason: string; message: string } }>("advance", { steps: 500 });
  expect(ended.reason).toBe("diverged");
  expect(ended.message).toContain("learning rate");
});
