// What the tests share: the built folder served from a sub-path, a page that may request nothing else, and the program.
import { execFileSync } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { test as base, expect, type Page } from "@playwright/test";

export const web = fileURLToPath(new URL("..", import.meta.url));
export const dist = join(web, "dist");
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm",
};

/** Serves dist under /a/sub/path/, to show that the folder works from anywhere. */
function serve(): Server {
  const prefix = "/a/sub/path/";
  return createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "/").split(/[?#]/)[0]!);
    const file = join(dist, normalize(path.slice(prefix.length) || "index.html"));
    if (!path.startsWith(prefix) || !file.startsWith(dist) || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  }).listen(0, "127.0.0.1");
}

interface Fixtures { open: (state?: string, query?: string) => Promise<Page> }

/** Opens the built page in a state; an error in it, or a request to another address, fails the test. */
export const test = base.extend<Fixtures, { server: string }>({
  server: [async ({}, use) => {
    const server = serve();
    await new Promise((done) => server.once("listening", done));
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a/sub/path/`);
    server.close();
  }, { scope: "worker" }],
  open: async ({ page, server }, use) => {
    const wrong: string[] = [];
    watchFor(page, server, wrong);
    await use(async (state = "", query = "") => {
      await page.goto(`${server}${query}${state && `#${state}`}`);
      await ready(page);
      return page;
    });
    expect(wrong).toEqual([]);
  },
});

export function watchFor(page: Page, home: string, wrong: string[]): void {
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error") wrong.push(`console: ${message.text()}`); });
  page.on("request", (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(home)) wrong.push(`fetched: ${request.url()}`);
  });
}

/** Waits until the run is ready for its first step, or has reached the step in the address. */
export async function ready(page: Page): Promise<void> {
  await expect(page.getByRole("button", { name: "Play" })).toBeEnabled();
  await expect(page.locator(".status .notice:not(.bad)")).toHaveCount(0);
}

/** The number of steps done. */
export async function stepOf(page: Page): Promise<number> {
  const text = await page.locator(".standing .steps dd").innerText();
  return Number(text.split("/")[0]!.replace(/\D/g, ""));
}

/** The program itself, for comparison. */
export function nextchar(...options: string[]): string {
  const program = process.env.NEXTCHAR ?? join(web, "../target/debug/nextchar");
  return execFileSync(program, options, { encoding: "utf8", maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "ignore"] });
}

export { expect };
