// Frames and training steps per second while the page trains as fast as it can and draws everything on the screen.
import { expect, ready, stepOf, test } from "../tests/page.ts";

const SECONDS = 8;

for (const preset of ["lecture", "kaiming", "fast"]) {
  test(`frames while training: ${preset}`, async ({ open }) => {
    const page = await open(`p=${preset}&v=0&n=1000000`);
    await ready(page);
    // The second worker computes the baselines in the first seconds; then it ends.
    await expect(page.locator("#curves .baseline")).toHaveCount(4, { timeout: 60_000 });
    await page.getByRole("button", { name: "Play" }).click();
    await page.waitForTimeout(1000);
    const before = await stepOf(page);
    const deltas = await page.evaluate((seconds) => new Promise<number[]>((done) => {
      const times: number[] = [];
      const frame = (now: number) => {
        times.push(now);
        if (now - times[0]! < seconds * 1000) requestAnimationFrame(frame);
        else done(times.slice(1).map((time, at) => time - times[at]!));
      };
      requestAnimationFrame(frame);
    }), SECONDS);
    const steps = (await stepOf(page)) - before;
    deltas.sort((a, b) => a - b);
    const at = (share: number) => deltas[Math.floor(share * (deltas.length - 1))]!.toFixed(1);
    const rate = deltas.length / (deltas.reduce((sum, delta) => sum + delta, 0) / 1000);
    console.log(`${preset}: ${rate.toFixed(1)} frames/s; frame ms median ${at(0.5)}, 95 % ${at(0.95)}, longest ${at(1)}; ${Math.round(steps / SECONDS)} steps/s`);
    expect(steps).toBeGreaterThan(0);
  });
}
