// Uses the shop as a person would, in Chromium:
//
//   node drive.mjs http://… http://…
//
// The first address is the shop with all of its actions moved, the second with
// some. Prints one line per check, and the digests that the shop has shown.
// Ends with status 1 if a check failed. The order of the calls is what
// strangler_test.go expects at the backend.

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const [all, some] = process.argv.slice(2);
let failed = 0;

async function check(name, body) {
  try {
    await body();
    console.log('ok    ' + name);
  } catch (problem) {
    failed++;
    console.log('FAIL  ' + name + '\n' + problem.stack);
  }
}

// open makes a fresh browser profile with one page on a shop.
async function open(shop, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(shop);
  if (options?.javaScriptEnabled !== false) {
    await page.locator('html[data-ready]').waitFor();
    await page.evaluate(() => { window.stillHere = true; });
  }
  return page;
}

// press calls an action by its button and returns what the page then shows.
async function press(page, name) {
  await page.click(`#${name}`);
  const out = page.locator(`#${name}-out:not(:empty)`);
  await out.waitFor();
  return JSON.parse(await out.textContent());
}

const shows = (page, selector, text) => page.locator(selector).filter({ hasText: text }).waitFor();
const sameDocument = (page) => page.evaluate(() => window.stillHere === true);

// submit sends a form without JavaScript and returns where that leads.
async function submit(page, name, fields) {
  for (const [field, text] of Object.entries(fields)) await page.fill(`[name=${field}]`, text);
  await Promise.all([page.waitForNavigation(), page.click(`#${name}`)]);
  const url = new URL(page.url());
  return url.pathname + url.search;
}

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

// ---- all actions moved, with JavaScript ----

const page = await open(all);

await check('a plain result', async () => {
  assert.deepEqual(await press(page, 'stock'), { item: 'tea', note: '$1 a bag', left: 3 });
});

await check('a Date and a Map', async () => {
  assert.deepEqual(await press(page, 'quote'),
    { until: { Date: '2026-02-01T00:00:00.000Z' }, options: { Map: [['size', 2]] } });
});

await check('a form with useActionState, twice, so that the first state goes along with the second call', async () => {
  await page.fill('[name=item]', 'tea');
  await page.fill('[name=amount]', '$2');
  assert.deepEqual(await press(page, 'order'), { orders: ['tea $2'] });
  await page.fill('[name=item]', 'milk');
  await page.fill('[name=amount]', '1');
  await page.click('#order');
  await shows(page, '#order-out', 'milk');
  assert.equal(await page.textContent('#order-out'), '{"orders":["tea $2","milk 1"]}');
});

await check('a captured variable, opened for the backend', async () => {
  assert.deepEqual(await press(page, 'buy'), { closure: [{ cents: 1250, since: '2026-01-01T00:00:00.000Z' }], args: [3] });
});

await check('fresh data after a result with Actiongw-Revalidate', async () => {
  assert.equal(await page.textContent('#in-stock'), '3');
  assert.deepEqual(await press(page, 'restock'), 'more tea');
  await shows(page, '#in-stock', '13');
});

await check('a cookie, which the page then sees', async () => {
  assert.equal(await page.textContent('#user'), 'nobody');
  assert.equal(await press(page, 'signIn'), 'undefined');
  await shows(page, '#user', 'Ada');
  assert.equal((await page.context().cookies()).find((c) => c.name === 'user').httpOnly, true);
});

await check('all of that without leaving the page', async () => assert.equal(await sameDocument(page), true));

await check('a redirect from a form to another page of the app', async () => {
  await page.fill('[name=mail]', 'ada@shop.example');
  await page.click('#subscribe');
  await shows(page, 'h1', 'Thank you, says Go');
  assert.equal(page.url(), `${all}/thanks?by=Go`);
  await page.goBack();
  await shows(page, '#user', 'Ada');
});

await check('a redirect from a button, with Actiongw-Revalidate, to another page of the app', async () => {
  await page.click('#thank');
  await shows(page, 'h1', 'Thank you, says Go');
  assert.equal(page.url(), `${all}/thanks?by=Go`);
});

await check('a redirect to a page of the backend', async () => {
  await page.goto(all);
  await page.click('#report');
  await shows(page, 'h1', 'Report of the backend');
  assert.equal(page.url(), `${all}/reports/7`);
});

await page.context().close();

// failing presses a button in a shop of its own, because an error boundary
// replaces the page.
async function failing(name, intercept) {
  const page = await open(all);
  if (intercept) await page.route('**/*', intercept);
  await page.click(`#${name}`);
  return page;
}

// spoil changes one character of the sealed text in a call.
function spoil(route) {
  const body = route.request().postData();
  if (route.request().method() !== 'POST') return route.continue();
  const [sealed] = /[A-Za-z0-9+/]{100,}/.exec(body);
  const spoiled = sealed.slice(0, 40) + (sealed[40] === 'A' ? 'B' : 'A') + sealed.slice(41);
  return route.continue({ postData: body.replace(sealed, spoiled) });
}

await check('an error of the backend reaches the error boundary as a digest', async () => {
  const page = await failing('cancel');
  await shows(page, 'h1', 'Something failed');
  assert.equal((await page.textContent('main')).includes('shipped'), false);
  console.log('digest cancel ' + await page.textContent('#digest'));
  await page.context().close();
});

await check('not found shows the page of the app for it', async () => {
  const page = await failing('find');
  await shows(page, 'h1', 'No such thing');
  await page.context().close();
});

await check('a call with a changed closure reaches the error boundary with the gate\'s reason', async () => {
  const page = await failing('buy', spoil);
  await shows(page, 'h1', 'Something failed');
  const [, reason, digest] = /\((\w+), digest (\w+)\)/.exec(await page.textContent('#message'));
  console.log(`digest ${reason} ${digest}`);
  await page.context().close();
});

// ---- all actions moved, without JavaScript ----

await check('forms without JavaScript get the redirects of the backend', async () => {
  const page = await open(all, { javaScriptEnabled: false });
  assert.equal(await submit(page, 'subscribe', { mail: 'grace@shop.example' }), '/thanks?by=Go');
  await page.goto(all);
  assert.equal(await submit(page, 'order', { item: 'tea', amount: '5' }), '/thanks?by=Go');
  await page.context().close();
});

// ---- some actions moved ----

await check('one action is moved, another is not', async () => {
  const page = await open(some);
  assert.deepEqual(await press(page, 'stock'), { item: 'tea', note: '$1 a bag', left: 13 });
  assert.equal(await press(page, 'quote'), 'from Next.js');
  assert.deepEqual(await press(page, 'buy'), [{ cents: 1250, since: { Date: '2026-01-01T00:00:00.000Z' } }, 3]);
  await page.context().close();
});

await check('and so it is without JavaScript', async () => {
  const page = await open(some, { javaScriptEnabled: false });
  assert.equal(await submit(page, 'subscribe', { mail: 'grace@shop.example' }), '/thanks?by=Go');
  await page.goto(some);
  assert.equal(await submit(page, 'contact', { text: 'hello' }), '/thanks?by=Next.js');
  await page.goto(some);
  assert.equal(await submit(page, 'order', { item: 'tea', amount: '5' }), '/');
  assert.equal(await page.textContent('#order-out'), '"from Next.js"');
  await page.context().close();
});

await browser.close();
process.exitCode = failed ? 1 : 0;
