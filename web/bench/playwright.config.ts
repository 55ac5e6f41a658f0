// Measurements of the page, run by hand: npx playwright test -c bench
import base from "../playwright.config.ts";

export default { ...base, testDir: ".", testMatch: "*.bench.ts" };
