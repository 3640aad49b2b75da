// Reads the options of a verifier as its argument and then one request a line,
// and writes a line for each: what the gate says about the call, or the error.
import { createInterface } from "node:readline";
import { createVerifier } from "./verifier.mjs";

const { secrets, once, ...options } = JSON.parse(process.argv[2]);
const used = new Set();
const verify = createVerifier({
  ...options,
  secrets: secrets?.map((text) => Buffer.from(text)),
  firstUse: once ? (jti) => !used.has(jti) && used.add(jti) : undefined,
});
for await (const line of createInterface({ input: process.stdin })) {
  const { assertion, method, target, body } = JSON.parse(line);
  let answer;
  try {
    answer = { call: await verify(assertion, method, target, Buffer.from(body, "base64")) };
  } catch (error) {
    answer = { error: `${error.name}: ${error.message}` };
  }
  console.log(JSON.stringify(answer));
}
