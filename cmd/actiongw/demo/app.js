// The page's script: signs the book with a fetch call instead of a form post,
// sends the bad calls, and shows what came back.
"use strict";

const form = document.getElementById("sign");
const action = form.dataset.action;
const field = "$ACTION_ID_" + action;

// ---- the protocol, as far as this page needs it ----

// call sends one fetch action: arguments as JSON text, in React's escaping,
// where a leading dollar sign would begin a reference.
function call(args) {
  return fetch("/", {
    method: "POST",
    headers: {
      "Accept": "text/x-component",
      "Content-Type": "text/plain;charset=UTF-8",
      "Next-Action": action,
    },
    body: JSON.stringify(args, (_, v) => (typeof v === "string" && v.startsWith("$") ? "$" + v : v)),
  });
}

// resultOf reads row 1 of a Flight answer.
function resultOf(text) {
  const row = text.split("\n").find((line) => line.startsWith("1:"));
  if (!row || row.startsWith("1:E")) throw new Error("the backend reported an error");
  return JSON.parse(row.slice(2), (_, v) => (typeof v === "string" && v.startsWith("$$") ? v.slice(1) : v));
}

// multipart writes a form by hand, for the ways of writing one that a browser
// would not choose.
function multipart(parts, end) {
  const body = parts.map(([head, value]) => `--demo\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`).join("");
  return fetch("/", {
    method: "POST",
    headers: { "Content-Type": "multipart/form-data; boundary=demo" },
    body: body + end,
  });
}

const text = { "Content-Type": "text/plain;charset=UTF-8" };

const attempts = {
  method: () => fetch("/", { headers: { "Next-Action": action } }),
  id: () => fetch("/", { method: "POST", headers: { ...text, "Next-Action": "delete-everything" }, body: "[]" }),
  size: () => fetch("/", {
    method: "POST",
    headers: { ...text, "Next-Action": action },
    body: JSON.stringify(["x".repeat((1 << 20) + 1 - 4)]), // 4 bytes of brackets and quotes
  }),
  media: () => fetch("/", {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", "Next-Action": action },
    body: "name=Mallory&message=hello",
  }),
  broken: () => multipart([[`name="${field}"`, ""], ['name="name"', "Mallory"], ['name="message"', "hello"]], ""),
  hidden: () => multipart([[`name*=utf-8''${encodeURIComponent(field)}`, ""], ['name="name"', "Mallory"]], "--demo--\r\n"),
};

// ---- what is shown ----

// element makes an element with text in it; text is never read as markup.
function element(name, className, content) {
  const e = document.createElement(name);
  e.className = className;
  e.textContent = content;
  return e;
}

// refusal reads the reason and the first sentence out of the gate's answer,
// which is plain text or a small page, as the caller would understand.
async function refusal(response) {
  const body = await response.text();
  const html = (response.headers.get("Content-Type") || "").startsWith("text/html");
  const words = html ? paragraphs(body) : body;
  const reason = words.match(/\b[a-z]+(?:_[a-z]+)+\b/);
  const sentence = words.replace(/\s+/g, " ").trim().match(/^.*?[.!](?= |$)/);
  return { reason: reason ? reason[0] : "", says: (sentence ? sentence[0] : words).slice(0, 240) };
}

function paragraphs(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  return [...page.querySelectorAll("p")].map((p) => p.textContent).join(" ");
}

// report shows one answer in out.
async function report(out, response) {
  if (response.ok) {
    out.replaceChildren(element("b", "badge bad", String(response.status)), element("span", "says", "It got through. That should not happen."));
    return;
  }
  const { reason, says } = await refusal(response);
  out.replaceChildren(
    element("b", "badge", `Refused, ${response.status}`),
    element("b", "word", reason),
    element("span", "says", says),
  );
}

// counts brings the backend's counters up to date.
async function counts() {
  const got = await (await fetch("/count")).json();
  for (const name of ["calls", "uploads"]) {
    document.getElementById(name).textContent = got[name];
    document.getElementById(name + "-noun").textContent = got[name] === 1 ? name.slice(0, -1) : name;
  }
  return got;
}

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

function show(entry) {
  const item = document.createElement("li");
  const by = element("p", "by", "");
  by.append(element("b", "", entry.name), " ", element("time", "", entry.time));
  item.append(by, element("p", "said", entry.message));
  item.classList.add("new");
  document.getElementById("entries").prepend(item);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const out = document.getElementById("signed");
  busy(form.querySelector("button"), out, async () => {
    const response = await call([{ name: form.elements.name.value, message: form.elements.message.value }]);
    if (!response.ok) {
      await report(out, response);
      return;
    }
    const result = resultOf(await response.text());
    if (result.problem) {
      out.replaceChildren(element("span", "note bad", result.problem));
    } else {
      show(result.entry);
      form.elements.message.value = "";
      out.replaceChildren(element("b", "badge good", "Admitted"), element("span", "says", "Your entry is in the book."));
    }
    await counts();
  });
});

async function attempt(name) {
  const button = document.querySelector(`[data-attempt="${name}"]`);
  const out = document.getElementById(name + "-out");
  await busy(button, out, async () => {
    const before = await counts();
    await report(out, await attempts[name]());
    const after = await counts();
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
    await counts();
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
