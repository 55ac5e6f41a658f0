// The user's own names: good, bad, as a file, dropped; diagnosed as by the program.
import { expect, nextchar, ready, test } from "./page.ts";

const BAD = "name,year\naabid,1\nO'Neil,2\n\nzeel,3\nzeel,3\n12345,4\n";

test("pasted names are diagnosed, and learned from", async ({ open }) => {
  const page = await open("d=italian-names");
  const names = nextchar("generate", "-n", "60", "--unique", "--seed", "9");
  await page.getByLabel(/Your names, one per line/).fill(names);
  await expect(page.locator(".diagnosis")).toContainText("different names in 60 lines");
  await page.getByRole("button", { name: "Step", exact: true }).click();
  await expect(page.locator(".standing .steps dd")).toContainText(/^1 /);
});

test("rejected lines are listed with reasons; a header is noticed", async ({ open }) => {
  const page = await open("p=kaiming&d=italian-names");
  await page.getByLabel(/Your names, one per line/).fill(BAD);
  await page.getByText(/rejected lines?/).click();
  await expect(page.locator(".diagnosis table")).toContainText("O'Neil");
  await expect(page.locator(".diagnosis")).toContainText("looks like a table header");
  await page.locator(".diagnosis").getByRole("button", { name: "name" }).click();
  await expect(page.locator(".diagnosis")).toContainText("4 different names");
});

test("a list without usable names is refused, with a remedy", async ({ open }) => {
  const page = await open("d=italian-names");
  await page.getByLabel(/Your names, one per line/).fill("_123\n456_\n");
  await expect(page.locator(".diagnosis .notice.bad")).toContainText("This list cannot be used.");
  await page.locator(".top select").nth(1).selectOption("animals");
  await expect(page.locator(".diagnosis")).toContainText("different names in 355 lines");
  await expect(page.locator(".notice.bad")).toHaveCount(0);
});

test("another script is learned at once", async ({ open }) => {
  const page = await open("d=italian-names");
  await page.getByLabel(/Your names, one per line/).fill("अनिता\nअमन\nराम\nसीता\nगीता\n".repeat(3) + "सुनीता\nरमन\nमीरा\nनीता\nअमर\nमानस\n");
  await expect(page.locator(".diagnosis")).toContainText("11 different names in 21 lines");
  await expect(page.locator(".diagnosis")).toContainText("learned in their own");
  await ready(page);
  await expect(page.locator(".notice.bad")).toHaveCount(0);
  await expect(page.locator("#network .command")).toContainText("nextchar train your-names.txt --alphabet auto");
  await page.getByRole("button", { name: "Play" }).click();
  await expect(page.locator("#samples")).toContainText(/\p{Script=Devanagari}/u, { timeout: 20_000 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1366);
});

test("a list that cannot be used cannot be played", async ({ open }) => {
  const page = await open("d=italian-names");
  await ready(page);
  await page.getByLabel(/Your names, one per line/).fill("_\n__\n");
  await expect(page.locator(".status .notice.bad")).toBeVisible();
  await expect(page.getByRole("button", { name: "Play" })).toBeDisabled();
  await page.locator(".top select").nth(1).selectOption("animals");
  await ready(page);
  await expect(page.getByRole("button", { name: "Play" })).toBeEnabled();
  await expect(page.locator(".status .notice.bad")).toHaveCount(0);
});

test("the user's own names outlive a reload, and without any the page says so", async ({ open }) => {
  const page = await open("d=italian-names");
  await page.locator(".top select").nth(1).selectOption("own");
  await expect(page.locator(".status .notice.bad")).toContainText("There are no names yet.");
  await expect(page.getByRole("button", { name: "Play" })).toBeDisabled();
  await page.getByLabel(/Your names, one per line/).fill("McDonald\nO'Brien\nvan der Berg\nSmith\nZoë\n");
  await expect(page.locator(".diagnosis")).toContainText("in upper and lower case as they are");
  await ready(page);
  await page.reload();
  await expect(page.locator(".diagnosis")).toContainText("5 different names in 5 lines");
  await expect(page.getByLabel(/Your names, one per line/)).toHaveValue(/McDonald/);
});

test("a file is opened, or dropped", async ({ open }) => {
  const page = await open("d=italian-names");
  const buffer = Buffer.from("aabid\r\naadesh\r\naashid\r\nzeel\r\n".repeat(3));
  await page.locator("#data input[type=file]").setInputFiles({ name: "mine.txt", mimeType: "text/plain", buffer });
  await expect(page.locator(".diagnosis")).toContainText("4 different names in 12 lines");
  const dropped = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["uno\ndue\ntre\n"], "numbers.txt", { type: "text/plain" }));
    return transfer;
  });
  await page.dispatchEvent("#picture", "drop", { dataTransfer: dropped }); // anywhere will do
  await expect(page.locator(".diagnosis")).toContainText("3 different names in 3 lines");
});

test("files are read in other encodings, and named if they are not lists", async ({ open }) => {
  const page = await open("d=italian-names");
  const offer = (name: string, buffer: Buffer) =>
    page.locator("#data input[type=file]").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
  await offer("notepad.txt", Buffer.from("\ufeffRenée\r\nZoë\r\nAnna\r\n", "utf16le"));
  await expect(page.locator(".diagnosis")).toContainText("3 different names in 3 lines");
  await expect(page.getByLabel(/Your names, one per line/)).toHaveValue(/Renée/);
  await offer("latin.txt", Buffer.from("Renée\nZoë\nAnna\nEve\n", "latin1"));
  await expect(page.locator(".diagnosis")).toContainText("4 different names in 4 lines");
  await expect(page.getByLabel(/Your names, one per line/)).toHaveValue(/Zoë/);
  await offer("names.jsonl", Buffer.from('{"name": "asha"}\n{"name": "usha"}\n'));
  await expect(page.locator(".diagnosis")).toContainText("2 different names in 2 lines");
  await offer("picture.png", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"));
  await expect(page.locator(".notice.bad").first()).toContainText("it is a picture, not a list of names");
  await expect(page.getByRole("button", { name: "Play" })).toBeDisabled();
  await expect(page.getByLabel(/Your names, one per line/)).toHaveValue("");
});
