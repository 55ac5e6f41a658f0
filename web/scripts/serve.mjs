// Serves web/dist to this machine alone, and opens it in the browser.
import { spawn } from "node:child_process";
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const types = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".json": "application/json",
  ".wasm": "application/wasm",
};
const port = Number(process.argv[2]);

const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  let file = join(dist, normalize(path));
  if (file.startsWith(dist) && existsSync(file) && statSync(file).isDirectory()) file = join(file, "index.html");
  if (!file.startsWith(dist) || !existsSync(file)) {
    response.writeHead(404).end("not found");
    return;
  }
  response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
  createReadStream(file).pipe(response);
});
server.on("error", (error) => {
  console.error(error.code === "EADDRINUSE" ? `port ${port} is taken: PORT=${port + 1} web/serve` : error.message);
  process.exit(1);
});
server.listen(port, "127.0.0.1", () => {
  const address = `http://localhost:${port}/`;
  console.log(`${address} (Ctrl-C ends it)`);
  const opener = { darwin: "open", win32: "explorer" }[process.platform] ?? "xdg-open";
  // Where there is no browser to open, the address stands above.
  spawn(opener, [address], { stdio: "ignore", detached: true }).on("error", () => {}).unref();
});
