// Uses the page of `actiongw demo` as a person would, in Chromium:
//
//   npm ci && node demo.mjs http://127.0.0.1:8080 [folder for pictures]
//
// Prints one line per check and ends with status 1 if any failed. The order of
// the calls is what demo_test.go expects on the demo's terminal.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [gate, pictures] = process.argv.slice(2);
const complaints = []; // errors of the page itself: exceptions, CSP violations
let failed = 0;

async function check(name, body) {
  try {
    await body();
    console.log("ok    " + name);
  } catch (problem) {
    failed++;
    console.log("FAIL  " + name + "\n" + problem.stack);
  }
}

// open makes a fresh browser profile with one page on the guest book.
async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on("pageerror", (e) => complaints.push(e.message));
  page.on("console", (m) => {
    // A refused fetch is logged by Chromium as a failed load: that is expected.
    if (m.type() === "error" && !m.text().startsWith("Failed to load resource")) complaints.push(m.text());
  });
  await page.goto(gate);
  return page;
}

const picture = async (page, name) => {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
};
const reached = async (page) => Number(await page.textContent("#calls"));
const firstEntry = (page) => page.locator("#entries li").first();

// attempt presses one of the buttons and returns what appears beside it.
async function attempt(page, name) {
  await page.click(`[data-attempt="${name}"]`);
  const out = page.locator(`#${name}-out`);
  await out.locator(name === "upload" ? ".badge" : ".aside").waitFor();
  return out.innerText();
}

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

// ---- with JavaScript ----

const page = await open({ viewport: { width: 1200, height: 900 } });

await check("the form, enhanced to a fetch call, signs the book without a page load", async () => {
  const before = await reached(page);
  await page.evaluate(() => { window.stillHere = true; });
  await page.fill("#name", "Ada");
  await page.fill("#message", "$2 for <b>every</b> call");
  await page.click("#sign button");
  await page.getByText("Your entry is in the book.").waitFor();
  assert.equal(await firstEntry(page).locator("b").textContent(), "Ada");
  assert.equal(await firstEntry(page).locator(".said").textContent(), "$2 for <b>every</b> call");
  await page.waitForFunction((n) => Number(document.getElementById("calls").textContent) === n, before + 1);
  assert.equal(await page.evaluate(() => window.stillHere), true);
});

await check("the page shows the call as the backend got it", async () => {
  const last = JSON.parse(await page.textContent("#last"));
  assert.deepEqual(last, {
    action: "sign", id: "sign", url: "/", closure: [1],
    args: [{ name: ["Ada"], message: ["$2 for <b>every</b> call"] }], types: { "/args/0": "FormData" },
  });
});

const refusals = {
  method: ["405", "method_not_allowed"],
  id: ["404", "action_unknown"],
  size: ["413", "body_too_large"],
  media: ["415", "media_type_unsupported"],
  broken: ["400", "form_malformed"],
  hidden: ["400", "form_malformed"],
  prototype: ["400", "reply_reference_invalid"],
  direct: ["403", "path_reserved"],
  missing: ["403", "closure_missing"],
  altered: ["403", "closure_altered"],
  stale: ["403", "closure_expired"],
  moved: ["403", "closure_altered"],
  stolen: ["403", "closure_binding_mismatch"],
};
for (const [name, [status, reason]] of Object.entries(refusals)) {
  await check(`the bad call "${name}" shows ${reason} and never reaches the backend`, async () => {
    const before = await reached(page);
    const shown = await attempt(page, name);
    for (const text of [status, reason, "The backend heard nothing."]) assert.ok(shown.includes(text), `${text} is not in: ${shown}`);
    assert.equal(await reached(page), before);
  });
}

await check("the decisions are on the page, the newest on top", async () => {
  const newest = page.locator("#decisions tr").first();
  await newest.getByText("closure_binding_mismatch").waitFor();
  assert.match(await newest.innerText(), /^\d\d:\d\d:\d\d\s+POST \/\s+fetch\s+refuse\s+closure_binding_mismatch\s+403$/);
});

await check("an ordinary upload passes untouched", async () => {
  const calls = await reached(page);
  const shown = await attempt(page, "upload");
  assert.match(shown, /Passed, 200\s+3,000,000 bytes arrived, each as it was sent\./);
  await page.waitForFunction(() => document.getElementById("uploads").textContent === "1");
  assert.equal(await reached(page), calls);
});
await picture(page, "page");

await check("the evil twin's form gets the gate's refusal page", async () => {
  const [twin] = await Promise.all([page.context().waitForEvent("page"), page.click("text=Visit the evil twin")]);
  await twin.waitForLoadState();
  assert.notEqual(new URL(twin.url()).origin, new URL(gate).origin);
  await picture(twin, "twin");
  const [answer] = await Promise.all([twin.waitForNavigation(), twin.click("text=Claim your prize")]);
  assert.equal(answer.status(), 403);
  assert.equal(new URL(twin.url()).origin, new URL(gate).origin);
  const text = await twin.innerText("body");
  assert.ok(text.includes("origin_not_allowed"), text);
  await picture(twin, "refused");
  await twin.close();
});

await check("the buttons that remove entries work with fetch calls, on new entries and on loaded ones", async () => {
  for (const load of [false, true]) {
    await page.fill("#name", "Mistaken");
    await page.fill("#message", "to be removed");
    await page.click("#sign button");
    await page.getByText("Your entry is in the book.").waitFor();
    if (load) await page.reload();
    await firstEntry(page).locator("button").click();
    await page.getByText("Your entry is gone.").waitFor();
    assert.equal(await firstEntry(page).locator("b").textContent(), "Ada");
  }
});

await check("the page complains about nothing", () => assert.deepEqual(complaints, []));
await page.context().close();

// ---- without JavaScript, on a narrow screen ----

const plain = await open({ javaScriptEnabled: false, viewport: { width: 320, height: 700 } });

await check("the bad calls and the twin have left nothing in the book", async () => {
  assert.deepEqual(await plain.locator("#entries .by b").allTextContents(), ["Ada", "The backend"]);
  assert.equal(await reached(plain), 5);
});

await check("the form signs the book without JavaScript", async () => {
  await plain.fill("#name", "Grace");
  await plain.fill("#message", "no script here");
  await Promise.all([plain.waitForNavigation(), plain.click("#sign button")]);
  assert.equal(await firstEntry(plain).locator("b").textContent(), "Grace");
  assert.equal(await reached(plain), 6);
});

await check("only the entry of this visitor has a button that removes it, and it works without JavaScript", async () => {
  const buttons = plain.locator("#entries button");
  assert.equal(await buttons.count(), 1);
  await Promise.all([plain.waitForNavigation(), buttons.click()]);
  assert.deepEqual(await plain.locator("#entries .by b").allTextContents(), ["Ada", "The backend"]);
});

await check("buttons that need a script are not shown without", async () => {
  assert.equal(await plain.locator("[data-attempt]").first().isVisible(), false);
  assert.equal(await plain.locator("noscript p").isVisible(), true);
});

await check("nothing sticks out of a narrow screen", async () => {
  const widest = await plain.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(widest <= 320, `the page is ${widest} pixels wide`);
});
await picture(plain, "narrow");

await browser.close();
process.exitCode = failed ? 1 : 0;
