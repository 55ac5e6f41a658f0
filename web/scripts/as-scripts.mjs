// Writes every file of a folder again as a script: NAME.js passes the bytes of NAME to the page, which can load
// nothing but scripts when it is opened from disk (see src/engine/assets.ts).
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
