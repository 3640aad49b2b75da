"""An invoice app. Its actions are called through the gate only, as plain JSON."""

import hashlib
import json
import os
import re
import threading
from datetime import datetime, timezone
from urllib.parse import quote, unquote

from flask import Flask, redirect, render_template, request

from gate import NotFromTheGate, read_call, seal

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 4 << 20

lock = threading.Lock()
invoices = []
likes = 0


def add(customer, amount):
    number = len(invoices) + 1
    invoices.append({"id": number, "customer": customer, "amount": amount,
                     "version": 1, "published": False, "receipt": None})
    return number


def find(number):
    return next((invoice for invoice in invoices if invoice["id"] == number), None)


add("Ada", "12.50")


# Each action takes the call and returns what the caller gets: a value, and its
# types if JSON has no word for one; whether the page has changed; a problem for
# the person who sent a form without JavaScript.

def create_invoice(call):
    form = call["args"][-1]  # React's useActionState puts the previous state in front
    customer, amount = form.get("customer", [""])[0], form.get("amount", [""])[0]
    errors = {}
    if not customer.strip():
        errors["customer"] = "Who gets the invoice?"
    if not re.fullmatch(r"[0-9]{1,7}\.[0-9]{2}", amount):
        errors["amount"] = "Write the amount like 12.50."
    if errors:
        values = {"customer": customer, "amount": amount}
        return {"value": {"errors": errors, "values": values}, "problem": " ".join(errors.values())}
    return {"value": {"created": add(customer, amount)}, "changed": True}


def publish(call):
    # What the page showed comes back sealed: nobody can publish what they have
    # not seen.
    number, version = call["closure"]
    invoice = find(number)
    if invoice["version"] != version:
        error = f"Invoice {number} has changed since you loaded this page. Load it again and look."
        return {"value": {"error": error}, "problem": error}
    invoice["published"] = True
    invoice["version"] += 1
    return {"value": {"published": number}, "changed": True}


def attach_receipt(call):
    number, form = call["args"]
    invoice = find(number)
    receipt = form.get("receipt", [{"size": 0}])[0]
    if not invoice or not receipt["size"]:
        return {"value": {"error": "Choose a file."}, "problem": "Choose a file."}
    content = request.files[receipt["part"]].read()
    invoice["receipt"] = {"name": receipt["name"], "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    invoice["version"] += 1
    return {"value": invoice["receipt"], "changed": True}


def like(call):
    global likes
    likes += 1
    return {"value": {"count": likes, "at": datetime.now(timezone.utc).isoformat()}, "types": {"/value/at": "Date"}}


def sign_in(call):
    return {"user": call["args"][0]["user"][0], "redirect": "/?welcome"}


def fail(call):
    raise RuntimeError("the printer is on fire")  # for our log only


ACTIONS = {"createInvoice": create_invoice, "publish": publish, "attachReceipt": attach_receipt,
           "like": like, "signIn": sign_in, "fail": fail}


@app.post("/_actions/<name>")
def act(name):
    call = read_call(request)
    if call["action"] not in ACTIONS:
        return "No such action.", 404
    with lock:
        result = ACTIONS[call["action"]](call)

    # A browser without JavaScript shows what it gets; React's client wants the value.
    plain = "text/html" in request.headers.get("Accept", "")
    if "redirect" in result:
        response = redirect(result["redirect"], 303)
    elif plain:
        response = app.make_response((page(result["problem"]), 422)) if "problem" in result else redirect("/", 303)
    elif "types" in result:
        body = json.dumps({"value": result["value"], "types": result["types"]})
        response = app.response_class(body, mimetype="application/vnd.actiongw.result+json")
    else:
        response = app.response_class(json.dumps(result["value"]), mimetype="application/json")
    if "user" in result:
        response.set_cookie("user", quote(result["user"]), httponly=True, samesite="Lax")
    if "changed" in result:
        response.headers["Actiongw-Revalidate"] = "1"
    return response


@app.errorhandler(NotFromTheGate)
def refuse(_):
    return "Calls come through the gate.", 403


@app.get("/")
def page(problem=None):
    seals = {invoice["id"]: seal("publish", [invoice["id"], invoice["version"]])
             for invoice in invoices if not invoice["published"]}
    data = {
        "user": unquote(request.cookies.get("user", "")),
        "likes": likes,
        "invoices": [invoice | {"publish": seals.get(invoice["id"], {}).get("sealed")} for invoice in invoices],
    }
    return render_template("page.html", data=data, seals=seals, problem=problem)


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ.get("PORT", 3000)))
