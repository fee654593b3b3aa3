"""request-signing.json: a request, and every stage on the way to its signature."""

from .body import bytes_of, json_of
from .secrets import KEY_ID, SECRET
from .signing_table import TABLE
from .wire import base64_of, sign_stages

DEFAULTS = {"secret": SECRET, "key_id": KEY_ID, "timestamp": "1747444800", "method": "GET", "target": "/v1/balances", "body": b""}


def requests():
    """The table's rows with every default filled in."""
    for group, spec, rows in TABLE:
        for identifier, flags, description, given in rows:
            yield {**DEFAULTS, **given, "id": identifier, "group": group, "spec": spec, "flags": flags, "description": description}


def vector(row):
    secret = row["secret"].encode("utf-8")
    stages = sign_stages(secret, row["timestamp"], row["method"], row["target"], bytes_of(row["body"]))
    return {
        "id": row["id"],
        "group": row["group"],
        "description": row["description"],
        "spec": row["spec"],
        "flags": row["flags"],
        "level": "SHOULD" if "MethodCase" in row["flags"] else "MUST",
        "result": "valid",
        "keyId": row["key_id"],
        "secretB64": base64_of(secret),
        "timestamp": row["timestamp"],
        "method": row["method"],
        "target": row["target"],
        "bodyB64": json_of(row["body"]),
        **stages,
    }


def vectors():
    return [vector(row) for row in requests()]
