"""The arithmetic of the protocol, written a second time from the contract, with nothing but the standard library."""

import base64
import hashlib
import hmac


def base64_of(data):
    return base64.b64encode(data).decode("ascii")


def split_target(target):
    """Path and query: before and after the first question mark (contract 1.2)."""
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
    """A webhook signs two parts: the timestamp, a line feed, the body itself (contract 5)."""
    message = timestamp.encode("latin-1") + b"\n" + body
    return {"signedHex": message.hex(), "signature": hmac_hex(secret, message)}
