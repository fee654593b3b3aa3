"""request-verification.json: a request as received, with the time, the keys and the expected verdict.

`sent` is what the sender signed; `received` overrides what the server received.
"""

from . import verification_accept, verification_headers, verification_signature, verification_tamper, verification_timestamp
from .parts import KEY_ID, OTHER_KEY_ID, OTHER_SECRET, SECRET, base64_of, bytes_of, header_state, json_of, secret_bytes, sender_of, sign_stages
from .verdicts import ACCEPTED, SIGNATURE

DEFAULTS = {"secret": SECRET, "key_id": KEY_ID, "timestamp": "1747444800", "method": "GET", "target": "/v1/balances?currency=USDT&network=ETH", "body": b""}
TABLES = [verification_accept, verification_headers, verification_signature, verification_tamper, verification_timestamp]


def vector(row):
    sent = {**DEFAULTS, **row.get("sent", {})}
    received = {**sent, **row.get("received", {})}
    sender = sender_of(sent, "request")
    genuine = sender["signature"]
    alter = row.get("alter")
    signature = alter(genuine, sender) if alter else genuine
    headers = [["X-CPG-Key", received["key_id"]], ["X-CPG-Timestamp", received["timestamp"]], ["X-CPG-Signature", signature]]
    if "headers" in row:
        headers = row["headers"](*headers)
    expected = row["expected"]
    key_secret = secret_bytes(row.get("key_secret", SECRET if isinstance(sent["secret"], bytes) else sent["secret"]))
    keys = row.get("keys", [(sent["key_id"], key_secret), (OTHER_KEY_ID, OTHER_SECRET.encode())])
    out = {
        "id": row["id"],
        "group": row["group"],
        "description": row["description"],
        "spec": row["spec"],
        "flags": row["flags"],
        "level": "MUST",
        "result": "valid" if expected["accepted"] else "invalid",
        "now": row.get("now", int(sent["timestamp"]) if expected is ACCEPTED else 1747444800),
        "keys": [{"keyId": key_id, "secretB64": base64_of(secret)} for key_id, secret in keys],
        "method": received["method"],
        "target": received["target"],
        "headers": headers,
        "bodyB64": json_of(received["body"]),
        "expected": expected,
        "signatureHeader": header_state(headers, genuine),
    }
    known = dict(keys).get(received["key_id"])
    if expected in (ACCEPTED, SIGNATURE) and known is not None:
        out["computed"] = sign_stages(known, received["timestamp"], received["method"], received["target"], bytes_of(received["body"]))
    computed = out.get("computed", {})
    if (computed.get("canonical"), computed.get("signature")) != (sender.get("canonical"), genuine):
        out["sent"] = sender
    return out


def vectors():
    return [
        vector({"group": f"verify/{group}", "spec": spec, **row})
        for table in TABLES
        for group, spec, rows in table.GROUPS
        for row in rows
    ]
