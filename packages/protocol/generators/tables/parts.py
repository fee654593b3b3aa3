"""The parts of a vector: secrets, bodies, the computations of the wire protocol and what a sender signed.

The computations follow docs/wire-protocol.md and use the standard library only.
"""

import base64
import hashlib
import hmac


def base64_of(data):
    return base64.b64encode(data).decode("ascii")


def split_target(target):
    """Path and query: before and after the first question mark (wire protocol §1.2)."""
    path, _, query = target.partition("?")
    return path, query


def hmac_hex(secret, message):
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def sign_stages(secret, timestamp, method, target, body):
    """Every value on the way from a request to its signature."""
    path, query = split_target(target)
    body_sha256 = hashlib.sha256(body).hexdigest()
    canonical = "\n".join([timestamp, method.upper(), path, query, body_sha256])
    # Received targets may hold bytes above 7F, which a server sees as the characters U+0080 to U+00FF.
    message = canonical.encode("latin-1")
    return {
        "path": path,
        "query": query,
        "bodySha256": body_sha256,
        "canonical": canonical,
        "canonicalHex": message.hex(),
        "signature": hmac_hex(secret, message),
    }


def webhook_stages(secret, timestamp, body):
    """A webhook signs two parts: the timestamp, a line feed, the body itself (wire protocol §5)."""
    message = timestamp.encode("latin-1") + b"\n" + body
    return {"signedHex": message.hex(), "signature": hmac_hex(secret, message)}


KEY_ID = "ck_example"
SECRET = "cpg-example-secret-DO-NOT-USE-IN-PRODUCTION"

OTHER_KEY_ID = "ck_example_other"
OTHER_SECRET = "cpg-example-other-DO-NOT-USE-IN-PRODUCTION"

WEBHOOK_SECRET = "cpg-example-webhook-DO-NOT-USE-IN-PRODUCTION"


def secret_of_length(length):
    """HMAC hashes keys longer than 64 bytes, the block size of SHA-256."""
    return ("DO-NOT-USE-IN-PRODUCTION-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 4)[:length]


class Repeat:
    def __init__(self, byte, count):
        self.byte, self.count = byte, count

    def to_bytes(self):
        return self.byte * self.count

    def to_json(self):
        return {"repeat": {"byteHex": self.byte.hex(), "count": self.count}}


def bytes_of(body):
    return body.to_bytes() if isinstance(body, Repeat) else body


def json_of(body):
    return body.to_json() if isinstance(body, Repeat) else base64_of(body)


def secret_bytes(secret):
    return secret if isinstance(secret, bytes) else secret.encode("utf-8")


def sent_request(sent):
    secret, body = secret_bytes(sent["secret"]), bytes_of(sent["body"])
    inputs = {"kind": "request", "secretB64": base64_of(secret), "timestamp": sent["timestamp"], "method": sent["method"], "target": sent["target"], "bodyB64": json_of(sent["body"])}
    return {**inputs, **sign_stages(secret, sent["timestamp"], sent["method"], sent["target"], body)}


def sent_webhook(sent):
    secret, body = secret_bytes(sent["secret"]), bytes_of(sent["body"])
    inputs = {"kind": "webhook", "secretB64": base64_of(secret), "timestamp": sent["timestamp"], "bodyB64": json_of(sent["body"])}
    return {**inputs, **webhook_stages(secret, sent["timestamp"], body)}


def sender_of(sent, default_kind):
    return {"request": sent_request, "webhook": sent_webhook}[sent.get("kind", default_kind)](sent)


def header_state(headers, genuine):
    """Whether the first signature header is what the sender signed."""
    values = [value for name, value in headers if name.lower() == "x-cpg-signature"]
    return "missing" if not values or values[0] == "" else "genuine" if values[0] == genuine else "altered"


def row(identifier, flag, description, **given):
    flags = [flag] if isinstance(flag, str) else flag
    return {"id": identifier, "flags": flags, "description": description, **given}
