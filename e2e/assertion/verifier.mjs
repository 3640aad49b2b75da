// Checks the assertions of actiongw with jose, version 6. An example to copy;
// docs/assertion.md shows it.
import { createHash } from "node:crypto";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

// Give it either jwks, the URL of the gate's public keys (ES256), or secrets,
// what is shared with the gate (HS256), as an array of Buffers: more than one
// only while the secret is being changed. firstUse(jti, exp), if given,
// remembers ids until they expire and says whether it has not seen this one:
// then each assertion is taken once.
export function createVerifier({ audience, issuer = "actiongw", jwks, secrets = [], leeway = 5, firstUse }) {
  // Keys are fetched when one is unknown, but not oftener than every 30 s.
  const keys = jwks ? [createRemoteJWKSet(new URL(jwks), { cacheMaxAge: 300_000 })] : secrets;
  const options = {
    algorithms: [jwks ? "ES256" : "HS256"],
    typ: "actiongw-assertion+jwt",
    issuer,
    audience,
    clockTolerance: leeway,
    requiredClaims: ["iat", "nbf", "exp", "jti", "actiongw"],
  };

  async function verifySignature(assertion) {
    let failure = new Error("there is no key");
    for (const key of keys) {
      try {
        return (await jwtVerify(assertion, key, options)).payload;
      } catch (error) {
        failure = error;
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) break;
      }
    }
    throw failure;
  }

  // Takes the one line of Actiongw-Assertion and the request that it came with:
  // target is path and query as they arrived (req.url), body a Buffer of the
  // whole body. Returns what the gate says about the call, or throws.
  return async function verify(assertion, method, target, body) {
    const { jti, exp, actiongw: call } = await verifySignature(assertion);
    if (call.v !== 1) throw new Error("the claims are of another version");
    if (call.method !== method || call.target !== target) throw new Error("the assertion is for another request");
    if (call.body_sha256 !== createHash("sha256").update(body).digest("hex")) {
      throw new Error("the assertion is for another body");
    }
    if (firstUse && !(await firstUse(jti, exp))) throw new Error("the assertion has been used");
    return call;
  };
}
