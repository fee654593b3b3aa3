"""Mistakes of webhooks."""

import base64

from .row import NOW, add, canonical, sha256_hex, webhook_message


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
