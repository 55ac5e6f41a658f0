// Prints what a first visit loads, compressed as servers do, and fails if it has grown.
import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** The limits for page, engine, one model and the default list, in bytes: their current sizes, and a little more. */
// The library is part of the engine, with tables of Unicode (graphemes, marks, upper case) and the rules of the verdict.
const LIMITS = { gzip: 850_000, brotli: 690_000 };
const files = ["index.html", "page.js", "style.css", "assets/engine.wasm", "assets/lists/lists.json",
  "assets/lists/indian-names.folded", "assets/indian-names.planes"];

let [raw, gzip, brotli] = [0, 0, 0];
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(11);
for (const file of files) {
  const bytes = readFileSync(new URL(`../dist/${file}`, import.meta.url));
  const sizes = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
  raw += sizes[0];
  gzip += sizes[1];
  brotli += sizes[2];
  console.log(`${file.padEnd(34)}${sizes.map(kilobytes).join("")}`);
}
console.log(`${"together: raw, gzip, brotli".padEnd(34)}${[raw, gzip, brotli].map(kilobytes).join("")}`);
for (const [how, size] of Object.entries({ gzip, brotli })) {
  if (size <= LIMITS[how]) continue;
  console.error(`more than ${LIMITS[how] / 1000} kB with ${how}`);
  process.exit(1);
}
