"""A vector: a call, the wrong steps of its signer, and the expected codes of findings."""

import base64
import hashlib
import hmac

SECRET = "cpg-example-secret-DO-NOT-USE-IN-PRODUCTION"
NOW = 1747444800
BODY = '{"currency":"USDT","network":"ETH","to_address":"0x52908400098527886E0F7030069857D2E4169EE7","amount":"100"}'
GET = {"method": "GET", "target": "/v1/balances?network=ETH&currency=USDT"}
POST = {"method": "POST", "target": "/v1/withdrawals", "body": BODY}


def sha256_hex(data):
    return hashlib.sha256(data).hexdigest()


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def fields(call):
    """The five fields of a signer; a step of `call` replaces one of them."""
    path, _, query = call["target"].partition("?")
    body = as_bytes(call.get("signed_body", call["body"]))
    return {
        "timestamp": call.get("signed_timestamp", call["timestamp"]),
        "method": call.get("signed_method", call["method"]),
        "path": call.get("signed_path", path),
        "query": call.get("signed_query", query),
        "hash": call.get("signed_hash", sha256_hex(body)),
    }


def canonical(call):
    return b"\n".join(as_bytes(field) for field in fields(call).values())


def webhook_message(call):
    return as_bytes(fields(call)["timestamp"]) + b"\n" + as_bytes(call.get("signed_body", call["body"]))


def signature(call):
    message = call["message"](call) if "message" in call else canonical(call)
    key = as_bytes(call.get("signed_key", call["secret"]))
    mac = call["mac"](key, message) if "mac" in call else hmac.new(key, message, hashlib.sha256).digest()
    return call.get("write", bytes.hex)(mac)


def vector(identifier, codes, call):
    call = {"secret": SECRET, "timestamp": str(NOW), "body": "", "now": NOW, "kind": "request", **call}
    row = {"id": f"explain-{identifier}", "description": call.get("description", identifier.replace("-", " ").capitalize())}
    row.update(kind=call["kind"], secretB64=base64.b64encode(as_bytes(call["secret"])).decode())
    row.update({name: call[name] for name in ("keyId", "host", "now", "combinations") if name in call})
    row.update(timestamp=call["timestamp"], method=call["method"], target=call["target"])
    row.update(bodyB64=base64.b64encode(as_bytes(call["body"])).decode(), signature=signature(call), findings=codes)
    return row


VECTORS = []


def add(identifier, codes, base, **steps):
    VECTORS.append(vector(identifier, [codes] if isinstance(codes, str) else codes, {**base, **steps}))


def target(text):
    return {"method": "GET", "target": text}


def joined(separator):
    return lambda call: as_bytes(separator).join(as_bytes(field) for field in fields(call).values())


def lines(*names, **more):
    return lambda call: b"\n".join(as_bytes({**fields(call), **more}[name]) for name in names)
