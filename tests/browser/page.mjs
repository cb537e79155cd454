// report.html in headless Chromium: silent, fetching nothing, usable by mouse and keyboard, accessible, and looked at in
// light, dark and at 360 pixels. The charts beside it are drawn alone too.
//
//   node page.mjs PAGE SCREENSHOT_FOLDER      with puppeteer-core and axe-core to be found from the working directory
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(path.join(process.cwd(), "package.json"));
const puppeteer = require("puppeteer-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [page, screenshots] = process.argv.slice(2);
const url = pathToFileURL(path.resolve(page)).href;
fs.mkdirSync(screenshots, { recursive: true });

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});

/** Opens the page and notes everything that it says or asks for. */
async function open(look) {
  const tab = await browser.newPage();
  const said = [];
  tab.on("console", (message) => said.push(`console: ${message.text()}`));
  tab.on("pageerror", (error) => said.push(`error: ${error.message}`));
  tab.on("request", (request) => {
    if (request.url() !== url && !request.url().startsWith("data:")) said.push(`request: ${request.url()}`);
  });
  tab.on("requestfailed", (request) => said.push(`failed: ${request.url()}`));
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: look.scheme }]);
  await tab.setViewport({ width: look.width, height: 900 });
  await tab.goto(url, { waitUntil: "load" });
  return { tab, said };
}

const texts = (tab, column) =>
  tab.$$eval("#cells tbody tr:not([hidden])", (rows, column) => rows.map((row) => row.cells[column].innerText.trim()), column);
const headings = (tab) => tab.$$eval("#cells thead th", (cells) => cells.map((cell) => cell.innerText.replace(/\s+/g, " ").trim()));
const number = (text) => (text === "–" ? null : Number(text.replace(/[^0-9.]/g, "")));

function assertAscending(values, what) {
  const known = values.filter((value) => value !== null);
  assert.deepEqual(known, [...known].sort((a, b) => a - b), `${what} ascends`);
  assert.equal(values.indexOf(null) === -1 || values.indexOf(null) >= known.length, true, `${what}: absent ones come last`);
}

/** Sorting and filtering, by the means that `press` gives for a heading and a box. */
async function sortsAndFilters(tab, press, type, how) {
  const names = await headings(tab);
  const column = names.findIndex((name) => name.startsWith("p50"));
  const all = (await texts(tab, 0)).length;
  await press(`#cells thead th:nth-child(${column + 1}) button`);
  assertAscending((await texts(tab, column)).map(number), `${how}: p50`);
  assert.equal(await tab.$eval(`#cells thead th:nth-child(${column + 1})`, (cell) => cell.getAttribute("aria-sort")), "ascending");
  await press(`#cells thead th:nth-child(${column + 1}) button`);
  assertAscending((await texts(tab, column)).map(number).filter((value) => value !== null).reverse(), `${how}: p50 backwards`);
  await press("#cells thead th:nth-child(1) button");
  const model = (await texts(tab, 0))[0];
  await type("#filter", model);
  const left = await texts(tab, 0);
  assert.ok(left.length > 0 && left.length < all && left.every((name) => name.includes(model)), `${how}: filtered to ${left}`);
  assert.equal(await tab.$eval("#shown", (status) => status.textContent), `${left.length} of ${all} cells`);
  await type("#filter", "nothing has such a name");
  assert.equal((await texts(tab, 0)).length, 0);
  await type("#filter", "");
  assert.equal((await texts(tab, 0)).length, all);
}

/** Moves the focus by the tabulator alone until it is on `selector`. */
async function tabTo(tab, selector) {
  await tab.evaluate(() => document.activeElement?.blur());
  for (let step = 0; step < 400; step += 1) {
    await tab.keyboard.press("Tab");
    if (await tab.evaluate((selector) => document.activeElement?.matches(selector), selector)) return;
  }
  assert.fail(`the tabulator never reaches ${selector}`);
}

async function replaced(tab, text) {
  await tab.keyboard.down("Control");
  await tab.keyboard.press("KeyA");
  await tab.keyboard.up("Control");
  await tab.keyboard.press("Backspace");
  await tab.keyboard.type(text);
}

let failures = 0;
for (const look of [
  { name: "light", scheme: "light", width: 1280 },
  { name: "dark", scheme: "dark", width: 1280 },
  { name: "narrow", scheme: "light", width: 360 },
]) {
  const { tab, said } = await open(look);
  await tab.screenshot({ path: path.join(screenshots, `${look.name}.png`), fullPage: true });
  const wide = await tab.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide[0] <= wide[1], `${look.name}: the page is ${wide[0]} px wide in a window of ${wide[1]}`);
  const twice = await tab.evaluate(() => {
    const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
    return ids.filter((id, index) => ids.indexOf(id) !== index);
  });
  assert.deepEqual(twice, [], "ids are unique");
  const dark = await tab.evaluate(() => getComputedStyle(document.querySelector("svg > rect")).fill);
  assert.equal(dark, look.scheme === "dark" ? "rgb(13, 17, 23)" : "rgb(255, 255, 255)", `${look.name}: charts follow the reader`);
  if (look.name !== "dark") {
    await sortsAndFilters(tab, (selector) => tab.click(selector), async (selector, text) => {
      await tab.click(selector);
      await replaced(tab, text);
    }, `${look.name}, mouse`);
    await sortsAndFilters(tab, async (selector) => {
      await tabTo(tab, selector);
      await tab.keyboard.press("Enter");
    }, async (selector, text) => {
      await tabTo(tab, selector);
      await replaced(tab, text);
    }, `${look.name}, keyboard`);
  }
  assert.deepEqual(said, [], `${look.name}: the page is silent and fetches nothing`);
  // Through the debugger, which the page's policy does not bind.
  await tab.evaluate(axe);
  const found = await tab.evaluate(() => globalThis.axe.run());
  for (const violation of found.violations) {
    failures += 1;
    console.error(`${look.name}: ${violation.id}: ${violation.help}`);
    violation.nodes.slice(0, 3).forEach((node) => console.error(`  ${node.html.slice(0, 160)}\n  ${node.failureSummary}`));
  }
  console.log(`${look.name}: ${found.passes.length} rules of axe-core passed, ${found.violations.length} violated`);
  await tab.close();
}

// The charts by themselves, as an image on another page shows them and as a document of their own.
for (const name of fs.readdirSync(path.dirname(page)).filter((name) => name.endsWith(".svg"))) {
  const { tab, said } = await open({ scheme: "light", width: 1280 });
  await tab.goto(pathToFileURL(path.resolve(path.dirname(page), name)).href);
  const drawn = await tab.evaluate(() => {
    const { width, height } = document.documentElement.getBoundingClientRect();
    return { root: document.documentElement.tagName, broken: document.querySelectorAll("parsererror").length, width, height };
  });
  assert.equal(drawn.root, "svg", name);
  assert.equal(drawn.broken, 0, name);
  assert.ok(drawn.width >= 1200 && drawn.height > 100, `${name}: ${drawn.width} x ${drawn.height}`);
  assert.deepEqual(said.filter((words) => !words.endsWith(name)), [], name);
  await tab.close();
}

// On paper: nothing of the tools, light colours.
const { tab } = await open({ scheme: "dark", width: 1280 });
await tab.emulateMediaType("print");
assert.equal(await tab.$eval("#tools", (tools) => getComputedStyle(tools).display), "none");
assert.equal(await tab.$eval("body", (body) => getComputedStyle(body).backgroundColor), "rgb(255, 255, 255)");
await tab.pdf({ path: path.join(screenshots, "print.pdf") });
await browser.close();
assert.equal(failures, 0, "axe-core found violations");
