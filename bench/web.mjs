// The engine in WebAssembly beside the program, on the same training runs: steps per second, interleaved, the
// median of the rounds. `cargo build --release && web/build --engine && node bench/web.mjs [ROUNDS [RUNS]]`;
// RUNS is a part of the names of the runs to measure. Fails if a run stops before its last step.
//
// native 128: --portable --threads 1 --instructions sse2, the same arithmetic in registers of the same
// width; native best: fused, the processor's widest vectors, one thread; and the same with all threads.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const { build } = await import(join(root, "web/node_modules/vite/dist/node/index.js"));
const built = join(root, "target/web-bench");
await build({
  configFile: false, logLevel: "error",
  build: { lib: {
    entry: ["module", "unpack"].map((name) => join(root, `web/src/engine/${name}.ts`)), formats: ["es"],
  }, outDir: built,
  },
});
const { EngineModule } = await import(join(built, "module.mjs"));
const { unfolded } = await import(join(built, "unpack.mjs"));

const rounds = Number(process.argv[2] ?? 5);
const wanted = process.argv[3] ?? "";
const assets = join(root, "web/public/assets");
const program = process.env.NEXTCHAR ?? join(root, "target/release/nextchar");
const scratch = mkdtempSync(join(tmpdir(), "nextchar-"));
const list = {
  list: "indian-names", columns: ["name", "gender"], alphabet: "az",
  bytes: unfolded(new Uint8Array(readFileSync(join(assets, "lists/indian-names.folded"))), ["name", "gender"]),
};

/** Validation is excluded on both sides: there is one pass, after the last step. */
const cases = {
  "lecture: k=3 e=2 h=100, 32 windows per step": { preset: "lecture", steps: 20_000 },
  "kaiming: k=3 e=10 h=200, 32 windows per step": { preset: "kaiming", steps: 10_000 },
  "kaiming, 2,048 windows per step": { preset: "kaiming", batch: 2048, steps: 400 },
  "fast: k=6 e=16 h=128,128, 256 contexts per step": { preset: "fast", family: "network", steps: 800 },
};

function expect(condition, message) {
  if (!condition) throw new Error(`bench failed: ${message}`);
}

async function browser(options) {
  const engine = await EngineModule.load(readFileSync(join(assets, "engine.wasm")));
  engine.call("start", { source: list, options: { ...options, evaluate_every: options.steps } });
  const steps = options.steps - 1;
  const start = performance.now();
  const { done } = engine.call("advance", { steps });
  const seconds = (performance.now() - start) / 1000;
  expect(done === steps, `WebAssembly did ${done} of ${steps} steps`);
  return steps / seconds;
}

function native(options, more) {
  const words = Object.entries({ ...options, evaluate_every: options.steps })
    .flatMap(([key, value]) => [`--${key.replaceAll("_", "-")}`, String(value)]);
  const out = join(scratch, "model.safetensors");
  const all = ["train", "indian-names", "--json", "--no-names", "--out", out, ...words, ...more];
  const found = JSON.parse(execFileSync(program, all, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  expect(found.stop === "finished" && found.steps === options.steps,
    `the program did ${found.steps} of ${options.steps} steps (stop: ${found.stop})`);
  return found.steps / found.step_seconds;
}

const competitors = {
  "WebAssembly": browser,
  "native 128": (options) => native(options, ["--portable", "--threads", "1", "--instructions", "sse2"]),
  "native best, 1 thread": (options) => native(options, ["--threads", "1"]),
  "native best, all threads": (options) => native(options, []),
};
const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

console.log(`steps per second, Node ${process.version}\n`);
console.log(`| run | ${Object.keys(competitors).join(" | ")} | of native 128 | of best, 1 thread | of best, all |`);
console.log(`|---|${"---|".repeat(Object.keys(competitors).length + 3)}`);
for (const [name, options] of Object.entries(cases).filter(([name]) => name.includes(wanted))) {
  const seen = Object.fromEntries(Object.keys(competitors).map((who) => [who, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [who, run] of Object.entries(competitors)) seen[who].push(await run(options));
  }
  const speeds = Object.values(seen).map(median);
  const [own, ...others] = speeds;
  const cells = [...speeds.map((speed) => Math.round(speed).toLocaleString("en")),
    ...others.map((other) => (own / other).toFixed(2))];
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}
