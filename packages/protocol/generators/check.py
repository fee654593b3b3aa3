#!/usr/bin/env python3
"""Recomputes every value of the vector files with hashlib and hmac. Shares no code with generate.py.

    python3 generators/check.py [folder]
"""

import base64
import hashlib
import hmac
import json
import os
import sys

FILES = ["request-signing.json", "request-verification.json", "webhooks.json"]


def to_bytes(value):
    if isinstance(value, str):
        return base64.b64decode(value, validate=True)
    return bytes.fromhex(value["repeat"]["byteHex"]) * value["repeat"]["count"]


def stages(secret_b64, timestamp, body_b64, method=None, target=None):
    body = to_bytes(body_b64)
    computed = {}
    if target is None:
        message = f"{timestamp}\n".encode("latin-1") + body
        computed["signedHex"] = message.hex()
    else:
        pieces = target.split("?", 1) + [""]
        computed["path"], computed["query"] = pieces[0], pieces[1]
        computed["bodySha256"] = hashlib.sha256(body).hexdigest()
        computed["canonical"] = f"{timestamp}\n{method.upper()}\n{pieces[0]}\n{pieces[1]}\n{computed['bodySha256']}"
        message = computed["canonical"].encode("latin-1")
        computed["canonicalHex"] = message.hex()
    computed["signature"] = hmac.digest(to_bytes(secret_b64), message, "sha256").hex()
    return computed


def differences(prefix, given, computed):
    return [prefix + name for name, value in computed.items() if given.get(name) != value]


def header(vector, wanted):
    return next((value for name, value in vector["headers"] if name.lower() == wanted), None)


def received_stages(vector):
    timestamp = header(vector, "x-cpg-timestamp")
    if "keys" not in vector:
        return stages(vector["secretB64"], timestamp, vector["bodyB64"])
    secrets = {key["keyId"]: key["secretB64"] for key in vector["keys"]}
    return stages(secrets[header(vector, "x-cpg-key")], timestamp, vector["bodyB64"], vector["method"], vector["target"])


def sender_stages(sent):
    return stages(sent["secretB64"], sent["timestamp"], sent["bodyB64"], sent.get("method"), sent.get("target"))


def find_header_failures(vector):
    value = header(vector, "x-cpg-signature")
    genuine = vector.get("sent", vector.get("computed"))["signature"]
    state = "missing" if not value else "genuine" if value == genuine else "altered"
    if state != vector["signatureHeader"]:
        yield "signatureHeader"
    if "computed" in vector:
        compared = value if "keys" in vector else value.lower()
        if (compared == vector["computed"]["signature"]) != vector["expected"]["accepted"]:
            yield "expected"


def find_failures(vector):
    if "expected" not in vector:
        return differences("", vector, stages(vector["secretB64"], vector["timestamp"], vector["bodyB64"], vector["method"], vector["target"]))
    failures = list(find_header_failures(vector))
    if "computed" in vector:
        failures += differences("computed.", vector["computed"], received_stages(vector))
    if "sent" in vector:
        failures += differences("sent.", vector["sent"], sender_stages(vector["sent"]))
    return failures


def main(folder):
    count, failures = 0, []
    for name in FILES:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            document = json.load(file)
        count += len(document["vectors"])
        if not document["vectors"] or len(document["vectors"]) != document["count"]:
            failures.append(f"{name}: count")
        failures += [f"{name}: {vector['id']}: {failure}" for vector in document["vectors"] for failure in find_failures(vector)]
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"python: {count} vectors, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "vectors")))
