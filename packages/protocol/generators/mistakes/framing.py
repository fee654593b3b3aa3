"""Mistakes in framing the message: of a request, and of a webhook."""

import base64

from .row import GET, NOW, POST, add, as_bytes, canonical, joined, lines, sha256_hex, webhook_message


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
