// The single page that `export --format html` writes: from disk, offline, it gives the program's names.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dist, expect, nextchar, test, watchFor } from "./page.ts";

test("the single page writes the names of the program, from disk", async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), "nextchar-single-"));
  const file = join(folder, "names.html");
  nextchar("export", "--format", "html", "--engine", join(dist, "assets/engine.wasm"), "--title", "Indian names", "--out", file);
  const wrong: string[] = [];
  watchFor(page, `file://${file}`, wrong);
  await page.goto(`file://${file}`);
  await expect(page).toHaveTitle("Indian names");

  const names = page.locator("#names li");
  const native = (...options: string[]) => nextchar("generate", ...options).trim().split("\n");
  await expect.poll(() => names.allInnerTexts()).toEqual(native("-n", "20"));

  await page.getByLabel("Begins with").fill("sa");
  await page.getByLabel("Longest").fill("7");
  await page.getByLabel("Seed").fill("lecture");
  await page.getByLabel("No repetitions").check();
  await page.getByLabel("Only new names").check();
  await page.getByRole("button", { name: "Write names" }).click();
  await expect(page.getByRole("status")).toContainText("meet the conditions");
  expect(await names.allInnerTexts())
    .toEqual(native("-n", "20", "--prefix", "sa", "--max-length", "7", "--seed", "lecture", "--unique", "--novel"));

  await page.getByLabel("Begins with").fill("é");
  await page.getByRole("button", { name: "Write names" }).click();
  await expect(names).toHaveCount(0);
  await expect(page.getByRole("status")).not.toBeEmpty();
  expect(wrong).toEqual([]);
  rmSync(folder, { recursive: true });
});
