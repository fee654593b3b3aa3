#!/usr/bin/env python3
"""Conformance adapter in plain Python, standard library only: signs, verifies and calls. See docs/adapter-protocol.md."""

import base64
import hashlib
import hmac
import http.client
import json
import re
import sys
import time
import urllib.parse

HEADERS = ("X-CPG-Key", "X-CPG-Timestamp", "X-CPG-Signature")
ORIGIN_FORM = re.compile(r"/(?!/)[!-\"$-\[\]-~]*")
KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")
TIMESTAMP = re.compile(r"0|[1-9][0-9]{0,14}")
METHOD = re.compile(r"[A-Za-z]+")
ID = re.compile(r"[1-9][0-9]{0,18}")
SIGNATURE = re.compile(r"[0-9a-f]{64}")
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
AMOUNTS = {
    "balances.list": ("balance", "held", "available"),
    "transactions.list": ("amount_decimal",),
    "withdrawals.create": ("amount_decimal", "fee_decimal"),
    "withdrawals.get": ("amount", "fee"),
}
WINDOW_SECONDS = 300
MAX_SECONDS_AHEAD = 30
MAX_RESPONSE_BYTES = 16 * 1024 * 1024
MAX_MESSAGE_LENGTH = 1000

sent_signatures = {}


def stages(timestamp, method, target, body):
    path, _, query = target.partition("?")
    body_sha256 = hashlib.sha256(body).hexdigest()
    canonical = "\n".join((timestamp, method, path, query, body_sha256)).encode("latin-1")
    return path, query, body_sha256, canonical


def signature_of(secret, canonical):
    return hmac.new(secret, canonical, hashlib.sha256).hexdigest()


def sign(command):
    secret = base64.b64decode(command["secretB64"])
    body = base64.b64decode(command["bodyB64"])
    timestamp = str(command["now"])
    problem = find_problem(secret, command["keyId"], timestamp, command["method"], command["target"])
    if problem:
        return {"refused": problem}
    path, query, body_sha256, canonical = stages(timestamp, command["method"].upper(), command["target"], body)
    values = (command["keyId"], timestamp, signature_of(secret, canonical))
    return {
        "headers": list(zip(HEADERS, values)),
        "path": path,
        "query": query,
        "bodySha256": body_sha256,
        "canonicalB64": base64.b64encode(canonical).decode(),
    }


def find_problem(secret, key_id, timestamp, method, target):
    """Why no server would accept this request; None when it can be signed."""
    if not secret:
        return "the secret is empty"
    for grammar, text, name in (
        (KEY_ID, key_id, "key id"),
        (TIMESTAMP, timestamp, "timestamp"),
        (METHOD, method, "method"),
        (ORIGIN_FORM, target, "target"),
    ):
        if not grammar.fullmatch(text):
            return "the %s is malformed" % name
    return None


def verify(command):
    rejection = reject(command)
    if rejection is None:
        return {"accepted": True}
    return {"accepted": False, "status": rejection[0], "message": rejection[1]}


def reject(command):
    pairs = [(name.lower(), value) for name, value in command["headers"]]
    values = [[value for name, value in pairs if name == header.lower()] for header in HEADERS]
    if any(not found or "" in found for found in values):
        return 401, "Missing authentication headers"
    key_id, timestamp, signature = (found[0] for found in values)
    if any(len(found) > 1 for found in values) or not KEY_ID.fullmatch(key_id):
        return 401, "Malformed authentication headers"
    if not ORIGIN_FORM.fullmatch(command["target"]):
        return 400, "Malformed request target"
    if not TIMESTAMP.fullmatch(timestamp) or abs(int(timestamp) - command["now"]) > WINDOW_SECONDS:
        return 401, "Request timestamp is outside the allowed window"
    codings = ",".join(value for name, value in pairs if name == "content-encoding").lower().split(",")
    if any(coding.strip(" \t") not in ("", "identity") for coding in codings):
        return 415, "Content-Encoding is not supported"
    secrets = {key["keyId"]: base64.b64decode(key["secretB64"]) for key in command["keys"]}
    body = base64.b64decode(command["bodyB64"])
    _, _, _, canonical = stages(timestamp, command["method"], command["target"], body)
    expected = signature_of(secrets.get(key_id, b"dummy key"), canonical)
    is_right = hmac.compare_digest(expected.encode(), signature.encode("latin-1"))
    if key_id not in secrets or not SIGNATURE.fullmatch(signature) or not is_right:
        return 401, "Invalid signature"
    return None


def verify_webhook(command):
    rejection = reject_webhook(command)
    if rejection is None:
        return {"accepted": True}
    return {"accepted": False, "status": rejection[0], "message": rejection[1]}


