// The gate, as seen from behind: which requests come from it, what a call says,
// and seals for forms.

import { createHash } from "node:crypto";
import { jwtVerify } from "jose";

const { ACTIONGW_SECRET, ACTIONGW_SEAL = "http://127.0.0.1:9080/", ACTIONGW_SEAL_TOKEN } = process.env;
if (!ACTIONGW_SECRET) throw new Error("set ACTIONGW_SECRET to the secret of the gate's assertions");
const secret = new TextEncoder().encode(ACTIONGW_SECRET);

// readCall returns the call in a request whose whole body was read, or throws
// if the request is not from the gate exactly as it is.
export async function readCall(request) {
  const { payload } = await jwtVerify(request.get("Actiongw-Assertion") ?? "", secret, {
    algorithms: ["HS256"],
    typ: "actiongw-assertion+jwt",
    issuer: "actiongw",
    audience: "invoices",
    requiredClaims: ["exp"],
  });
  const said = payload.actiongw;
  const digest = createHash("sha256").update(request.body).digest("hex");
  if (said.v !== 1 || said.method !== request.method || said.target !== request.originalUrl || said.body_sha256 !== digest) {
    throw new Error("the assertion is about another request");
  }
  const type = request.get("Content-Type");
  if (type === "application/json") return JSON.parse(request.body);
  // With files the call is one part of a form, and each file another.
  const parts = await new Response(request.body, { headers: { "Content-Type": type } }).formData();
  return { ...JSON.parse(parts.get("call")), file: ({ part }) => parts.get(part) };
}

// seal has the gate seal values for an action.
export async function seal(action, values) {
  const headers = { "Content-Type": "application/json" };
  if (ACTIONGW_SEAL_TOKEN) headers.Authorization = `Bearer ${ACTIONGW_SEAL_TOKEN}`;
  const response = await fetch(ACTIONGW_SEAL, { method: "POST", headers, body: JSON.stringify({ action, values }) });
  if (!response.ok) throw new Error(`the gate does not seal: ${await response.text()}`);
  return response.json();
}
