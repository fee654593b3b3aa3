"""What a sender signed, a request or a webhook, with every stage of it."""

from .body import bytes_of, json_of
from .wire import base64_of, sign_stages, webhook_stages


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
