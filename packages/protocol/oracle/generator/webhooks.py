"""webhooks.json: a delivery as its receiver got it, the moment, the secret, and the answer."""

from .answers import ACCEPTED, SIGNATURE
from .body import bytes_of, json_of
from .secrets import WEBHOOK_SECRET
from .sender import header_state, secret_bytes, sender_of
from .webhook_table import TABLE
from .wire import base64_of, webhook_stages

DEFAULTS = {"secret": WEBHOOK_SECRET, "timestamp": "1747444800"}


def vector(row):
    sent = {**DEFAULTS, **row["sent"]}
    received = {**sent, **row.get("received", {})}
    sender = sender_of(sent, "webhook")
    genuine, alter = sender["signature"], row.get("alter")
    signature = alter(genuine, sender) if alter else genuine
    headers = row.get("headers", lambda *pairs: list(pairs))(["X-CPG-Timestamp", received["timestamp"]], ["X-CPG-Signature", signature])
    secret, expected = secret_bytes(row.get("key_secret", sent["secret"])), row["expected"]
    out = {
        "id": row["id"],
        "group": row["group"],
        "description": row["description"],
        "spec": row["spec"],
        "flags": row["flags"],
        "level": "MUST",
        "result": "valid" if expected["accepted"] else "invalid",
        "now": row.get("now", 1747444800),
        "secretB64": base64_of(secret),
        "headers": headers,
        "bodyB64": json_of(received["body"]),
        "expected": expected,
        "signatureHeader": header_state(headers, genuine),
    }
    if expected in (ACCEPTED, SIGNATURE):
        out["computed"] = webhook_stages(secret, received["timestamp"], bytes_of(received["body"]))
    if "computed" not in out or out["computed"]["signature"] != genuine:
        out["sent"] = sender
    return out


def vectors():
    return [vector({"group": f"webhook/{group}", "spec": spec, **row}) for group, spec, rows in TABLE for row in rows]
