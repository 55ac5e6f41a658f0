// Writes every file of a folder once more as a script: NAME.js hands the bytes of NAME to the page, which
// from disk can load scripts and nothing else (see src/engine/assets.ts).
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (!entry.isFile() || path.endsWith(".js")) continue;
  const name = path.slice(folder.length + 1).replaceAll("\\", "/");
  const base64 = readFileSync(path).toString("base64");
  writeFileSync(`${path}.js`, `nextcharAsset(${JSON.stringify(name)}, "${base64}");\n`);
}
