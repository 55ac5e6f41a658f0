// Training in the page: to a target, step by step, reset, and to the bytes of the program.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dist, expect, nextchar, ready, stepOf, test } from "./page.ts";

test("the lecture's network learns to the loss that the lecture reaches", async ({ open }) => {
  const page = await open("v=0");
  await page.getByRole("button", { name: "Play" }).click();
  await expect(page.getByText(/All 30,000 steps are done/)).toBeVisible({ timeout: 50_000 });
  const val = Number(await page.locator(".standing div", { hasText: "Val loss" }).locator("dd").innerText());
  expect(val).toBeLessThan(2.25);
  const curve = page.locator("#curves svg[role=img]");
  await expect(curve).toHaveAttribute("aria-label", /val 2\.[12].*ln 27 3\.30, all 27 equally likely/);
  await page.locator("#samples").scrollIntoViewIfNeeded();
  await expect(page.locator(".samples li").first()).toBeVisible();

  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.locator("#file table")).toContainText("test");
});

test("a setting that changes while the page plays begins a new run", async ({ open }) => {
  const page = await open("v=100&d=italian-names");
  await page.getByRole("button", { name: "Play" }).click();
  await expect.poll(() => stepOf(page)).toBeGreaterThan(20);
  await page.locator(".top select").nth(1).selectOption("animals");
  await expect(page.locator(".diagnosis")).toContainText("different names in 355 lines");
  await ready(page);
  expect(await stepOf(page)).toBe(0);
  await expect(page.getByRole("button", { name: "Play" })).toBeEnabled();
});

test("one step, play at a speed, pause, reset", async ({ open }) => {
  const page = await open("v=100");
  const step = page.getByRole("button", { name: "Step", exact: true });
  await step.click();
  await expect.poll(() => stepOf(page)).toBe(1);
  await step.click();
  await expect.poll(() => stepOf(page)).toBe(2);

  await page.getByRole("button", { name: "Play" }).click();
  await page.waitForTimeout(2000);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.waitForTimeout(200); // the current slice still reports its steps
  const done = await stepOf(page);
  expect(done).toBeGreaterThan(40);
  expect(done).toBeLessThan(400);
  await page.waitForTimeout(300);
  expect(await stepOf(page)).toBe(done);

  await page.getByRole("button", { name: "Reset" }).click();
  await expect.poll(() => stepOf(page)).toBe(0);
});

test("the model file has the bytes of the program's", async ({ open }) => {
  const page = await open("d=italian-names&p=lecture&n=400&v=0&seed=seven");
  await page.getByRole("button", { name: "Play" }).click();
  await expect(page.getByText(/All 400 steps are done/)).toBeVisible();
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.locator("#file table")).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent("download"), page.getByRole("button", { name: "Download the model" }).click(),
  ]);
  const folder = mkdtempSync(join(tmpdir(), "nextchar-web-"));
  const native = join(folder, "native.safetensors");
  nextchar("train", "italian-names", "--preset", "lecture", "--steps", "400", "--seed", "seven", "--portable", "--out", native);
  expect(readFileSync((await download.path())!).equals(readFileSync(native))).toBe(true);

  // And back: the page opens what the program wrote.
  await page.setInputFiles("#file input[type=file]", native);
  await expect(page.locator("#file")).toContainText("native.safetensors");

  const [single] = await Promise.all([
    page.waitForEvent("download"), page.getByRole("button", { name: "Download as one HTML page" }).click(),
  ]);
  const exported = join(folder, "names.html");
  nextchar("export", "--format", "html", "--engine", join(dist, "assets/engine.wasm"), "-m", native, "--out", exported);
  expect(readFileSync((await single.path())!).equals(readFileSync(exported))).toBe(true);
  execFileSync("rm", ["-r", folder]);
});

test("a finished model has learnt the held-out names, too, unless the options say otherwise", async ({ open }) => {
  const page = await open("p=fast&d=italian-names&h=8&n=200&v=0");
  const finish = async () => {
    await page.getByRole("button", { name: "Play" }).click();
    await expect(page.getByText(/All 200 steps are done/)).toBeVisible();
    await page.getByRole("button", { name: "Finish" }).click();
    await expect(page.locator("#file table")).toBeVisible();
  };
  await finish();
  await expect(page.locator("#file")).toContainText("measured before the model learnt the validation and test names");
  await page.getByText("All options").click();
  await page.getByLabel("model file that has not learnt the validation and test names").check();
  await ready(page);
  await expect(page.locator("#network .command")).toContainText("--no-refit");
  await finish();
  await expect(page.locator("#file")).not.toContainText("measured before the model learnt");
});

test("all of train's options: the command shows what is set, and this is what runs", async ({ open }) => {
  const page = await open("p=kaiming&d=italian-names&h=8&n=30&v=0");
  const network = page.locator("#network");
  await network.getByText("All options").click();
  await network.getByLabel("Networks, averaged").fill("2");
  await network.getByLabel("Label smoothing").fill("0.05");
  await network.getByLabel("Training, validation, test").fill("70,20,10");
  await network.getByLabel("Learning rate").fill("auto");
  await expect(network.locator(".command")).toHaveText(/--learning-rate auto --networks 2 .*--split 70,20,10/);
  await expect(network).toContainText("All options (3 set)");
  await ready(page);
  await page.getByRole("button", { name: "Play" }).click();
  await expect(page.locator(".standing .steps")).toContainText("network 2 of 2");
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.locator("#file")).toContainText("made in this page");
});
