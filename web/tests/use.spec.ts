// Using a model: names under conditions and verdicts, the same as the program's; the picture and its numbers.
import { expect, nextchar, test } from "./page.ts";

interface Line { name?: string; log_prob?: number; constraint_probability?: number }

test("the same model, options and seed give the program's names", async ({ open }) => {
  const page = await open("m=file&gn=12&gs=7");
  await expect(page.locator("#generate .name")).toHaveCount(12);
  const native = nextchar("generate", "-n", "12", "--seed", "7").trim().split("\n");
  expect(await page.locator("#generate .name").allInnerTexts()).toEqual(native);
});

test("conditions: names, probability and marks are the program's", async ({ open }) => {
  const page = await open("m=file&gn=8&gs=3&gt=0.8");
  const form = page.locator("#generate");
  await form.getByLabel("Shortest").fill("6");
  await form.getByLabel("Longest").fill("6");
  await form.getByLabel("Ends with").fill("ya");
  await form.getByLabel("only new names").check();
  await form.getByLabel("no repetitions").check();
  await expect(form).toContainText("meet the conditions");
  const native = nextchar(
    "generate", "-n", "8", "--seed", "3", "--temperature", "0.8", "--min-length", "6", "--max-length", "6", "--suffix", "ya",
    "--novel", "--unique", "--json",
  ).trim().split("\n").map((line) => JSON.parse(line) as Line);
  const names = native.flatMap(({ name }) => (name === undefined ? [] : [name]));
  await expect.poll(() => form.locator(".name").allInnerTexts()).toEqual(names);
  for (const name of names) expect(name).toMatch(/^[a-z]{4}ya$/);
  await expect(form.getByText("new", { exact: true })).toHaveCount(8);

  await form.getByLabel("Pattern").fill("[");
  await expect(form.locator(".notice.bad")).toBeVisible();
  await form.getByLabel("Pattern").fill("");
  await expect(form.locator(".notice.bad")).toHaveCount(0);
});

test("verdicts are the program's", async ({ open }) => {
  const page = await open("m=file");
  const panel = page.locator("#score");
  for (const [word, verdict] of [["Aadesh", "✓ plausible"], ["asdfgh", "✗ not plausible"]] as const) {
    await panel.getByLabel("A word").fill(word);
    await expect(panel.locator(".verdict")).toContainText(verdict);
    const [native] = nextchar("score", word, "--json").trim().split("\n").map((line) => JSON.parse(line) as { log_prob: number });
    await expect(panel.locator(".verdict")).toContainText(`ln P = ${native!.log_prob.toFixed(2).replace("-", "−")}`);
    await expect(panel.locator(".places > li")).toHaveCount(word.length + 1);
  }
  await panel.getByLabel("A word").fill("zoé");
  await expect(panel.locator(".notice.bad")).toContainText("cannot be scored");
});

test("the picture: the window slides, numbers follow, backward shows P − target", async ({ open }) => {
  const page = await open("x=aabid&xi=3");
  const bars = page.getByRole("slider", { name: "Probabilities of the next character" });
  await bars.focus();
  await page.keyboard.press("Home");
  let total = 0;
  for (let token = 0; token < 27; token++) {
    total += Number((await page.locator(".formula p b").last().innerText()).replace("%", "")) / 100;
    await page.keyboard.press("ArrowDown");
  }
  expect(total).toBeGreaterThan(0.95);
  expect(total).toBeLessThan(1.05);

  await page.getByRole("button", { name: "predict d, position 5" }).click();
  await expect(page.locator(".formula h3")).toHaveText("What comes after abi?");
  await page.getByLabel("Backward: gradients").check();
  await bars.focus();
  await page.keyboard.press("Home");
  for (let token = 0; token < 4; token++) await page.keyboard.press("ArrowDown");
  await expect(page.locator(".formula")).toContainText("P(d) − 1, because it is the target");

  const units = page.getByRole("slider", { name: "Units of layer 1" });
  await units.focus();
  await page.keyboard.press("ArrowDown");
  await expect(page.locator(".formula")).toContainText("layer 1, unit 2 of 100");
  await expect(units).toHaveAttribute("aria-valuetext", /unit 2: gradient/);
});
