#!/usr/bin/env python3
"""Writes vectors/explain-mismatch.json: requests and webhooks signed wrongly, each with the mistakes it was signed with.

The mistakes are made here, with Python's standard library, and not by any part of @cpg/protocol. `--check` compares
instead of writing.

    python3 oracle/explain_mismatch.py [--check] [file]
"""

import base64
import datetime
import hashlib
import hmac
import json
import pathlib
import sys
import urllib.parse

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
    """The five fields as a signer sees them; a step of `call` replaces one of them."""
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


def timestamps():
    add("timestamp-milliseconds-round", "timestamp_milliseconds_signed", GET, signed_timestamp="1747444800000")
    add("timestamp-milliseconds", "timestamp_milliseconds_signed", GET, signed_timestamp="1747444800123")
    add("timestamp-milliseconds-sent", ["timestamp_milliseconds_sent"], GET, timestamp="1747444800123", signed_timestamp="1747444800")
    date = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc)
    add("timestamp-iso-offset", "timestamp_other_format", GET, signed_timestamp=date.isoformat())
    add("timestamp-iso-z", "timestamp_other_format", GET, signed_timestamp=date.strftime("%Y-%m-%dT%H:%M:%SZ"))
    add("timestamp-iso-milliseconds", "timestamp_other_format", GET, signed_timestamp=date.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    add("timestamp-http-date", "timestamp_other_format", GET, signed_timestamp="Sat, 17 May 2025 01:20:00 GMT")
    add("timestamp-float", "timestamp_other_format", GET, signed_timestamp=str(float(NOW)))
    add("timestamp-second-later", "timestamp_differs", GET, signed_timestamp=str(NOW + 1))
    add("timestamp-minute-earlier", "timestamp_differs", POST, signed_timestamp=str(NOW - 60))
    add("timestamp-stale", "timestamp_stale", GET, timestamp=str(NOW - 301))
    add("timestamp-ahead", "timestamp_stale", GET, timestamp=str(NOW + 3600))
    add("timestamp-in-milliseconds", "timestamp_in_milliseconds", GET, timestamp="1747444800123")
    add("timestamp-malformed", "timestamp_malformed", GET, timestamp="1747444800.5")


def methods():
    add("method-lower-case", "method_not_upper_case", GET, signed_method="get")
    add("method-capitalised", "method_not_upper_case", POST, signed_method="Post")
    add("method-differs", "method_differs", POST, signed_method="GET")


def paths():
    add("path-without-prefix", "path_without_prefix", GET, signed_path="/balances")
    add("path-without-prefix-at-root", "path_without_prefix", target("/v1"), signed_path="/")
    add("path-includes-query", "path_includes_query", GET, signed_path=GET["target"], signed_query="")
    add("path-includes-query-twice", "path_includes_query", GET, signed_path=GET["target"])
    url = {**GET, "host": "api.example.com:8443"}
    add("path-is-url", "path_is_url", url, signed_path="https://api.example.com:8443/v1/balances")
    add("path-is-whole-url", "path_is_url", url, signed_path="http://api.example.com:8443" + GET["target"], signed_query="")
    add("path-with-host", "path_is_url", url, signed_path="api.example.com:8443/v1/balances")
    ping = {**target("/v1/_ping"), "host": "api.example.com"}
    add("path-is-url-without-query", "path_is_url", ping, signed_path="https://api.example.com/v1/_ping")
    add("path-without-slash", "path_slash_changed", GET, signed_path="v1/balances")
    add("path-trailing-slash-added", "path_slash_changed", GET, signed_path="/v1/balances/")
    add("path-trailing-slash-dropped", "path_slash_changed", target("/v1/balances/"), signed_path="/v1/balances")
    add("path-decoded", "path_decoded", target("/v1/withdrawals/a%20b%C3%A9"), signed_path="/v1/withdrawals/a bé")
    add("path-encoded-again", "path_encoded", target("/v1/withdrawals/a%20b"), signed_path="/v1/withdrawals/a%2520b")
    add("path-slashes-encoded", "path_encoded", GET, signed_path=urllib.parse.quote("/v1/balances", safe=""))
    add("path-dots-resolved", "path_normalised", target("/v1/x/../balances"), signed_path="/v1/balances")
    add("path-slashes-merged", "path_normalised", target("/v1//balances"), signed_path="/v1/balances")
    add("path-escapes-upper-case", "path_normalised", target("/v1/a%2fb"), signed_path="/v1/a%2Fb")
    add("path-lower-case", "path_case_changed", target("/v1/Balances"), signed_path="/v1/balances")


def queries():
    add("query-question-mark", "query_question_mark_kept", GET, signed_query="?network=ETH&currency=USDT")
    add("query-question-mark-alone", "query_question_mark_kept", POST, signed_query="?")
    add("query-sorted", "query_sorted", GET, signed_query="currency=USDT&network=ETH")
    add("query-sorted-by-name", "query_sorted", target("/v1/x?b=1&a=2&a=1"), signed_query="a=2&a=1&b=1")
    add("query-reordered", "query_reordered", target("/v1/x?a=1&b=2&c=3"), signed_query="b=2&a=1&c=3")
    add("query-reversed", "query_reordered", target("/v1/x?e=1&d=2&c=3&b=4&a=5&z=6"), signed_query="z=6&a=5&b=4&c=3&d=2&e=1")
    add("query-plus-signed-as-escape", "query_spaces_rewritten", target("/v1/x?q=a+b"), signed_query="q=a%20b")
    add("query-escape-signed-as-plus", "query_spaces_rewritten", target("/v1/x?q=a%20b"), signed_query="q=a+b")
    add("query-escapes-upper-case", "query_escapes_rewritten", target("/v1/x?q=%c3%a9"), signed_query="q=%C3%A9")
    add("query-escapes-lower-case", "query_escapes_rewritten", target("/v1/x?q=%C3%A9"), signed_query="q=%c3%a9")
    add("query-decoded", "query_decoded", target("/v1/x?q=a%2Fb%C3%A9"), signed_query="q=a/bé")
    add("query-decoded-as-form", "query_decoded", target("/v1/x?q=a+%26b"), signed_query="q=a &b")
    add("query-encoded-as-form", "query_encoded", target("/v1/x?q=a:b,c"), signed_query=urllib.parse.urlencode({"q": "a:b,c"}))
    add("query-encoded-as-component", "query_encoded", target("/v1/x?q=~a@b"), signed_query="q=~a%40b")
    add("query-encoded-strictly", "query_encoded", target("/v1/x?q=(a'*b)"), signed_query="q=%28a%27%2Ab%29")
    add("query-encoded-again", "query_encoded", target("/v1/x?q=%C3%A9"), signed_query="q=%25C3%25A9")
    add("query-blanks-dropped", "query_blanks_dropped", target("/v1/x?a=&b=2&&c=3"), signed_query="b=2&c=3")
    add("query-empty-parameters-dropped", "query_blanks_dropped", target("/v1/x?a=&&b=2&"), signed_query="a=&b=2")
    add("query-lower-case", "query_case_changed", GET, signed_query="network=eth&currency=usdt")
    add("query-as-json", "query_as_json", GET, signed_query='{"network":"ETH","currency":"USDT"}')


def bodies():
    spaced = json.dumps(json.loads(BODY))
    add("body-reserialised", "body_reserialised", {**POST, "body": spaced}, signed_body=BODY)
    add("body-reserialised-by-python", "body_reserialised", POST, signed_body=spaced)
    add("body-pretty-printed", "body_reserialised", POST, signed_body=json.dumps(json.loads(BODY), indent=2))
    add("body-escaped-by-python", "body_reserialised", {**POST, "body": '{"a":"é"}'}, signed_body=json.dumps({"a": "é"}))
    add("body-escaped-by-php", "body_reserialised", {**POST, "body": '{"a":"x/y"}'}, signed_body='{"a":"x\\/y"}')
    add("body-as-json-string", "body_reserialised", POST, signed_body=json.dumps(BODY))
    large_number = {**POST, "body": '{"amount":9007199254740993}'}
    add("body-number-rounded", "body_reserialised", large_number, signed_body='{"amount":9007199254740992}')
    nested = {**POST, "body": '{"b":[{"d":1,"c":null}],"a":"x"}'}
    add("body-keys-sorted", "body_keys_sorted", nested, signed_body='{"a":"x","b":[{"c":null,"d":1}]}')
    add("body-keys-sorted-by-python", "body_keys_sorted", nested, signed_body=json.dumps(json.loads(nested["body"]), sort_keys=True))
    add("body-trimmed", "body_trimmed", {**POST, "body": " not json \n"}, signed_body="not json")
    add("body-newline-dropped", "body_trimmed", {**POST, "body": "not json \n"}, signed_body="not json ")
    add("body-newline-added", "body_newline_added", POST, signed_body=BODY + "\n")
    add("body-crlf-added", "body_newline_added", POST, signed_body=BODY + "\r\n")
    add("body-crlf-signed-as-lf", "body_line_endings_changed", {**POST, "body": "a\r\nb"}, signed_body="a\nb")
    add("body-lf-signed-as-crlf", "body_line_endings_changed", {**POST, "body": "a\nb"}, signed_body="a\r\nb")
    add("body-byte-order-mark-dropped", "body_charset_changed", {**POST, "body": "\ufeffa"}, signed_body="a")
    add("body-latin1", "body_charset_changed", {**POST, "body": "é"}, signed_body="é".encode("latin-1"))
    add("body-decoded-lossily", "body_charset_changed", {**POST, "body": b"\xff\x00"}, signed_body="\ufffd\0")
    add("body-normalised", "body_charset_changed", {**POST, "body": "e\u0301"}, signed_body="é")
    add("body-empty-object", "body_placeholder", GET, signed_body="{}")
    add("body-null", "body_placeholder", GET, signed_body="null")
    add("body-ignored", "body_ignored", POST, signed_body="")


def body_hashes():
    digest = hashlib.sha256(BODY.encode())
    add("body-not-hashed", "body_not_hashed", POST, signed_hash=BODY)
    add("body-hash-upper-case", "body_hash_upper_case", POST, signed_hash=digest.hexdigest().upper())
    add("body-hash-base64", "body_hash_not_hex", POST, signed_hash=base64.b64encode(digest.digest()))
    add("body-hash-base64url", "body_hash_not_hex", POST, signed_hash=base64.urlsafe_b64encode(digest.digest()).rstrip(b"="))
    add("body-hash-raw-bytes", "body_hash_not_hex", POST, signed_hash=digest.digest())
    add("body-hash-sha512", "body_hash_other", POST, signed_hash=hashlib.sha512(BODY.encode()).hexdigest())
    add("body-hash-md5", "body_hash_other", POST, signed_hash=hashlib.md5(BODY.encode()).hexdigest())
    add("body-hash-hmac", "body_hash_other", POST, signed_hash=hmac.new(SECRET.encode(), BODY.encode(), "sha256").hexdigest())
    add("body-hash-twice", "body_hash_other", POST, signed_hash=sha256_hex(digest.hexdigest().encode()))


def framing():
    add("trailing-newline", "trailing_newline", GET, message=lambda call: canonical(call) + b"\n")
    add("trailing-crlf", "trailing_newline", GET, message=lambda call: canonical(call) + b"\r\n")
    add("separator-backslash-n", "separator_escaped", GET, message=joined("\\n"))
    add("separator-crlf", "separator_crlf", GET, message=joined("\r\n"))
    add("separator-missing", "separator_missing", GET, message=joined(""))
    add("separator-space", "separator_other", GET, message=joined(" "))
    add("separator-pipe", "separator_other", GET, message=joined("|"))
    names = ["timestamp", "method", "path", "query", "hash"]
    for name, code in zip(names, ["timestamp", "method", "path", "query", "body_hash"]):
        identifier = code.replace("_", "-")
        rest = [other for other in names if other != name]
        add(f"{identifier}-left-out", f"{code}_left_out", GET, message=lines(*rest))
        add(f"{identifier}-empty", f"{code}_left_out", GET, message=lines(*names, **{name: ""}))
    add("empty-query-line-left-out", "query_left_out", POST, message=lines("timestamp", "method", "path", "hash"))
    add("fields-method-first", "fields_reordered", GET, message=lines("method", "path", "query", "timestamp", "hash"))
    add("fields-timestamp-last", "fields_reordered", POST, message=lines("method", "path", "query", "hash", "timestamp"))
    key_id = {**GET, "keyId": "ck_demo_full"}
    add("key-id-first", "key_id_included", key_id, message=lines("key", *names, key="ck_demo_full"))
    add("key-id-last", "key_id_included", key_id, message=lines(*names, "key", key="ck_demo_full"))
    host = {**GET, "host": "api.example.com"}
    add("host-after-method", "host_included", host, message=lines("timestamp", "method", "host", "path", "query", "hash", host="api.example.com"))
    add("webhook-recipe-for-request", "webhook_recipe_for_request", POST, message=webhook_message)
    add("body-only", "body_only", POST, message=lambda call: as_bytes(call["body"]))
    add("dotted-recipe", "dotted_recipe", POST, message=lambda call: f"{call['timestamp']}.{call['body']}".encode())
    add("concatenated-recipe", "concatenated_recipe", POST, message=lambda call: f"{call['timestamp']}{call['method']}{call['target']}{call['body']}".encode())
    add("concatenated-recipe-with-query", "concatenated_recipe", GET, message=lambda call: f"{call['method']}{call['target']}{call['timestamp']}".encode())


def keys():
    add("key-with-newline", "key_with_newline", GET, signed_key=SECRET + "\n")
    add("key-with-crlf", "key_with_newline", GET, signed_key=SECRET + "\r\n")
    add("key-with-space", "key_with_spaces", GET, signed_key=" " + SECRET)
    add("key-quoted", "key_quoted", GET, signed_key=f'"{SECRET}"')
    add("key-trimmed", "key_trimmed", {**GET, "secret": f" {SECRET}\n"}, signed_key=SECRET)
    add("key-right-trimmed", "key_trimmed", {**GET, "secret": f" {SECRET}\n"}, signed_key=" " + SECRET)
    hex_secret = sha256_hex(b"DO-NOT-USE-IN-PRODUCTION")
    add("key-hex-decoded", "key_hex_decoded", {**GET, "secret": hex_secret}, signed_key=bytes.fromhex(hex_secret))
    b64_secret = base64.b64encode(hashlib.sha256(b"DO-NOT-USE-IN-PRODUCTION").digest()).decode()
    add("key-base64-decoded", "key_base64_decoded", {**GET, "secret": b64_secret}, signed_key=base64.b64decode(b64_secret))
    add("key-base64-decoded-after-prefix", "key_base64_decoded", {**GET, "secret": f"whsec_{b64_secret}"}, signed_key=base64.b64decode(b64_secret))
    add("key-hex-encoded", "key_encoded", GET, signed_key=SECRET.encode().hex())
    add("key-base64-encoded", "key_encoded", GET, signed_key=base64.b64encode(SECRET.encode()))
    add("key-hashed", "key_hashed", GET, signed_key=hashlib.sha256(SECRET.encode()).digest())
    add("key-hashed-as-hex", "key_hashed", GET, signed_key=sha256_hex(SECRET.encode()))
    add("key-prefix-dropped", "key_prefix_dropped", {**GET, "secret": f"sk_{SECRET}"}, signed_key=SECRET)
    add("key-lower-case", "key_case_changed", GET, signed_key=SECRET.lower())
    accented = {**GET, "secret": "clé-DO-NOT-USE-IN-PRODUCTION"}
    add("key-latin1", "key_charset_changed", accented, signed_key="clé-DO-NOT-USE-IN-PRODUCTION".encode("latin-1"))
    add("key-utf16", "key_charset_changed", GET, signed_key=SECRET.encode("utf-16-le"))
    add("key-empty", "key_missing", GET, signed_key="")
    add("key-undefined", "key_missing", GET, signed_key="undefined")
    add("key-id-as-key", "key_id_as_key", {**GET, "keyId": "ck_demo_full"}, signed_key="ck_demo_full")


def algorithms():
    add("arguments-swapped", "arguments_swapped", GET, mac=lambda key, message: hmac.new(message, key, "sha256").digest())
    add("plain-sha256", "plain_sha256", GET, mac=lambda key, message: hashlib.sha256(message).digest())
    add("plain-sha256-key-first", "plain_sha256", GET, mac=lambda key, message: hashlib.sha256(key + message).digest())
    add("plain-sha256-key-last", "plain_sha256", GET, mac=lambda key, message: hashlib.sha256(message + key).digest())
    for name in ("sha512", "sha384", "sha1", "md5"):
        add(f"hmac-{name}", "other_hash_function", GET, mac=lambda key, message, name=name: hmac.new(key, message, name).digest())
    add("message-hashed-first", "message_hashed_first", GET, message=lambda call: sha256_hex(canonical(call)).encode())
    add("message-base64-first", "message_encoded_first", GET, message=lambda call: base64.b64encode(canonical(call)))
    add("message-json-first", "message_encoded_first", GET, message=lambda call: json.dumps(canonical(call).decode()).encode())
    add("message-lower-case", "message_lower_case", GET, message=lambda call: canonical(call).lower())


def outputs():
    add("signature-upper-case", "signature_upper_case", GET, write=lambda mac: mac.hex().upper())
    add("signature-base64", "signature_base64", GET, write=lambda mac: base64.b64encode(mac).decode())
    add("signature-base64url", "signature_base64", GET, write=lambda mac: base64.urlsafe_b64encode(mac).decode().rstrip("="))
    add("signature-base64-of-hex", "signature_base64_of_hex", GET, write=lambda mac: base64.b64encode(mac.hex().encode()).decode())
    add("signature-prefixed", "signature_prefixed", GET, write=lambda mac: f"sha256={mac.hex()}")
    add("signature-prefixed-base64", ["signature_prefixed", "signature_base64"], GET, write=lambda mac: f"HMAC-SHA256 {base64.b64encode(mac).decode()}")
    add("signature-hex-prefix", "signature_prefixed", GET, write=lambda mac: f"0x{mac.hex()}")
    add("signature-with-newline", "signature_padded", GET, write=lambda mac: f"{mac.hex()}\n")
    add("signature-quoted", "signature_padded", GET, write=lambda mac: f'"{mac.hex()}"')
    add("signature-truncated", "signature_truncated", GET, write=lambda mac: mac.hex()[:32])


def webhooks():
    base = {"kind": "webhook", "method": "POST", "target": "/hooks/cpg", "body": '{"id": 1, "event": "deposit.confirmed"}', "message": webhook_message}
    add("webhook-right", [], base)
    add("webhook-other-secret", [], base, signed_key="another-secret-DO-NOT-USE-IN-PRODUCTION")
    add("webhook-stale", "timestamp_stale", base, timestamp=str(NOW - 301))
    add("webhook-milliseconds", "timestamp_milliseconds_signed", base, signed_timestamp="1747444800999")
    add("webhook-body-reserialised", "body_reserialised", base, signed_body='{"id":1,"event":"deposit.confirmed"}')
    add("webhook-body-newline-added", "body_newline_added", base, signed_body=base["body"] + "\n")
    add("webhook-body-hashed", "body_hashed", base, message=lambda call: f"{call['timestamp']}\n{sha256_hex(call['body'].encode())}".encode())
    add("request-recipe-for-webhook", "request_recipe_for_webhook", base, message=canonical)
    add("webhook-body-trimmed", "body_trimmed", {**base, "body": "x\n\n"}, signed_body="x")
    ends = {**base, "body": b"\xff\x00"}
    add("webhook-body-first", "fields_reordered", ends, message=lambda call: call["body"] + b"\n" + call["timestamp"].encode())
    add("webhook-separator-missing", "separator_other", base, message=lambda call: (call["timestamp"] + call["body"]).encode())
    add("webhook-body-only", "body_only", base, message=lambda call: call["body"].encode())
    add("webhook-dotted", "dotted_recipe", base, message=lambda call: f"{call['timestamp']}.{call['body']}".encode())
    add("webhook-key-base64-decoded", "key_base64_decoded", {**base, "secret": "whsec_" + base64.b64encode(b"DO-NOT-USE-IN-PRODUCTION").decode()}, signed_key=b"DO-NOT-USE-IN-PRODUCTION")
    add("webhook-signature-base64", "signature_base64", base, write=lambda mac: base64.b64encode(mac).decode())


def silence():
    """Nothing may be said of these."""
    add("right", [], GET)
    add("right-with-body", [], POST)
    add("other-secret", [], GET, signed_key="another-secret-DO-NOT-USE-IN-PRODUCTION")
    add("tampered-body", [], POST, signed_body=BODY.replace("100", "900"))
    add("tampered-query", [], GET, signed_query="network=ETH&currency=USDC")
    add("timestamp-far-away", [], GET, signed_timestamp=str(NOW - 61))
    add("timestamp-malformed-and-other-secret", [], GET, timestamp="now", signed_key="another-secret-DO-NOT-USE-IN-PRODUCTION")
    add("timestamp-without-a-date", [], GET, timestamp="999999999999999", signed_key="another-secret-DO-NOT-USE-IN-PRODUCTION")
    add("signature-random", [], GET, write=lambda mac: sha256_hex(b"random"))
    add("signature-all-zero", [], GET, write=lambda mac: "0" * 64)
    add("signature-empty", [], GET, write=lambda mac: "")
    add("signature-no-digits", [], GET, write=lambda mac: "not a signature!")
    add("signature-cut-to-nothing-to-go-by", [], GET, write=lambda mac: mac.hex()[:30])
    add("key-id-unknown", [], GET, message=lines("empty", "timestamp", "method", "path", "query", "hash", empty=""))
    add("target-malformed", [], target("//v1/balances"), signed_path="/v1/balances")
    add("two-mistakes-without-combinations", [], GET, signed_timestamp="1747444800000", signed_path="/balances")


def combinations():
    both = {**GET, "combinations": True}
    add("milliseconds-and-prefix", ["timestamp_milliseconds_signed", "path_without_prefix"], both, signed_timestamp="1747444800000", signed_path="/balances")
    add("sorted-and-newline", ["query_sorted", "trailing_newline"], both, signed_query="currency=USDT&network=ETH", message=lambda call: canonical(call) + b"\n")
    add("lower-case-and-key-newline", ["method_not_upper_case", "key_with_newline"], both, signed_method="get", signed_key=SECRET + "\n")
    add("base64-and-milliseconds", ["timestamp_milliseconds_signed", "signature_base64"], GET, signed_timestamp="1747444800000", write=lambda mac: base64.b64encode(mac).decode())
    add("three-mistakes", [], both, signed_method="get", signed_key=SECRET + "\n", signed_path="/balances")


def document():
    for group in (timestamps, methods, paths, queries, bodies, body_hashes, framing, keys, algorithms, outputs, webhooks, silence, combinations):
        group()
    identifiers = [each["id"] for each in VECTORS]
    assert len(set(identifiers)) == len(identifiers), "an id is used twice"
    source = {"name": "cpg/explain_mismatch.py", "version": "1"}
    head = {"$schema": "./explain-mismatch.schema.json", "suite": "cpg-explain-mismatch", "version": "1.0.0", "source": source}
    return {**head, "count": len(VECTORS), "vectors": VECTORS}


def main(arguments):
    files = [argument for argument in arguments if argument != "--check"]
    default = pathlib.Path(__file__).parent.parent / "vectors" / "explain-mismatch.json"
    file = pathlib.Path(files[0]) if files else default
    text = json.dumps(document(), indent=2) + "\n"
    if "--check" not in arguments:
        file.write_text(text)
    elif not file.exists() or file.read_text() != text:
        sys.exit(f"Differs from what explain_mismatch.py writes: {file.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
