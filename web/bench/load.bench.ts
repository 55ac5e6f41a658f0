// A cold visit through web/serve: first contentful paint, when Play can be pressed, and how much was transferred;
// without throttling, and roughly as on a phone (a processor four times slower, a slow network).
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "@playwright/test";
import { web } from "../tests/page.ts";

const PORT = 8417;
const ROUNDS = 3;
/** Bytes per second, and round-trip milliseconds: what Chromium's own tools call fast and slow 4G. */
const CASES = {
  "no throttling": { cpu: 1, network: null },
  "the page's thread 4 times slower": { cpu: 4, network: null },
  "9 Mbit/s, 165 ms": { cpu: 1, network: { rate: 9e6 / 8, latency: 165 } },
  "both, 1.6 Mbit/s, 165 ms": { cpu: 4, network: { rate: 1.6e6 / 8, latency: 165 } },
};
const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

test("a cold visit", async ({ browser }) => {
  test.setTimeout(300_000);
  const server = spawn(process.execPath, [join(web, "scripts/serve.mjs"), String(PORT), "quiet"], { stdio: ["ignore", "pipe", "inherit"] });
  await once(server.stdout, "data");
  const visit = async ({ cpu, network }: (typeof CASES)[keyof typeof CASES]) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const tools = await context.newCDPSession(page);
    let transferred = 0;
    await tools.send("Network.enable");
    tools.on("Network.loadingFinished", (event) => { transferred += event.encodedDataLength; });
    await tools.send("Emulation.setCPUThrottlingRate", { rate: cpu });
    if (network) {
      await tools.send("Network.emulateNetworkConditions", {
        offline: false, latency: network.latency, downloadThroughput: network.rate, uploadThroughput: network.rate,
      });
    }
    await page.goto(`http://localhost:${PORT}/`);
    await page.locator(".transport .play:enabled").waitFor();
    const playable = await page.evaluate(() => performance.now());
    const paints = await page.evaluate(() => performance.getEntriesByType("paint").map(({ startTime }) => startTime));
    await context.close();
    return { paint: Math.max(...paints), playable, transferred };
  };
  await visit(CASES["no throttling"]); // afterwards the server has compressed everything
  for (const [name, conditions] of Object.entries(CASES)) {
    const visits: Awaited<ReturnType<typeof visit>>[] = [];
    for (let round = 0; round < ROUNDS; round++) visits.push(await visit(conditions));
    const of = (key: "paint" | "playable" | "transferred") => Math.round(median(visits.map((one) => one[key])));
    console.log(`${name}: contentful paint ${of("paint")} ms, Play at ${of("playable")} ms, ${(of("transferred") / 1000).toFixed(0)} kB transferred`);
  }
  server.kill();
});
