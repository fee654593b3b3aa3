"""Altered fields, and bytes moved from one field to the next."""

import hashlib

from .parts import OTHER_KEY_ID, row
from .verdicts import SIGNATURE

BODY = b'{"currency":"USDT","network":"ETH","amount":"100.000000"}'
GET = "/v1/balances?currency=USDT&network=ETH"


def field(identifier, description, sent, received, flag="TamperedField"):
    return row(identifier, flag, description, sent=sent, received=received, expected=SIGNATURE)


def target(identifier, description, received, sent=GET):
    return field(identifier, description, {"target": sent}, {"target": received})


def body(identifier, description, received, sent=BODY):
    post = {"method": "POST", "target": "/v1/withdrawals", "body": sent}
    return field(identifier, description, post, {"body": received})


TAMPER = [
    field("tamper-timestamp-later", "the timestamp one second later", {}, {"timestamp": "1747444801"}),
    field("tamper-timestamp-earlier", "the timestamp one second earlier", {}, {"timestamp": "1747444799"}),
    field("tamper-method-put", "PUT for POST", {"method": "POST", "target": "/v1/withdrawals", "body": BODY}, {"method": "PUT"}),
    field("tamper-method-head", "HEAD for GET", {}, {"method": "HEAD"}),
    field("tamper-method-delete", "DELETE for GET", {"target": "/v1/withdrawals/4711"}, {"method": "DELETE"}),
    target("tamper-path-id", "another id", "/v1/withdrawals/4712", "/v1/withdrawals/4711"),
    target("tamper-path-case", "another case", "/v1/Balances?currency=USDT&network=ETH"),
    target("tamper-path-trailing-slash", "a slash added", "/v1/balances/?currency=USDT&network=ETH"),
    target("tamper-path-double-slash", "a slash doubled", "/v1//balances?currency=USDT&network=ETH"),
    target("tamper-path-dot", "a dot segment added", "/v1/./balances?currency=USDT&network=ETH"),
    target("tamper-path-prefix", "the prefix gone, as a mounted router sees it", "/balances?currency=USDT&network=ETH"),
    target("tamper-path-escape-case", "an escape in the other case", "/v1/withdrawals/4%2F7", "/v1/withdrawals/4%2f7"),
    target("tamper-path-decoded", "an escape decoded", "/v1/~user", "/v1/%7Euser"),
    target("tamper-query-value", "another value", "/v1/balances?currency=USDC&network=ETH"),
    target("tamper-query-case", "a value in another case", "/v1/balances?currency=usdt&network=ETH"),
    target("tamper-query-order", "the parameters in another order", "/v1/balances?network=ETH&currency=USDT"),
    target("tamper-query-dropped", "no query", "/v1/balances"),
    target("tamper-query-cut", "one parameter gone", "/v1/balances?currency=USDT"),
    target("tamper-query-added", "one parameter more", "/v1/balances?currency=USDT&network=ETH&x=1"),
    target("tamper-query-from-nothing", "a query where none was", "/v1/balances?currency=USDT", "/v1/balances"),
    target("tamper-query-ampersand", "an ampersand at the end", "/v1/balances?currency=USDT&network=ETH&"),
    target("tamper-query-second-qmark", "a second ?", "/v1/balances??currency=USDT&network=ETH"),
    target("tamper-query-plus", "%20 turned into a plus", "/v1/balances?currency=a+b", "/v1/balances?currency=a%20b"),
    target("tamper-query-escape-case", "an escape in the other case", "/v1/balances?currency=%E2%82%AC", "/v1/balances?currency=%e2%82%ac"),
    target("tamper-query-decoded", "an escape decoded", "/v1/balances?currency=USDT", "/v1/balances?currency=%55SDT"),
    body("tamper-body-amount", "another amount", BODY.replace(b"100.", b"900.")),
    body("tamper-body-space", "a space added", BODY.replace(b":", b": ", 1)),
    body("tamper-body-trailing-lf", "a line feed added", BODY + b"\n"),
    body("tamper-body-key-order", "the fields in another order", b'{"network":"ETH","currency":"USDT","amount":"100.000000"}'),
    body("tamper-body-number", "an amount respelt", b'{"amount":1.1}', b'{"amount":1.10}'),
    body("tamper-body-emptied", "no body", b""),
    body("tamper-body-bom", "a byte order mark added", b"\xef\xbb\xbf" + BODY),
    body("tamper-body-invalid-utf8", "another byte that is not UTF-8", b"\x7b\xfe\x7d", b"\x7b\xff\x7d"),
    body("tamper-body-after-nul", "bytes after a NUL", b'{"a":"x\x00z"}', b'{"a":"x\x00y"}'),
    field("tamper-body-on-get", "a body on a GET that had none", {}, {"body": b'{"currency":"BTC"}'}, "BodyCovered"),
    field("tamper-body-on-delete", "another body on a DELETE", {"method": "DELETE", "target": "/v1/withdrawals/4711", "body": b"{}"}, {"body": b"[]"}, "BodyCovered"),
    row("tamper-key-id", "KeyId", "another known key's id: it is not in the string, its secret is another", received={"key_id": OTHER_KEY_ID}, expected=SIGNATURE),
    row("tamper-key-id-case", "KeyId", "the key id in another case is unknown", received={"key_id": "CK_EXAMPLE"}, expected=SIGNATURE),
]


def shifted(identifier, description, sent, received):
    return field(identifier, description, sent, received, "FieldBoundary")


BOUNDARY = [
    shifted("boundary-path-to-query", "a byte of the path moved into the query", {"target": "/v1/balances?x=1"}, {"target": "/v1/balance?sx=1"}),
    shifted("boundary-query-to-path", "a byte of the query moved into the path", {"target": "/v1/balances?x=1"}, {"target": "/v1/balancesx?=1"}),
    shifted("boundary-divider-escaped", "the dividing ? escaped", {"target": "/v1/balances?x=1"}, {"target": "/v1/balances%3Fx=1"}),
    shifted("boundary-divider-moved", "another ? divides", {"target": "/v1/balances?a?b"}, {"target": "/v1/balances%3Fa?b"}),
    shifted("boundary-lf-escaped", "an escaped line feed for the divider", {"target": "/v1/balances?x=1"}, {"target": "/v1/balances%0Ax=1"}),
    shifted("boundary-hash-as-query", "the body's hash as the query, the body gone", {"body": BODY}, {"target": f"/v1/balances?{hashlib.sha256(BODY).hexdigest()}", "body": b""}),
    shifted("boundary-query-to-body", "the query moved into the body", {"method": "POST", "target": "/v1/withdrawals?a=1"}, {"target": "/v1/withdrawals", "body": b"a=1"}),
]

GROUPS = [("tamper", ["1.2"], TAMPER), ("boundary", ["1.2"], BOUNDARY)]
