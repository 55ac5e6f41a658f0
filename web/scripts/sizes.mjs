// States what a first visit loads, compressed as servers do, and fails where it has grown.
import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** Page, engine, one model and the default list with gzip, in bytes: what it is today, and a little. */
const LIMIT = 840_000;
const files = ["index.html", "page.js", "style.css", "assets/engine.wasm", "assets/lists/lists.json",
  "assets/lists/indian-names.txt", "assets/indian-names.safetensors"];

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
if (gzip > LIMIT) {
  console.error(`more than ${LIMIT / 1000} kB with gzip`);
  process.exit(1);
}
