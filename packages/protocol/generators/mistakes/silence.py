"""Requests without a finding, and combined mistakes."""

import base64

from .row import BODY, GET, NOW, POST, SECRET, add, canonical, lines, sha256_hex, target


def silence():
    """No finding may be reported for these."""
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
