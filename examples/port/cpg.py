"""The CPG wire protocol in Python, written from docs/wire-protocol.md alone. Standard library only."""

import hashlib
import hmac
import re

KEY, TIMESTAMP, SIGNATURE = "x-cpg-key", "x-cpg-timestamp", "x-cpg-signature"
WINDOW_SECONDS = 300
DUMMY_SECRET = b"unknown keys cost the same HMAC"


def canonical_string(timestamp, method, target, body):
    path, _, query = target.partition("?")
    return "\n".join([timestamp, method.upper(), path, query, hashlib.sha256(body).hexdigest()])


def hmac_hex(secret, message):
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def sign_request(key_id, secret, timestamp, method, target, body=b""):
    """The three headers. `secret` and `body` are bytes; `target` is exactly what is sent."""
    signature = hmac_hex(secret, canonical_string(timestamp, method, target, body).encode("ascii"))
    return {"X-CPG-Key": key_id, "X-CPG-Timestamp": timestamp, "X-CPG-Signature": signature}


def values_of(headers, wanted):
    return [value for name, value in headers if name.lower() == wanted]


def is_fresh(timestamp, now):
    is_number = re.fullmatch(r"0|[1-9][0-9]{0,14}", timestamp)
    return is_number is not None and abs(int(timestamp) - now) <= WINDOW_SECONDS


def same_signature(expected, received):
    return re.fullmatch(r"[0-9a-f]{64}", received) is not None and hmac.compare_digest(expected, received)


def verify_request(keys, now, method, target, headers, body):
    """None for an accepted request, else status and message. `keys`: id to secret; `headers`: pairs as received."""
    found = [values_of(headers, name) for name in (KEY, TIMESTAMP, SIGNATURE)]
    if not all(any(values) for values in found):
        return 401, "Missing authentication headers"
    if any(len(values) > 1 for values in found) or not re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", found[0][0]):
        return 401, "Malformed authentication headers"
    if not re.fullmatch(r"/(?!/)[!-~]*", target) or "#" in target or "\\" in target:
        return 400, "Malformed request target"
    (key_id,), (timestamp,), (signature,) = found
    if not is_fresh(timestamp, now):
        return 401, "Request timestamp is outside the allowed window"
    codings = ",".join(values_of(headers, "content-encoding")).lower().split(",")
    if any(coding.strip(" \t") not in ("", "identity") for coding in codings):
        return 415, "Content-Encoding is not supported"
    canonical = canonical_string(timestamp, method, target, body).encode("ascii")
    is_same = same_signature(hmac_hex(keys.get(key_id, DUMMY_SECRET), canonical), signature)
    return None if is_same and key_id in keys else (401, "Invalid signature")


# region verify_webhook
def verify_webhook(secret, now, headers, body):
    """None for an accepted webhook, else status and message."""
    found = [values_of(headers, name) for name in (TIMESTAMP, SIGNATURE)]
    if not all(any(values) for values in found):
        return 401, "Missing authentication headers"
    if any(len(values) > 1 for values in found):
        return 401, "Malformed authentication headers"
    (timestamp,), (signature,) = found
    if not is_fresh(timestamp, now):
        return 401, "Request timestamp is outside the allowed window"
    is_same = same_signature(hmac_hex(secret, timestamp.encode("ascii") + b"\n" + body), signature.lower())
    return None if is_same else (401, "Invalid signature")
# endregion verify_webhook
