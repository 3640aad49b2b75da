// An invoice app. Its actions are called through the gate only, as plain JSON.

import { createHash } from "node:crypto";
import express from "express";
import { readCall, seal } from "./gate.mjs";

const invoices = [{ id: 1, customer: "Ada", amount: "12.50", version: 1, published: false, receipt: null }];
let likes = 0;

// Each action takes the call and returns what the caller gets: a value, and
// its types if JSON has no word for one; whether the page has changed; a
// problem for the person who sent a form without JavaScript.
const actions = {
  createInvoice({ args }) {
    // React's useActionState puts the previous state in front.
    const { customer: [customer = ""] = [], amount: [amount = ""] = [] } = args.at(-1);
    const errors = {};
    if (!customer.trim()) errors.customer = "Who gets the invoice?";
    if (!/^[0-9]{1,7}\.[0-9]{2}$/.test(amount)) errors.amount = "Write the amount like 12.50.";
    if (Object.keys(errors).length) return { value: { errors, values: { customer, amount } }, problem: Object.values(errors).join(" ") };
    const id = invoices.length + 1;
    invoices.push({ id, customer, amount, version: 1, published: false, receipt: null });
    return { value: { created: id }, changed: true };
  },

  // What the page showed comes back sealed: nobody can publish what they have
  // not seen.
  publish({ closure: [id, version] }) {
    const invoice = invoices.find((invoice) => invoice.id === id);
    if (invoice.version !== version) {
      const error = `Invoice ${id} has changed since you loaded this page. Load it again and look.`;
      return { value: { error }, problem: error };
    }
    invoice.published = true;
    invoice.version++;
    return { value: { published: id }, changed: true };
  },

  async attachReceipt({ args: [id, form], file }) {
    const invoice = invoices.find((invoice) => invoice.id === id);
    const [receipt] = form.receipt ?? [];
    if (!invoice || !receipt?.size) return { value: { error: "Choose a file." }, problem: "Choose a file." };
    const bytes = Buffer.from(await file(receipt).arrayBuffer());
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    invoice.receipt = { name: receipt.name, size: bytes.length, sha256 };
    invoice.version++;
    return { value: invoice.receipt, changed: true };
  },

  like() {
    likes++;
    return { value: { count: likes, at: new Date().toISOString() }, types: { "/value/at": "Date" } };
  },

  signIn({ args: [form] }) {
    return { cookie: form.user[0], redirect: "/?welcome" };
  },

  fail() {
    throw new Error("the printer is on fire"); // for our log only
  },
};

// A form without JavaScript. The gate takes it for a call of the action that
// its hidden fields name.
const form = (attributes, ...content) => html`
  <form ${attributes} method="post" enctype="multipart/form-data">${content}</form>`;
const hidden = (name, value = "") => html`<input type="hidden" name="${name}" value="${value}">`;

async function page(user, problem) {
  const shown = await Promise.all(invoices.map(async (invoice) => ({
    ...invoice,
    seal: invoice.published ? null : await seal("publish", [invoice.id, invoice.version]),
  })));
  const data = { user, likes, invoices: shown.map(({ seal, ...invoice }) => ({ ...invoice, publish: seal?.sealed })) };
  return String(html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Invoices</title>
<link rel="stylesheet" href="/static/style.css">
<div id="root">
  <h1>Invoices</h1>
  ${problem && html`<p class="error">${problem}</p>`}
  ${user ? html`<p id="user">Signed in as ${user}</p>` : form(raw(`id="sign-in"`),
    hidden("$ACTION_ID_signIn"), html`<input name="user" placeholder="Your name" required><button>Sign in</button>`)}
  <ul id="invoices">
    ${shown.map((invoice) => html`<li><b>${invoice.customer}</b> ${invoice.amount}
      ${invoice.receipt && html`<small>${invoice.receipt.name}, ${invoice.receipt.size} bytes</small>`}
      ${form(raw(`class="receipt"`),
        // The invoice's number is bound to the action, for all to see.
        hidden("$ACTION_REF_1"), hidden("$ACTION_1:0", `{"id":"attachReceipt","bound":"$@1"}`), hidden("$ACTION_1:1", `[${invoice.id}]`),
        html`<input type="file" name="receipt"><button>Attach</button>`)}
      ${invoice.seal ? form(raw(`class="publish"`), raw(invoice.seal.html), html`<button>Publish</button>`) : html`<em>published</em>`}
    </li>`)}
  </ul>
  ${form(raw(`id="create"`), hidden("$ACTION_ID_createInvoice"),
    html`<input name="customer" placeholder="Customer"><input name="amount" placeholder="12.50"><button>Create</button>`)}
  ${form(raw(`id="like"`), hidden("$ACTION_ID_like"), html`<button>Like</button> <output>${likes}</output>`)}
</div>
<script type="application/json" id="page">${raw(JSON.stringify(data).replaceAll("<", "\\u003c"))}</script>
<script type="module" src="/static/app.js"></script>`);
}

// html escapes what is put into it, except HTML.
class Raw extends String {}
const raw = (text) => new Raw(text);
function html(texts, ...values) {
  const escape = (value) =>
    value instanceof Raw ? value
      : Array.isArray(value) ? value.map(escape).join("")
        : String(value ?? "").replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  return raw(String.raw({ raw: texts }, ...values.map(escape)));
}

const user = (request) => decodeURIComponent(/(?:^|; )user=([^;]*)/.exec(request.get("Cookie") ?? "")?.[1] ?? "");

const app = express();

app.get("/", async (request, response) => response.send(await page(user(request))));

app.post("/_actions/:name", express.raw({ type: () => true, limit: "4mb" }), async (request, response) => {
  const call = await readCall(request).catch(() => null);
  if (!call) return response.status(403).send("Calls come through the gate.");
  if (!Object.hasOwn(actions, call.action)) return response.status(404).send("No such action.");
  const { value, types, changed, problem, cookie, redirect } = await actions[call.action](call);

  if (cookie) response.cookie("user", cookie, { httpOnly: true, sameSite: "lax" });
  if (redirect) return response.redirect(303, redirect);
  // A browser without JavaScript shows what it gets; React's client wants the value.
  if (request.get("Accept")?.includes("text/html")) {
    return problem ? response.status(422).send(await page(user(request), problem)) : response.redirect(303, "/");
  }
  if (changed) response.set("Actiongw-Revalidate", "1");
  if (types) response.type("application/vnd.actiongw.result+json").send(JSON.stringify({ value, types }));
  else response.json(value);
});

app.listen(process.env.PORT ?? 3000, "127.0.0.1");
