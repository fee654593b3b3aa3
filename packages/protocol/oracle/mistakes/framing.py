"""Mistakes in joining the fields."""

from .row import GET, POST, add, as_bytes, canonical, joined, lines, webhook_message


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
