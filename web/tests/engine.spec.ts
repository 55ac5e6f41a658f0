// Compares the engine with the program, without a page: the same bits for the same options. The module is the one
// that the page loads (web/build); the program is ../target/debug/nextchar.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { EngineModule } from "../src/engine/module.ts";
import { composed } from "../src/engine/composed.ts";
import { Player } from "../src/engine/player.ts";
import { interleaved, unfolded } from "../src/engine/unpack.ts";
import type {
  Calls, Diagnosis, EmbeddedList, EngineEvent, Finished, Generation, GenerateOptions, Inspection, ModelInfo, ReadOptions,
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

const read = (asset: string) => new Uint8Array(readFileSync(join(assets, asset)));

/** Opens the model that comes with the page, as the client does. */
const openDefault = (engine: EngineModule) => engine.call<ModelInfo>("open",
  { bytes: interleaved(read("indian-names.planes")), source: list("indian-names") });

/** An embedded list as the client brings it. */
function list(name: string): unknown {
  const known = JSON.parse(readFileSync(join(assets, "lists/lists.json"), "utf8")) as EmbeddedList[];
  const { alphabet, columns } = known.find((list) => list.name === name)!;
  const bytes = unfolded(read(`lists/${name}.folded`), columns);
  return { list: name, bytes, alphabet, columns };
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

/** A hundred names; every third stands there two times, every ninth three times. */
const TWICE = Array.from({ length: 100 }, (_, at) => {
  const name = [at % 5, at % 7, at % 4, (at * 3) % 11].map((letter) => "abdehiklmnor"[letter]).join("");
  return `${name}\n`.repeat(at % 9 === 0 ? 3 : at % 3 === 0 ? 2 : 1);
}).join("");

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
  ["a rate that is found, batches normalised, averages, a target", "animals", { min_length: 2 }, {
    preset: "kaiming", hidden: [20], learning_rate: "auto", batch_norm: true, averaging: 0.9, epochs: 3, batch: 64, target_loss: 2.9,
    evaluate_every: 5,
  }],
  ["counts of duplicates, and names that return", "twice.txt", { keep_duplicates: true }, {
    family: "mixture", counts_context: 3, good_turing: true, preset: "kaiming", hidden: [16], steps: 30,
  }],
  ["smoothed labels, no hidden layer", "italian-names", {}, { hidden: [], label_smoothing: 0.05, steps: 30 }],
];

for (const [what, name, read, options] of runs) {
  test(`a run gives the program's bytes: ${what}`, async () => {
    const engine = await load();
    const source = name.endsWith(".txt") ? { text: TWICE, label: name } : list(name);
    if (name.endsWith(".txt")) writeFileSync(join(folder, name), TWICE);
    const run = engine.call<Run>("start", { source, read, options });
    const events: EngineEvent[] = [];
    const player = new Player(engine, (event) => events.push(event));
    player.play();
    while (player.slice() !== null);
    expect(events.at(-1)!.event).toBe("ended");
    const finished = engine.call<Finished>("finish", {});
    const bytes = engine.call<Uint8Array>("save", {});

    native("train", name, ...words(read), ...words(options), "--portable", "--out", file);
    expect(hash(bytes)).toBe(hash(readFileSync(file)));
    const counted = engine.call<Calls["baselines"]["back"]>("baselines", { source, read, options });
    const judged = finished.reports[counted.part]!.baselines;
    for (const key of ["unigram", "bigram", "best_kneser_ney"] as const) {
      expect(counted.baselines[key]).toBeCloseTo(judged[key]!, 9);
    }
    // The command that the run reports is the same.
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

test("the model that comes with the page is the program's, to the byte", async () => {
  const engine = await load();
  openDefault(engine);
  const own = readFileSync(join(web, "../crates/nextchar/model/indian-names.safetensors"));
  expect(hash(engine.call<Uint8Array>("save", {}))).toBe(hash(own));
});

test("accents in two pieces are read as the program reads them", async () => {
  const engine = await load();
  const names = ["Rene\u0301", "ren\u00e9", "A\u030angstro\u0308m", "\u0928\u093c", "q\u0307\u0323\u0323", "\u1112\u1161\u11ab", ""].join("\n");
  const bytes = new Uint8Array([...new TextEncoder().encode(names), 0xff, 0x65, 0xcc, 0x81, 10, ...new TextEncoder().encode("e\u0301")]);
  writeFileSync(join(folder, "accents.txt"), bytes);
  const expected = JSON.parse(native("data", "check", "--json", "--alphabet", "data", "accents.txt")) as Diagnosis;
  const found = engine.call<Diagnosis>("check", { source: { bytes: composed(bytes), label: "accents.txt" }, read: { alphabet: "data" } });
  for (const key of ["names", "rejected", "duplicates", "letters", "lengths"] as const) expect(found[key]).toEqual(expected[key]);
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
    openDefault(engine);
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
  openDefault(engine);
  for (const text of ["Aadesh", "asdfgh", "a", "om", "o'neil", "unknown", "n/a", "basantipriyamvada", "a@b.in"]) {
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
  expect(nothing.problem).toContain("Choose the column that holds the names.");
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
