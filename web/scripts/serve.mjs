// Serves web/dist on this machine only, compressed as a server should, and opens it in the browser.
// `node serve.mjs PORT quiet` opens nothing.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const types = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".json": "application/json",
  ".wasm": "application/wasm",
};
const port = Number(process.argv[2]);
const encodings = { br: brotliCompressSync, gzip: gzipSync };
/** Compressed files, by encoding, path and time: brotli takes a second for the engine, but only once. */
const kept = new Map();

function compressed(file, encoding) {
  const key = `${encoding} ${statSync(file).mtimeMs} ${file}`;
  if (!kept.has(key)) kept.set(key, encodings[encoding](readFileSync(file)));
  return kept.get(key);
}

const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  let file = join(dist, normalize(path));
  if (file.startsWith(dist) && existsSync(file) && statSync(file).isDirectory()) file = join(file, "index.html");
  if (!file.startsWith(dist) || !existsSync(file)) {
    response.writeHead(404).end("not found");
    return;
  }
  const accepted = (request.headers["accept-encoding"] ?? "").split(",").map((one) => one.split(";")[0].trim());
  const encoding = Object.keys(encodings).find((one) => accepted.includes(one));
  response.writeHead(200, {
    "content-type": types[extname(file)] ?? "application/octet-stream", vary: "accept-encoding",
    "cache-control": "no-cache", ...(encoding && { "content-encoding": encoding }),
  });
  response.end(encoding ? compressed(file, encoding) : readFileSync(file));
});
server.on("error", (error) => {
  console.error(error.code === "EADDRINUSE" ? `port ${port} is taken: PORT=${port + 1} web/serve` : error.message);
  process.exit(1);
});
server.listen(port, "127.0.0.1", () => {
  const address = `http://localhost:${port}/`;
  console.log(`${address} (Ctrl-C ends it)`);
  if (process.argv[3] === "quiet") return;
  const opener = { darwin: "open", win32: "explorer" }[process.platform] ?? "xdg-open";
  // If no browser can be opened, the address above can be used.
  spawn(opener, [address], { stdio: "ignore", detached: true }).on("error", () => {}).unref();
});
