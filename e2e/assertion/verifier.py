"""Checks the assertions of actiongw with PyJWT, version 2.6 or newer, and
cryptography. An example to copy; docs/assertion.md shows it."""

import hashlib
import time

import jwt


class Verifier:
    """Wants either jwks, the URL of the gate's public keys (ES256), or secrets,
    what is shared with the gate (HS256), as a list of bytes: more than one only
    while the secret is being changed. first_use(jti, exp), if given, remembers
    ids until they expire and says whether it has not seen this one: then each
    assertion is taken once."""

    def __init__(self, audience, issuer="actiongw", jwks=None, secrets=(), leeway=5, first_use=None):
        self.audience, self.issuer = audience, issuer
        self.secrets, self.leeway, self.first_use = secrets, leeway, first_use
        self.keys = jwt.PyJWKClient(jwks, lifespan=300) if jwks else None
        self.fetched = float("-inf")

    def verify(self, assertion, method, target, body):
        """Takes the one line of Actiongw-Assertion and the request that it came
        with: target is path and query as they arrived, body the bytes of the
        whole body. Returns what the gate says about the call, or raises
        jwt.PyJWTError."""
        claims = self._verify_signature(assertion)
        # The header is signed, too, and by now known to be genuine.
        if jwt.get_unverified_header(assertion).get("typ") != "actiongw-assertion+jwt":
            raise jwt.InvalidTokenError("this JWT is no assertion")
        call = claims["actiongw"]
        if call["v"] != 1:
            raise jwt.InvalidTokenError("the claims are of another version")
        if call["method"] != method or call["target"] != target:
            raise jwt.InvalidTokenError("the assertion is for another request")
        if call["body_sha256"] != hashlib.sha256(body).hexdigest():
            raise jwt.InvalidTokenError("the assertion is for another body")
        if self.first_use and not self.first_use(claims["jti"], claims["exp"]):
            raise jwt.InvalidTokenError("the assertion has been used")
        return call

    def _verify_signature(self, assertion):
        failure = jwt.InvalidTokenError("there is no key")
        for key in [self._public_key(assertion)] if self.keys else self.secrets:
            try:
                return jwt.decode(
                    assertion,
                    key,
                    algorithms=["ES256" if self.keys else "HS256"],
                    audience=self.audience,
                    issuer=self.issuer,
                    leeway=self.leeway,
                    options={"require": ["iss", "aud", "iat", "nbf", "exp", "jti", "actiongw"]},
                )
            except jwt.InvalidSignatureError as error:
                failure = error
        raise failure

    def _public_key(self, assertion):
        kid = jwt.get_unverified_header(assertion).get("kid")
        # Keys are fetched anew when one is unknown, but not oftener than every
        # 30 s: anybody can make up key ids.
        for refresh in (False, True):
            if refresh:
                if time.monotonic() - self.fetched < 30:
                    break
                self.fetched = time.monotonic()
            for key in self.keys.get_signing_keys(refresh):
                if key.key_id == kid:
                    return key.key
        raise jwt.InvalidTokenError("no key of this id")
