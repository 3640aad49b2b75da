// Uses the invoice app of the examples as a person would, in Chromium:
//
//   npm ci && node examples.mjs http://127.0.0.1:8080 http://127.0.0.1:9080 http://127.0.0.1:9081
//
// The arguments are the gate, its handler actiongw_seal, and that of a gate
// for another site with the same keys. Prints one line per check and ends with
// status 1 if any failed. The backend must have been started just now.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

const [gate, sealer, foreignSealer] = process.argv.slice(2);
const complaints = []; // errors of the page itself
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

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

// open makes a fresh browser profile with one page on the app. tamper changes
// what the backend has sealed into it, before the browser sees it.
async function open({ tamper, ...options } = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on("pageerror", (e) => complaints.push(e.message));
  if (tamper) {
    await page.route((url) => url.pathname === "/", async (route) => {
      if (route.request().method() !== "GET") return route.continue();
      const response = await route.fetch();
      const body = await response.text();
      const changed = body.replaceAll(/ag1\.[\w.-]+/g, tamper);
      assert.notEqual(changed, body);
      await route.fulfill({ response, body: changed });
    });
  }
  await page.goto(gate);
  return page;
}

const receipt = { name: "receipt.bin", mimeType: "application/octet-stream", buffer: Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 251)) };
const data = (page) => page.evaluate(async () => JSON.parse(
  new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html").getElementById("page").textContent));
const newest = (page) => page.locator("#invoices li").last();

async function create(page, customer, amount) {
  await page.fill("#create [name=customer]", customer);
  await page.fill("#create [name=amount]", amount);
  await page.click("#create button");
}

// ---- with JavaScript ----

const js = await open();

await check("the app takes the place of the backend's forms", async () => {
  await js.locator("#trouble").waitFor();
  assert.equal(await js.locator("input[type=hidden]").count(), 0);
  await js.evaluate(() => { window.stillHere = true; });
});

await check("an invoice with mistakes shows both, and keeps what was typed", async () => {
  await create(js, "  ", "a lot");
  await js.getByText("Who gets the invoice?").waitFor();
  await js.getByText("Write the amount like 12.50.").waitFor();
  assert.equal(await js.inputValue("#create [name=amount]"), "a lot");
  assert.equal((await data(js)).invoices.length, 1);
});

await check("an invoice is on the list before the answer, and stays there", async () => {
  let answer;
  await js.route("**/*", async (route) => {
    if (route.request().method() === "POST") await new Promise((resolve) => { answer = resolve; });
    await route.continue();
  });
  await create(js, "Grace & <b>Sons</b> 💶", "99.00");
  await newest(js).getByText("saving …").waitFor();
  assert.equal(await newest(js).locator("b").textContent(), "Grace & <b>Sons</b> 💶");
  answer();
  await newest(js).getByText("Publish").waitFor();
  assert.equal(await newest(js).locator("b").textContent(), "Grace & <b>Sons</b> 💶");
  await js.getByText("Invoice 2 is there.").waitFor();
  await js.unroute("**/*");
});

await check("a like comes back as a number and a Date", async () => {
  await js.click("#like button");
  await js.locator("#like output").getByText("1").waitFor();
  assert.match(await js.locator("#like small").textContent(), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

await check("a page that is out of date cannot publish, and says why", async () => {
  const old = await open();
  await newest(js).locator("[type=file]").setInputFiles(receipt);
  await newest(js).getByText("Attach").click();
  await newest(js).getByText("receipt.bin, 70000 bytes").waitFor();
  await newest(old).getByText("Publish").click();
  await newest(old).getByText("Invoice 2 has changed since you loaded this page.").waitFor();
  assert.equal((await data(js)).invoices[1].published, false);
  await old.context().close();
});

await check("the file that was attached arrived byte for byte", async () => {
  assert.deepEqual((await data(js)).invoices[1].receipt,
    { name: "receipt.bin", size: 70_000, sha256: createHash("sha256").update(receipt.buffer).digest("hex") });
});

await check("no file is a mistake that the app shows", async () => {
  await newest(js).getByText("Attach").click();
  await newest(js).getByText("Choose a file.").waitFor();
});

await check("what was sealed for this version publishes it", async () => {
  await newest(js).getByText("Publish").click();
  await newest(js).getByText("published").waitFor();
  assert.equal((await data(js)).invoices[1].published, true);
});

await check("signing in sets a cookie that scripts cannot read, and redirects", async () => {
  await js.fill("#sign-in [name=user]", "Zoë; a=b");
  await js.click("#sign-in button");
  await js.getByText("Signed in as Zoë; a=b").waitFor();
  assert.equal(new URL(js.url()).search, "?welcome");
  const [cookie] = await js.context().cookies();
  assert.equal(cookie.name, "user");
  assert.equal(cookie.httpOnly, true);
});

// alert presses a button and returns what the error boundary shows.
async function alert(page, button) {
  await button.click();
  await page.locator("[role=alert]").waitFor();
  const shown = await page.locator("[role=alert]").innerText();
  await page.getByText("Try again").click();
  return shown;
}

await check("a failure of the backend is an error with a digest, and nothing else", async () => {
  const shown = await alert(js, js.getByText("An action that fails"));
  assert.match(shown, /^This did not work\. [A-Z0-9]{13} Try again$/);
});

await check("an action that nobody declared is an error with its reason", async () => {
  const shown = await alert(js, js.getByText("An action that nobody declared"));
  assert.match(shown, / action_unknown [A-Z0-9]{13} Try again$/);
});

await check("a text that was never sealed is an error with its reason", async () => {
  const shown = await alert(js, js.getByText("A seal that is none"));
  assert.match(shown, / closure_\w+ [A-Z0-9]{13} Try again$/);
});

await check("a client that asks for Flight only gets a refusal as an error row", async () => {
  await js.route("**/*", (route) => route.continue({ headers: { ...route.request().headers(), accept: "text/x-component" } }));
  const shown = await alert(js, js.getByText("An action that nobody declared"));
  assert.match(shown, /^This did not work\. [A-Z0-9]{13} Try again$/);
  await js.unroute("**/*");
});

await check("all of it went without loading the page", async () => {
  assert.equal(await js.evaluate(() => window.stillHere), true);
});

// ---- without JavaScript ----

const plain = await open({ javaScriptEnabled: false });
const submit = async (page, button) => (await Promise.all([page.waitForNavigation(), button.click()]))[0];

await check("a form with mistakes shows them", async () => {
  await plain.fill("#create [name=amount]", "a lot");
  const answer = await submit(plain, plain.locator("#create button"));
  assert.equal(answer.status(), 422);
  await plain.getByText("Who gets the invoice? Write the amount like 12.50.").waitFor();
});

await check("a form creates an invoice", async () => {
  await plain.fill("#create [name=customer]", "Hedy <i>");
  await plain.fill("#create [name=amount]", "7.00");
  const answer = await submit(plain, plain.locator("#create button"));
  assert.equal(answer.status(), 200); // after the redirect
  assert.equal(await newest(plain).locator("b").textContent(), "Hedy <i>");
});

await check("a form of useActionState, with a state and a key, creates one, too", async () => {
  const id = (await data(js)).invoices.length + 1;
  await plain.locator("#create").evaluate((form) => {
    form.querySelector("[type=hidden]").remove();
    for (const [name, value] of [["$ACTION_REF_1", ""], ["$ACTION_1:0", '{"id":"createInvoice","bound":"$@1"}'],
      ["$ACTION_1:1", '[{"errors":{}}]'], ["$ACTION_KEY", "k0123456789abcdef0123456789abcdef"]]) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
  });
  await plain.fill("#create [name=customer]", "Mary");
  await plain.fill("#create [name=amount]", "8.00");
  await submit(plain, plain.locator("#create button"));
  assert.equal(await newest(plain).locator("b").textContent(), "Mary");
  assert.equal((await data(js)).invoices.at(-1).id, id);
});

await check("a form carries a file, and the invoice's number beside it", async () => {
  await newest(plain).locator("[type=file]").setInputFiles(receipt);
  await submit(plain, newest(plain).getByText("Attach"));
  assert.equal((await data(js)).invoices.at(-1).receipt.sha256, createHash("sha256").update(receipt.buffer).digest("hex"));
});

await check("a form of a page that is out of date cannot publish, and says why", async () => {
  const old = await open({ javaScriptEnabled: false });
  await newest(plain).locator("[type=file]").setInputFiles(receipt);
  await submit(plain, newest(plain).getByText("Attach"));
  const answer = await submit(old, newest(old).getByText("Publish"));
  assert.equal(answer.status(), 422);
  await old.getByText("has changed since you loaded this page").waitFor();
  await old.context().close();
});

await check("a form likes", async () => {
  await submit(plain, plain.locator("#like button"));
  assert.equal(await plain.locator("#like output").textContent(), "2");
});

await check("a form signs in", async () => {
  await plain.fill("#sign-in [name=user]", "Zoë; a=b");
  await submit(plain, plain.locator("#sign-in button"));
  assert.equal(new URL(plain.url()).search, "?welcome");
  await plain.getByText("Signed in as Zoë; a=b").waitFor();
});

// ---- seals that somebody put in place of the page's own ----

// seal has a gate seal the newest invoice, as the backend does for its page.
async function seal(at, action, ttl) {
  const { id, version } = (await data(js)).invoices.at(-1);
  const response = await fetch(at, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ action, values: [id, version], ttl }),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()).sealed;
}

const genuine = await seal(sealer, "publish");
const another = genuine.at(-6) === "A" ? "B" : "A";
const expired = await seal(sealer, "publish", 1);
await sleep(2000); // its time is in whole seconds

const attacks = [
  ["an altered seal", "closure_altered", genuine.slice(0, -6) + another + genuine.slice(-5)],
  ["an expired seal", "closure_expired", expired],
  ["a seal of another site", "closure_altered", await seal(foreignSealer, "publish")],
  ["a seal of another action", "closure_altered", await seal(sealer, "attachReceipt")],
];
for (const [name, reason, sealed] of attacks) {
  await check(`${name} is an error in the app`, async () => {
    const page = await open({ tamper: () => sealed });
    const shown = await alert(page, newest(page).getByText("Publish"));
    assert.match(shown, new RegExp(` ${reason} [A-Z0-9]{13} Try again$`));
    await page.context().close();
  });

  await check(`${name} is a page that says so without JavaScript`, async () => {
    const page = await open({ javaScriptEnabled: false, tamper: () => sealed });
    const answer = await submit(page, newest(page).getByText("Publish"));
    assert.equal(answer.status(), 403);
    assert.ok((await page.innerText("body")).includes(reason));
    await page.context().close();
  });
}

await check("none of them published anything", async () => {
  assert.equal((await data(js)).invoices.at(-1).published, false);
});

await check("the genuine one does", async () => {
  const page = await open({ javaScriptEnabled: false });
  await submit(page, newest(page).getByText("Publish"));
  assert.equal((await data(js)).invoices.at(-1).published, true);
  await page.context().close();
});

await check("the page complains about nothing", () => assert.deepEqual(complaints, []));

await browser.close();
process.exitCode = failed ? 1 : 0;
