// What the page shows. The backend renders it as HTML, with forms that work
// without JavaScript, and puts the same data beside it as JSON. To see what an
// action has changed the page is loaded again, and fresh seals come with it.

import { startTransition } from "react";

let show;

// start shows the page with render, now and whenever it was loaded again.
export function start(render) {
  show = render;
  show(read(document));
}

export async function refresh() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  const page = read(new DOMParser().parseFromString(await response.text(), "text/html"));
  // In a transition, so that it appears when the action ends, in place of what
  // was shown in the meantime.
  startTransition(() => show(page));
}

export async function visit(target) {
  const url = new URL(target, location.href);
  if (url.origin !== location.origin) return location.assign(url);
  history.pushState(null, "", url);
  await refresh();
}

function read(html) {
  return JSON.parse(html.getElementById("page").textContent);
}
