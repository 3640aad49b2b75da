// The page's script: sends the forms as fetch calls instead of form posts,
// sends the bad calls, and shows what came back.
"use strict";

const sign = document.getElementById("sign");
const sealed = document.getElementById("sealed").dataset;
const loaded = Date.now();

// ---- the protocol, as far as this page needs it ----

// called reads from a form's hidden fields which action it calls, and with
// which sealed values.
function called(form) {
  return {
    action: JSON.parse(form.elements["$ACTION_1:0"].value).id,
    closure: JSON.parse(form.elements["$ACTION_1:2"].value),
  };
}

// post sends a request to the page's own address. The gate answers a refusal as
// JSON, with its reason, to those who ask for that.
function post(headers, body) {
  return fetch("/", { method: "POST", headers: { "Accept": "text/x-component, application/problem+json", ...headers }, body });
}

// call calls an action as React's encodeReply would: part 0 is the list of
// arguments, here a promise of the sealed values (part 1) and a form (fields
// that begin with 2_).
function call(action, closure, fields) {
  const body = new FormData();
  for (const [name, text] of fields) body.append("2_" + name, text);
  body.append("0", JSON.stringify(["$@1", "$K2"]));
  body.append("1", JSON.stringify(closure));
  return post({ "Rsc-Action": action }, body);
}

// send calls the action of a form with what is in it.
function send(form) {
  const { action, closure } = called(form);
  return call(action, closure, [...new FormData(form)].filter(([name]) => !name.startsWith("$ACTION_")));
}

// resultOf reads the result, row 0 of a Flight answer. A dollar sign at the
// start of a text is doubled there; a single one begins a reference.
function resultOf(text) {
  return JSON.parse(text.slice("0:".length), (_, v) => (typeof v === "string" && v.startsWith("$$") ? v.slice(1) : v));
}

// multipart writes a form by hand, for the ways of writing one that a browser
// would not choose.
function multipart(parts, end) {
  const body = parts.map(([head, value]) => `--demo\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`).join("");
  return post({ "Content-Type": "multipart/form-data; boundary=demo" }, body + end);
}

const text = { "Content-Type": "text/plain;charset=UTF-8" };
const words = [["name", "Mallory"], ["message", "hello"]];
const field = "$ACTION_ID_sign";

// altered changes one letter in the middle of a text.
function altered(closure) {
  const i = closure.length >> 1;
  return closure.slice(0, i) + (closure[i] === "A" ? "B" : "A") + closure.slice(i + 1);
}

const attempts = {
  method: () => fetch("/", { headers: { "Accept": "application/problem+json", "Rsc-Action": "sign" } }),
  id: () => post({ ...text, "Rsc-Action": "delete-everything" }, "[]"),
  size: () => post({ ...text, "Rsc-Action": "sign" }, JSON.stringify(["x".repeat((1 << 20) + 1 - 4)])), // 4 bytes of brackets and quotes
  media: () => post({ "Content-Type": "application/x-www-form-urlencoded", "Rsc-Action": "sign" }, "name=Mallory&message=hello"),
  broken: () => multipart([[`name="${field}"`, ""], ['name="name"', "Mallory"], ['name="message"', "hello"]], ""),
  hidden: () => multipart([[`name*=utf-8''${encodeURIComponent(field)}`, ""], ['name="name"', "Mallory"]], "--demo--\r\n"),
  prototype: () => {
    const body = new FormData();
    body.append("1", "{}");
    body.append("0", '["$1","$1:__proto__:then"]');
    return post({ "Rsc-Action": "sign" }, body);
  },
  direct: () => fetch("/_actions/sign", {
    method: "POST",
    headers: { "Accept": "application/problem+json", "Content-Type": "application/json" },
    body: JSON.stringify({ action: "sign", closure: [1], args: [{ name: ["Mallory"], message: ["hello"] }] }),
  }),
  missing: () => post({ ...text, "Rsc-Action": "sign" }, '[{"name":["Mallory"],"message":["hello"]}]'),
  altered: () => call("sign", altered(called(sign).closure), words),
  stale: async () => {
    // It was sealed before this script ran, for one second.
    await new Promise((done) => setTimeout(done, loaded + 1000 - Date.now()));
    return call("sign", sealed.stale, words);
  },
  moved: () => call("remove", called(sign).closure, []),
  stolen: () => call("sign", sealed.stolen, words),
};

// ---- what is shown ----

// element makes an element with text in it; text is never read as markup.
function element(name, className, content) {
  const e = document.createElement(name);
  e.className = className;
  e.textContent = content;
  return e;
}

