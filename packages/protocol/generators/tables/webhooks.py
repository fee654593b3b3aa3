"""webhooks.json: a webhook as received, with the time, the secret and the expected verdict."""

import base64
import hashlib
import hmac

from .parts import SECRET, WEBHOOK_SECRET, base64_of, bytes_of, header_state, json_of, row, secret_bytes, secret_of_length, sender_of, webhook_stages
from .verdicts import ACCEPTED, MALFORMED, MISSING, SIGNATURE, WINDOW
from .verification_headers import emptied, repeated, without
from .verification_signature import flip

NOW = 1747444800
DETECTED = b'{"id":1001,"event":"deposit.detected","created_at":"2025-05-17T01:20:00Z","api_version":"1","data":{"deposit_request_id":7,"user_identifier":"user-1","address":"0x000000000000000000000000000000000000bEEF","currency":"USDT","network":"ETH","amount":"25.000000","tx_hash":"0xabc","confirmations":0,"block_number":null}}'
CONFIRMED = DETECTED.replace(b"deposit.detected", b"deposit.confirmed").replace(b'"confirmations":0', b'"confirmations":12')
WITHDRAWAL = b'{"id":1002,"event":"withdrawal.confirmed","created_at":"2025-05-17T01:20:00.000123Z","api_version":"1","data":{"withdrawal_id":4711,"client_reference":null,"currency":"USDT","network":"ETH","to_address":"0x000000000000000000000000000000000000bEEF","amount":"100.000000","fee":"5.000000","status":"confirmed","tx_hash":"0xdef","error_message":null}}'


def accept(*arguments, **given):
    return row(*arguments, expected=ACCEPTED, **given)


def reject(identifier, flag, description, expected=SIGNATURE, **given):
    return row(identifier, flag, description, expected=expected, **given)


def body(content):
    return {"body": content}


ACCEPT = [
    accept("webhook-deposit", "Ordinary", "a detected deposit", sent=body(DETECTED)),
    accept("webhook-withdrawal", "Ordinary", "a confirmed withdrawal", sent=body(WITHDRAWAL)),
    accept("webhook-retry", "Ordinary", "the same bytes a minute later, signed anew", sent={**body(DETECTED), "timestamp": str(NOW + 60)}, now=NOW + 60),
    accept("webhook-body-lf-first", "FieldBoundary", "a body that begins with a line feed", sent=body(b"\n" + DETECTED)),
    accept("webhook-body-pretty", "BodyBytes", "a body over several lines, with CRLF", sent=body(b'{\r\n  "id": 1\r\n}\r\n')),
    accept("webhook-body-bom", "BodyBytes", "a byte order mark belongs to the body", sent=body(b"\xef\xbb\xbf" + DETECTED)),
    accept("webhook-body-utf8", "BodyBytes", "UTF-8", sent=body('{"user_identifier":"Zoë 🔑"}'.encode())),
    accept("webhook-body-invalid-utf8", "BodyBytes", "bytes that are not UTF-8", sent=body(b"\x7b\xff\x7d")),
    accept("webhook-body-nul", "BodyBytes", "a NUL byte ends nothing", sent=body(b'{"a":"x\x00y"}')),
    accept("webhook-body-empty", "EmptyBody", "no body: the signed bytes end with the line feed", sent=body(b"")),
    accept("webhook-signature-upper", "Malleability", "receivers lowercase the signature first", sent=body(DETECTED), alter=lambda text, _: text.upper()),
    accept("webhook-header-names-lower", "HeaderCase", "header names in lower case", sent=body(DETECTED), headers=lambda *pairs: [[name.lower(), value] for name, value in pairs]),
    accept("webhook-key-header-ignored", "HeaderCase", "other headers do not matter", sent=body(DETECTED),
           headers=lambda *pairs: [["X-CPG-Event", "deposit.detected"], ["X-CPG-Delivery", "d-1"], *pairs, ["X-CPG-Key", "ck_example"]]),
    accept("webhook-secret-65-bytes", "HmacKeyBlock", "a secret longer than the block of SHA-256", sent={**body(DETECTED), "secret": secret_of_length(65)}),
    accept("webhook-secret-outer-spaces", "KeyBytes", "spaces about a secret belong to it", sent={**body(DETECTED), "secret": " DO-NOT-USE-IN-PRODUCTION "}),
    accept("webhook-window-past-300", "TimestampWindow", "the clock is 300 s ahead", sent=body(DETECTED), now=NOW + 300),
    accept("webhook-window-future-300", "TimestampWindow", "the clock is 300 s behind", sent=body(DETECTED), now=NOW - 300),
]

HEADERS = [
    *[reject(f"webhook-missing-{name}", "MissingHeader", f"no {name}", MISSING, sent=body(DETECTED), headers=without(index)) for index, name in enumerate(("timestamp", "signature"))],
    *[reject(f"webhook-empty-{name}", "MissingHeader", f"an empty {name}", MISSING, sent=body(DETECTED), headers=emptied(index)) for index, name in enumerate(("timestamp", "signature"))],
    *[reject(f"webhook-duplicate-{name}", "DuplicateHeader", f"the {name} twice", MALFORMED, sent=body(DETECTED), headers=repeated(index)) for index, name in enumerate(("timestamp", "signature"))],
]

