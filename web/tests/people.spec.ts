// For everybody: keyboard only, a phone, both themes without violations, reduced motion, from disk, fast, small.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "@playwright/test";
import { dist, expect, ready, stepOf, test, watchFor } from "./page.ts";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

async function violations(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: axe });
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as {
      axe: { run: (where: Document, options: object) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    }).axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)}: ${failureSummary}`));
  });
}

for (const theme of ["light", "dark"] as const) {
  for (const [device, viewport] of [["laptop", { width: 1366, height: 768 }], ["phone", { width: 390, height: 844 }]] as const) {
    test(`no violations: ${theme}, ${device}`, async ({ open, page }) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: theme });
      await open("m=file&suf=ya&d=italian-names");
      await expect(page.locator("#generate .name").first()).toBeVisible();
      await expect(page.locator("#score .places > li").first()).toBeVisible();
      await page.getByLabel(/Your names, one per line/).fill("aabid\n1_3\nzeel\nkavya\n");
      await expect(page.locator(".diagnosis")).toContainText("3 different names");
      await page.getByText(/rejected line/).click();
      expect(await violations(page)).toEqual([]);
    });
  }
}

test("keyboard only: play, pause, a text, the window, a unit, a condition", async ({ open }) => {
  const page = await open("d=italian-names");
  const tabTo = async (selector: string) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    }
    throw new Error(`Tab does not reach ${selector}`);
  };
  await tabTo("button.play");
  await page.keyboard.press("Enter");
  await page.waitForTimeout(500);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Play" })).toBeFocused();
  expect(await stepOf(page)).toBeGreaterThan(0);
  await tabTo("#picture input.mono");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("krishna");
  await tabTo(".tape button");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator(".formula h3")).toHaveText("What comes after ish?");
  await tabTo("[role=slider][aria-label='Units of layer 1']");
  await page.keyboard.press("PageDown");
  await expect(page.locator(".formula h3")).toHaveText("Layer 1, unit 11 of 100");
  await tabTo("#generate input[placeholder='ya']");
  await page.keyboard.type("ika");
  await expect(page.locator("#generate .name").first()).toHaveText(/ika$/);
});

test.describe("a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });

  test("fits, trains, and answers a tap", async ({ open }) => {
    for (const width of [390, 320]) {
      const page = await open("d=italian-names");
      await page.setViewportSize({ width, height: 844 });
      await page.waitForTimeout(200);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    const page = await open("d=italian-names");
    await page.getByRole("button", { name: "Play" }).tap();
    await expect.poll(() => stepOf(page)).toBeGreaterThan(100);
    await page.getByRole("button", { name: "Pause" }).tap();
    await page.locator(".picture").scrollIntoViewIfNeeded();
    await page.getByRole("slider", { name: "Weights of layer 1" }).tap();
    await expect(page.locator(".formula h3")).toHaveText("A weight of layer 1");
  });
});

test("opened from disk, it trains and uses its model", async ({ page }) => {
  const wrong: string[] = [];
  watchFor(page, pathToFileURL(dist).href, wrong);
  await page.goto(`${pathToFileURL(join(dist, "index.html")).href}#v=0&n=300`);
  await ready(page);
  await page.getByRole("button", { name: "Play" }).click();
  await expect(page.getByText(/All 300 steps are done/)).toBeVisible();
  await page.getByText("finished model", { exact: true }).click();
  await expect(page.locator("#generate .name").first()).toBeVisible();
  await page.locator(".top select").nth(1).selectOption("animals");
  await expect(page.locator(".diagnosis")).toContainText("different names in 355 lines");
  expect(wrong).toEqual([]);
});

test("with reduced motion, the picture changes rarely", async ({ open, page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open("v=100&d=italian-names");
  await page.getByRole("button", { name: "Play" }).click();
  const changes = await page.evaluate(async () => {
    let count = 0;
    const observer = new MutationObserver(() => { count++; });
    observer.observe(document.querySelector(".standing .steps dd")!, { characterData: true, childList: true, subtree: true });
    await new Promise((done) => setTimeout(done, 2000));
    return count;
  });
  expect(changes).toBeGreaterThan(1);
  expect(changes).toBeLessThan(8);
});

test("the interface keeps moving while it trains", async ({ open }) => {
  const page = await open("v=0");
  await page.getByRole("button", { name: "Play" }).click();
  const perSecond = await page.evaluate(() => new Promise<number>((done) => {
    const begin = performance.now();
    let frames = 0;
    const frame = () => {
      frames++;
      if (performance.now() - begin < 2000) requestAnimationFrame(frame);
      else done(frames / ((performance.now() - begin) / 1000));
    };
    requestAnimationFrame(frame);
  }));
  expect(perSecond).toBeGreaterThan(15);
});

test("something is painted before the engine is there", async ({ page, server }) => {
  await page.route(/assets/, () => { /* never answered */ });
  await page.goto(server, { waitUntil: "commit" });
  await expect(page.getByRole("heading", { name: "One prediction" })).toBeVisible();
  await expect(page.getByText("Loading the engine")).toBeVisible();
});