// report shows one answer in out.
async function report(out, response) {
  if (response.ok) {
    out.replaceChildren(element("b", "badge bad", String(response.status)), element("span", "says", "It got through. That should not happen."));
    return;
  }
  const type = response.headers.get("Content-Type");
  const { reason, title } = type === "application/problem+json" ? await response.json() : { reason: "", title: "The backend failed." };
  out.replaceChildren(
    element("b", "badge", `Refused, ${response.status}`),
    element("b", "word", reason),
    element("span", "says", title),
  );
}

// update brings the counters, the decisions and the last call up to date.
async function update() {
  const got = await (await fetch("/state")).json();
  for (const name of ["calls", "uploads"]) {
    document.getElementById(name).textContent = got[name];
    document.getElementById(name + "-noun").textContent = got[name] === 1 ? name.slice(0, -1) : name;
  }
  document.getElementById("decisions").replaceChildren(...got.decisions.map((d) => {
    const row = element("tr", d.verdict, "");
    row.append(...[d.time, d.request, d.kind, d.verdict, d.reason, d.status].map((cell) => element("td", "", cell)));
    return row;
  }));
  if (got.last) document.getElementById("last").textContent = got.last;
  return got;
}

// Without the demo there is nothing new to show.
setInterval(() => update().catch(() => {}), 1000);

// busy runs work while button cannot be pressed again. The button keeps the
// focus, which disabling it would lose.
async function busy(button, out, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  out.replaceChildren(element("span", "says", "Sending…"));
  try {
    await work();
  } catch (problem) {
    out.replaceChildren(element("span", "note bad", `No answer: ${problem.message}. Is the demo still running?`));
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

// ---- the parts of the page ----

// show adds an entry, with the button that removes it, as the server does.
function show(entry) {
  const item = element("li", "new", "");
  const by = element("p", "by", "");
  const when = element("span", "", `guest ${entry.guest}, `);
  when.append(element("time", "", entry.time));
  by.append(element("b", "", entry.name), " ", when);
  const form = document.createElement("form");
  for (const { name, value } of entry.remove) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  form.append(element("button", "quiet", "Remove"));
  item.append(by, element("p", "said", entry.message), form);
  document.getElementById("entries").prepend(item);
}

// A form without JavaScript; with it, its call is a fetch.
document.getElementById("book").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const out = document.getElementById("signed");
  busy(form.querySelector("button"), out, async () => {
    const response = await send(form);
    if (!response.ok) {
      await report(out, response);
    } else if (form !== sign) {
      form.closest("li").remove();
      out.replaceChildren(element("b", "badge good", "Admitted"), element("span", "says", "Your entry is gone."));
    } else {
      const result = resultOf(await response.text());
      if (result.problem) {
        out.replaceChildren(element("span", "note bad", result.problem));
      } else {
        show(result.entry);
        form.elements.message.value = "";
        out.replaceChildren(element("b", "badge good", "Admitted"), element("span", "says", "Your entry is in the book."));
      }
    }
    await update();
  });
});

async function attempt(name) {
  const button = document.querySelector(`[data-attempt="${name}"]`);
  const out = document.getElementById(name + "-out");
  await busy(button, out, async () => {
    const before = await update();
    await report(out, await attempts[name]());
    const after = await update();
    out.append(element("span", "aside", after.calls === before.calls ? "The backend heard nothing." : "The backend was reached."));
  });
}

async function upload() {
  const out = document.getElementById("upload-out");
  await busy(document.querySelector('[data-attempt="upload"]'), out, async () => {
    const bytes = new Uint8Array(3_000_000);
    for (let i = 0; i < bytes.length; i += 50_000) crypto.getRandomValues(bytes.subarray(i, i + 50_000));
    const data = new FormData();
    data.append("file", new Blob([bytes]), "holiday.jpg");
    const response = await fetch("/upload", { method: "POST", body: data });
    if (!response.ok) {
      await report(out, response);
      return;
    }
    const got = await response.json();
    const sum = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((b) => b.toString(16).padStart(2, "0")).join("");
    const same = got.sha256 === sum && got.bytes === bytes.length;
    out.replaceChildren(
      element("b", same ? "badge good" : "badge bad", `Passed, ${response.status}`),
      element("span", "says", `${got.bytes.toLocaleString("en")} bytes arrived, ${same ? "each as it was sent" : "but not as they were sent"}.`),
    );
    await update();
  });
}

for (const button of document.querySelectorAll("[data-attempt]")) {
  const name = button.dataset.attempt;
  button.addEventListener("click", () => (name === "upload" ? upload() : attempt(name)));
}

document.getElementById("all").addEventListener("click", async () => {
  for (const name of Object.keys(attempts)) await attempt(name);
});

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const line = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(line.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(line);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
