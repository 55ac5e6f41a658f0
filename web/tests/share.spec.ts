// The address: the state is stored and restored, down to the bits of the run; slides; lessons.
import { expect, ready, stepOf, test } from "./page.ts";

test("a shared link restores settings, step, losses, picture and names", async ({ open, browser }) => {
  const page = await open("d=italian-names&v=0&n=500");
  await page.locator("#network").getByLabel("Hidden layers").fill("24");
  await expect(page.locator("#network")).toContainText("--hidden 24");
  await ready(page);
  for (let step = 0; step < 3; step++) await page.getByRole("button", { name: "Step", exact: true }).click();
  await page.getByLabel("Any text").fill("giulia");
  await page.locator("#generate").getByLabel("Begins with").fill("ma");
  await expect.poll(() => stepOf(page)).toBe(3);
  const form = page.locator("#generate");
  await expect(form.locator(".name").first()).toContainText(/^ma/);
  const link = await page.getByLabel(/^Link/).inputValue();
  expect(link.length).toBeLessThan(200);

  const other = await (await browser.newContext()).newPage();
  await other.goto(link);
  await ready(other);
  await expect.poll(() => stepOf(other)).toBe(3);
  await expect(other.getByLabel("Any text")).toHaveValue("giulia");
  await expect(other.locator(".formula")).toHaveText(await page.locator(".formula").innerText(), { useInnerText: true });
  await expect.poll(() => other.locator("#generate .name").allInnerTexts()).toEqual(await form.locator(".name").allInnerTexts());
  await other.close();
});

test("a link to a finished run finishes it again: the same model, the same names", async ({ open, browser }) => {
  const page = await open("d=italian-names&p=kaiming&h=12&n=40&v=0");
  await page.getByRole("button", { name: "Play" }).click();
  await expect.poll(() => stepOf(page)).toBe(40);
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.locator("#file")).toContainText("made in this page from italian-names");
  const losses = await page.locator("#file table").innerText();
  const other = await (await browser.newContext()).newPage();
  await other.goto(await page.getByLabel(/^Link/).inputValue());
  await expect(other.locator("#file table")).toHaveText(losses, { useInnerText: true });
  await expect.poll(() => other.locator("#generate .name").allInnerTexts())
    .toEqual(await page.locator("#generate .name").allInnerTexts());
  await other.close();
});

test("a link includes the user's names only on request", async ({ open, browser }) => {
  const page = await open("d=italian-names");
  await page.getByLabel(/Your names, one per line/).fill("uno\ndue\ntre\nquattro\ncinque\n");
  await expect(page.locator(".diagnosis")).toContainText("5 different names");
  expect(await page.getByLabel(/^Link/).inputValue()).not.toContain("own=");
  await page.getByLabel(/include my names in the link/).check();
  await expect(page.getByLabel(/^Link/)).toHaveValue(/own=/);
  const other = await (await browser.newContext()).newPage();
  await other.goto(await page.getByLabel(/^Link/).inputValue());
  await expect(other.locator(".diagnosis")).toContainText("5 different names");
  await other.close();
});

test("for slides, only the requested panels are shown", async ({ open }) => {
  const page = await open("", "?embed&show=picture,curves&d=italian-names");
  await expect(page.locator("#picture")).toBeVisible();
  await expect(page.locator("#curves")).toBeVisible();
  await expect(page.locator("#generate, #data, #network, header.top")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Play" })).toBeVisible();
});

test("every lesson opens", async ({ open }) => {
  test.setTimeout(120_000);
  const page = await open();
  const lessons = page.getByLabel("Lesson");
  for (const id of await lessons.locator("option").evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value))) {
    await lessons.selectOption(id);
    await page.waitForTimeout(300);
    await ready(page);
    await expect(page.locator(".notice.bad"), id).toHaveCount(0);
    await expect(page.locator(".lesson")).not.toBeEmpty();
    await expect(page.locator(".picture canvas")).toBeVisible();
  }
});

test("an address from anywhere does no harm: the fault is reported, and another lesson works", async ({ page, server }) => {
  await page.goto(`${server}#k=-5&e=1e99&h=zz&lr=abc&xi=999&x=%E0%A4%A&v=7&d=nothing&gt=0`);
  await expect(page.locator(".status .notice.bad")).toBeVisible();
  await page.getByLabel("Lesson").selectOption("backward");
  await ready(page);
  await expect(page.locator(".status .notice.bad")).toHaveCount(0);
});