def reject_webhook(command):
    pairs = [(name.lower(), value) for name, value in command["headers"]]
    values = [[value for name, value in pairs if name == header.lower()] for header in HEADERS[1:]]
    if any(not found or found == [""] for found in values):
        return 401, "Missing authentication headers"
    if any(len(found) > 1 for found in values):
        return 401, "Malformed authentication headers"
    timestamp, signature = values[0][0], values[1][0]
    if not TIMESTAMP.fullmatch(timestamp) or abs(int(timestamp) - command["now"]) > WINDOW_SECONDS:
        return 401, "Request timestamp is outside the allowed window"
    signed = timestamp.encode() + b"\n" + base64.b64decode(command["bodyB64"])
    expected = signature_of(base64.b64decode(command["secretB64"]), signed)
    received = re.sub("[A-F]", lambda digit: digit[0].lower(), signature)
    if not SIGNATURE.fullmatch(received) or not hmac.compare_digest(expected, received):
        return 401, "Invalid signature"
    return None


def request_for(operation, arguments):
    if operation == "ping":
        return "GET", "/v1/_ping", b""
    if operation in ("balances.list", "transactions.list"):
        query = urllib.parse.urlencode(arguments, quote_via=urllib.parse.quote, safe="")
        return "GET", "/v1/" + operation.split(".")[0] + ("?" + query if query else ""), b""
    if operation == "withdrawals.get":
        return "GET", "/v1/withdrawals/" + str(arguments["withdrawal_id"]), b""
    if operation == "withdrawals.create":
        return "POST", "/v1/withdrawals", json.dumps(arguments).encode()
    raise ValueError("unknown operation " + operation)


def sign_once(command, method, target, body):
    """Never repeats a signature: an identical request in the same second is stamped one second later, and waits if necessary."""
    timestamp = int(time.time())
    while True:
        time.sleep(max(0, timestamp - MAX_SECONDS_AHEAD - time.time()))
        fields = {"now": timestamp, "method": method, "target": target, "bodyB64": base64.b64encode(body).decode()}
        headers = sign({**command, **fields})["headers"]
        signature = headers[2][1]
        if signature not in sent_signatures:
            sent_signatures[signature] = timestamp
            return dict(headers)
        timestamp += 1


def call(command):
    if not ID.fullmatch(str(command["args"].get("withdrawal_id", 1))):
        return failure("invalid_argument", None, "withdrawal_id must be a positive integer.")
    method, target, body = request_for(command["operation"], command["args"])
    headers = sign_once(command, method, target, body)
    if body:
        headers["Content-Type"] = "application/json"
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(command["baseUrl"]).netloc, timeout=8)
    try:
        connection.request(method, target, body or None, headers)
        response = connection.getresponse()
        text = response.read(MAX_RESPONSE_BYTES + 1)
        if len(text) > MAX_RESPONSE_BYTES:
            return failure("unreadable_response", response.status, "The response is too long.")
        return parse_response(command["operation"], response.status, text)
    except (OSError, http.client.HTTPException) as error:
        return failure("no_response", None, "No response; the outcome is unknown: " + type(error).__name__)
    finally:
        connection.close()


def parse_response(operation, status, text):
    try:
        envelope = json.loads(text)
    except (ValueError, RecursionError):
        return failure("unreadable_response", status, "The response is not JSON.")
    if not isinstance(envelope, dict):
        return failure("unreadable_response", status, "The response is not an envelope.")
    if status != 200 or envelope.get("success") is not True:
        return failure("rejected", status, str(envelope.get("message", ""))[:MAX_MESSAGE_LENGTH])
    data = envelope.get("data")
    if data is None or not has_amounts(operation, data):
        return failure("unreadable_response", status, "The response has no data of the expected shape.")
    return {"ok": True, "data": data}


def has_amounts(operation, data):
    """Whether every amount of the operation is a plain decimal string."""
    if operation.endswith(".list") != isinstance(data, list):
        return False
    return all(
        isinstance(row, dict) and isinstance(row.get(name), str) and DECIMAL.fullmatch(row[name])
        for name in AMOUNTS.get(operation, ())
        for row in (data if isinstance(data, list) else [data])
    )


def failure(kind, status, message):
    return {"ok": False, "error": {"kind": kind, "status": status, "message": message}}


def hello(_command):
    version = "%d.%d" % sys.version_info[:2]
    return {"name": "python-stdlib", "language": "python", "version": version, "roles": ["sign", "verify", "webhook", "call"], "caps": ["stages", "text-ids", "transactions"]}


COMMANDS = {"hello": hello, "sign": sign, "verify": verify, "verify-webhook": verify_webhook, "call": call, "stop": lambda _command: {}}


def main():
    for line in sys.stdin:
        command = json.loads(line)
        try:
            response = COMMANDS[command["cmd"]](command)
        except Exception as error:  # Reported to the suite, and the next command still gets a response.
            response = {"error": type(error).__name__}
        print(json.dumps({"id": command["id"], **response}), flush=True)
        if command["cmd"] == "stop":
            return


main()
