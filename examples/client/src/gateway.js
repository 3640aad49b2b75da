// Calls of actions: React encodes the arguments and decodes the answer; the
// gate in front of the backend understands both.

import "./webpack.js";
import { createFromFetch, createServerReference, encodeReply } from "react-server-dom-webpack/client.browser";
import { refresh, visit } from "./page.js";

// An action is known by the name that it was declared with in the Caddyfile.
// Arguments that are bound to it come first in the call.
const action = (name) => createServerReference(name, callServer);

export const createInvoice = action("createInvoice");
export const attachReceipt = action("attachReceipt");
export const publish = action("publish");
export const like = action("like");
export const signIn = action("signIn");
export const fail = action("fail");
export const undeclared = action("undeclared"); // not in the Caddyfile

async function callServer(name, args) {
  const response = await fetch(location.href, {
    method: "POST",
    // Refusals come as an error row, or, if asked for, with their reason.
    headers: { Accept: "text/x-component, application/problem+json", "Rsc-Action": name },
    body: await encodeReply(args),
  });
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/problem+json")) throw new Refused(await response.json());
  if (!type.startsWith("text/x-component")) throw new Error(`The server answered ${response.status}.`);
  // Throws if the action failed: an Error with a digest, which is also in the
  // gate's log.
  const result = await createFromFetch(Promise.resolve(response), { callServer });
  const redirect = response.headers.get("Actiongw-Redirect");
  if (redirect) await visit(redirect);
  else if (response.headers.has("Actiongw-Revalidate")) await refresh();
  return result;
}

// Refused is a call that the gate let nobody hear of.
export class Refused extends Error {
  constructor({ title, reason, digest }) {
    super(title);
    Object.assign(this, { reason, digest });
  }
}