TIMESTAMP = [
    reject("webhook-window-past-301", "TimestampWindow", "the clock is 301 s ahead", WINDOW, sent=body(DETECTED), now=NOW + 301),
    reject("webhook-window-future-301", "TimestampWindow", "the clock is 301 s behind", WINDOW, sent=body(DETECTED), now=NOW - 301),
    *[
        reject(f"webhook-timestamp-{name}", "TimestampGrammar", description, WINDOW, sent={**body(DETECTED), "timestamp": text}, now=NOW)
        for name, description, text in (
            ("milliseconds", "milliseconds", f"{NOW}000"),
            ("suffix", "letters after it, which parseInt ignores", f"{NOW}junk"),
            ("fraction", "a fraction", f"{NOW}.0"),
            ("leading-zero", "a leading zero", f"0{NOW}"),
            ("not-a-number", "NaN", "NaN"),
        )
    ],
]

TAMPER = [
    reject("webhook-tamper-timestamp", "TamperedField", "the timestamp one second later", sent=body(DETECTED), received={"timestamp": str(NOW + 1)}),
    reject("webhook-tamper-event", "TamperedField", "another event in the body", sent=body(DETECTED), received=body(CONFIRMED)),
    reject("webhook-tamper-amount", "TamperedField", "another amount", sent=body(DETECTED), received=body(DETECTED.replace(b"25.0", b"95.0"))),
    reject("webhook-tamper-space", "TamperedField", "a body parsed and written again with spaces", sent=body(b'{"id":1,"a":[1,2]}'), received=body(b'{"id": 1, "a": [1, 2]}')),
    reject("webhook-tamper-trailing-lf", "TamperedField", "a line feed added", sent=body(DETECTED), received=body(DETECTED + b"\n")),
    reject("webhook-tamper-bom-dropped", "TamperedField", "a byte order mark dropped", sent=body(b"\xef\xbb\xbf" + DETECTED), received=body(DETECTED)),
    reject("webhook-tamper-emptied", "TamperedField", "the body gone", sent=body(DETECTED), received=body(b"")),
    reject("webhook-tamper-invalid-utf8", "TamperedField", "another byte that is not UTF-8", sent=body(b"\x7b\xff\x7d"), received=body(b"\x7b\xfe\x7d")),
]

ALTER = [
    reject(f"webhook-signature-{name}", "Malleability", description, sent=body(DETECTED), alter=alter)
    for name, description, alter in (
        ("flip", "a bit flipped", flip(5)),
        ("truncated", "the last digit missing", lambda text, _: text[:63]),
        ("suffix", "a suffix that a lenient hex decoder drops", lambda text, _: text + "zz"),
        ("prefix", "a prefix that names the hash", lambda text, _: "sha256=" + text),
        ("base64", "the right MAC in base64", lambda text, _: base64.b64encode(bytes.fromhex(text)).decode()),
        ("zeros", "64 zeros", lambda *_: "0" * 64),
        ("sha512", "HMAC-SHA512, cut to 64 digits", lambda _, sender: hmac.new(base64.b64decode(sender["secretB64"]), bytes.fromhex(sender["signedHex"]), hashlib.sha512).hexdigest()[:64]),
    )
] + [
    reject("webhook-secret-of-another", "KeyBytes", "signed with another secret", sent={**body(DETECTED), "secret": "cpg-example-other-DO-NOT-USE-IN-PRODUCTION"}, key_secret="cpg-example-webhook-DO-NOT-USE-IN-PRODUCTION"),
    reject("webhook-body-only-signed", "Confusion", "the body signed without its timestamp", sent=body(DETECTED), alter=lambda _, sender: hmac.new(base64.b64decode(sender["secretB64"]), DETECTED, hashlib.sha256).hexdigest()),
    reject("webhook-dot-separator", "Confusion", "another vendor's recipe: a full stop for the line feed", sent=body(DETECTED), alter=lambda _, sender: hmac.new(base64.b64decode(sender["secretB64"]), b"1747444800." + DETECTED, hashlib.sha256).hexdigest()),
]

REQUEST = {"kind": "request", "secret": SECRET, "method": "POST", "target": "/v1/withdrawals", "body": DETECTED}
TAIL = b"GET\n/v1/balances\n\n" + hashlib.sha256(b"").hexdigest().encode()

CONFUSION = [
    reject("request-signature-as-webhook", "Confusion", "a request's signature, same secret and body, on a webhook", sent=REQUEST),
    reject("request-signature-as-webhook-empty", "Confusion", "a GET's signature on a webhook without a body", sent={**REQUEST, "method": "GET", "target": "/v1/balances", "body": b""}),
    reject("webhook-of-body-hash", "Confusion", "a webhook that signs the hash of the body instead of the body", sent={"body": hashlib.sha256(DETECTED).hexdigest().encode()}, received=body(DETECTED)),
    accept("webhook-body-is-canonical-tail", ["Confusion", "SharedSecret"], "a body that spells the rest of a canonical string: under one secret the two kinds share a signature, so never use one secret for both",
           sent={"secret": SECRET, "body": TAIL}),
]

TABLE = [
    ("accept", ["5"], ACCEPT), ("headers", ["5"], HEADERS), ("timestamp", ["5"], TIMESTAMP),
    ("tamper", ["5"], TAMPER), ("signature", ["5"], ALTER), ("confusion", ["5"], CONFUSION),
]


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
