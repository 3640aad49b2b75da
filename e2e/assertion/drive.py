"""Reads the options of a verifier as its argument and then one request a line,
and writes a line for each: what the gate says about the call, or the error."""

import base64
import json
import sys

import jwt

from verifier import Verifier

options = json.loads(sys.argv[1])
options["secrets"] = [text.encode() for text in options.get("secrets") or []]
used = set()


def first_use(jti, _):
    if jti in used:
        return False
    used.add(jti)
    return True


if options.pop("once", False):
    options["first_use"] = first_use
verifier = Verifier(**options)
for line in sys.stdin:
    request = json.loads(line)
    body = base64.b64decode(request["body"])
    try:
        answer = {"call": verifier.verify(request["assertion"], request["method"], request["target"], body)}
    except jwt.PyJWTError as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
