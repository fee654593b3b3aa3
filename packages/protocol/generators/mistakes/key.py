"""Mistakes with the secret, the HMAC and the format of the signature."""

import base64
import hashlib
import hmac
import json

from .row import GET, SECRET, add, canonical, sha256_hex


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
