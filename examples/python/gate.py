"""The gate, as seen from behind: which requests come from it, what a call
says, and seals for forms."""

import hashlib
import json
import os
import urllib.request

import jwt

SECRET = os.environ["ACTIONGW_SECRET"]  # that of the gate's assertions
SEAL = os.environ.get("ACTIONGW_SEAL", "http://127.0.0.1:9080/")
SEAL_TOKEN = os.environ.get("ACTIONGW_SEAL_TOKEN")


class NotFromTheGate(Exception):
    pass


def read_call(request):
    """Returns the call in a request, which must be from the gate exactly as it is."""
    token = request.headers.get("Actiongw-Assertion", "")
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"], issuer="actiongw", audience="invoices",
                            options={"require": ["exp", "iss", "aud", "actiongw"]})
        kind = jwt.get_unverified_header(token).get("typ")  # verified by now
    except jwt.InvalidTokenError as problem:
        raise NotFromTheGate(problem) from None
    said = claims["actiongw"]
    about = said["v"], said["method"], said["target"], said["body_sha256"]
    digest = hashlib.sha256(request.get_data()).hexdigest()
    # A declared name needs no escapes, so the path is the target as it came.
    if kind != "actiongw-assertion+jwt" or about != (1, request.method, request.path, digest):
        raise NotFromTheGate("the assertion is about something else")
    if request.mimetype == "application/json":
        return json.loads(request.get_data())
    # With files the call is one part of a form, and each file another.
    return json.loads(request.form["call"])


def seal(action, values):
    """Has the gate seal values for an action."""
    headers = {"Content-Type": "application/json"}
    if SEAL_TOKEN:
        headers["Authorization"] = f"Bearer {SEAL_TOKEN}"
    body = json.dumps({"action": action, "values": values}).encode()
    with urllib.request.urlopen(urllib.request.Request(SEAL, body, headers), timeout=5) as response:
        return json.load(response)
