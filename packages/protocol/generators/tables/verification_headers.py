"""Wrong headers, wrong request targets, and two errors at once."""

from .parts import row
from .verdicts import ENCODING, MALFORMED, MISSING, SIGNATURE, TARGET, WINDOW

OTHER = {"Key": "ck_example_other", "Timestamp": "1747444801", "Signature": "0" * 64}
NAMES = ("Key", "Timestamp", "Signature")


def without(index):
    return lambda *pairs: [pair for at, pair in enumerate(pairs) if at != index]


def emptied(index):
    return lambda *pairs: [[name, "" if at == index else value] for at, (name, value) in enumerate(pairs)]


def repeated(index, change=lambda pair: pair, first=False):
    def apply(*pairs):
        extra = change(pairs[index])
        return [extra, *pairs] if first else [*pairs, extra]
    return apply


def missing(identifier, description, headers, flag="MissingHeader", **given):
    return row(identifier, flag, description, headers=headers, expected=MISSING, **given)


def duplicate(identifier, description, headers):
    return row(identifier, "DuplicateHeader", description, headers=headers, expected=MALFORMED)


def key_id(identifier, description, text, flag="KeyId"):
    return row(identifier, flag, description, sent={"key_id": text}, expected=MALFORMED)


MISSING_ROWS = [
    *[missing(f"missing-{name.lower()}", f"no X-CPG-{name}", without(index)) for index, name in enumerate(NAMES)],
    *[missing(f"empty-{name.lower()}", f"an empty X-CPG-{name}", emptied(index)) for index, name in enumerate(NAMES)],
    missing("missing-all", "no header at all", lambda *_: []),
    missing("missing-underscores", "underscores are not hyphens", lambda *pairs: [[name.replace("-", "_"), value] for name, value in pairs]),
    missing("missing-in-query", "the three values in the query are no headers",
            lambda *_: [["Host", "127.0.0.1"]], received={"target": "/v1/balances?X-CPG-Key=ck_example&X-CPG-Timestamp=1747444800&X-CPG-Signature=" + "0" * 64}),
    missing("missing-authorization-instead", "another scheme's header is none of ours", lambda key, time, signature: [["Authorization", f"CPG {key[1]}:{time[1]}:{signature[1]}"]]),
    missing("missing-beats-duplicate", "one header is missing, another repeated", lambda key, time, signature: [time, time, signature], ["MissingHeader", "Precedence"]),
]

MALFORMED_ROWS = [
    *[duplicate(f"duplicate-{name.lower()}-identical", f"X-CPG-{name} twice, the same value", repeated(index)) for index, name in enumerate(NAMES)],
    *[duplicate(f"duplicate-{name.lower()}-good-bad", f"X-CPG-{name} twice, the good one first", repeated(index, lambda pair, name=name: [pair[0], OTHER[name]])) for index, name in enumerate(NAMES)],
    *[duplicate(f"duplicate-{name.lower()}-bad-good", f"X-CPG-{name} twice, the good one last", repeated(index, lambda pair, name=name: [pair[0], OTHER[name]], first=True)) for index, name in enumerate(NAMES)],
    duplicate("duplicate-key-other-case", "the same name in two cases is the same header", repeated(0, lambda pair: [pair[0].lower(), pair[1]])),
    key_id("key-id-129-characters", "one character too long", "k" * 129),
    key_id("key-id-inner-space", "a space inside", "ck example"),
    key_id("key-id-slash", "a character outside the grammar", "ck/example"),
    key_id("key-id-colon", "a character outside the grammar", "ck:example"),
    key_id("key-id-percent", "an escape is not decoded", "ck%5Fexample"),
    key_id("key-id-comma-joined", "two ids joined, as Node joins repeated headers", "ck_example, ck_example"),
    key_id("key-id-non-ascii", "a byte above 7F", "ck_ex\u00e4mple"),
    key_id("key-id-folded", "a folded line", "ck_ex\r\n ample", ["KeyId", "PureLayerOnly"]),
    key_id("key-id-trailing-lf", "a line feed at the end", "ck_example\n", ["KeyId", "PureLayerOnly"]),
]


def target(identifier, description, text, *flags):
    return row(identifier, ["TargetForm", *flags], description, sent={"target": text}, expected=TARGET)


TARGET_ROWS = [
    target("target-absolute-form", "absolute form, signed as such", "http://127.0.0.1/v1/balances"),
    target("target-authority-form", "authority form", "127.0.0.1:8787", "PureLayerOnly"),
    target("target-asterisk-form", "asterisk form", "*"),
    target("target-two-slashes", "two slashes at the start", "//v1/balances"),
    target("target-three-slashes", "three slashes at the start", "///v1/balances"),
    target("target-no-slash", "no slash at the start", "v1/balances", "PureLayerOnly"),
    target("target-only-query", "a query without a path", "?currency=USDT", "PureLayerOnly"),
    target("target-empty", "nothing at all", "", "PureLayerOnly"),
    target("target-fragment", "a fragment", "/v1/balances#top"),
    target("target-fragment-in-query", "a fragment after the query", "/v1/balances?currency=USDT#top"),
    target("target-backslash", "a backslash", "/v1\\balances"),
    target("target-backslash-in-query", "a backslash in the query", "/v1/balances?q=\\"),
    target("target-space", "a space", "/v1/balances?q=a b", "PureLayerOnly"),
    target("target-tab", "a tab", "/v1/balances?q=a\tb", "PureLayerOnly"),
    target("target-nul", "a NUL byte", "/v1/balances\u0000", "PureLayerOnly"),
    target("target-del", "a DEL byte", "/v1/balances\u007f", "PureLayerOnly"),
    target("target-inner-lf", "a line feed that would open the next field", "/v1/balances\ncurrency=USDT", "FieldBoundary", "PureLayerOnly"),
    target("target-trailing-lf", "a line feed at the end", "/v1/balances\n", "FieldBoundary", "PureLayerOnly"),
    target("target-latin-1", "a byte above 7F", "/v1/caf\u00e9", "PureLayerOnly"),
    target("target-raw-utf8", "raw UTF-8", "/v1/caf\u00c3\u00a9", "PureLayerOnly"),
]


def encoding(identifier, description, value, **given):
    return row(identifier, "ContentEncoding", description, headers=lambda *pairs: [*pairs, ["Content-Encoding", value]], **{"expected": ENCODING, **given})


ENCODING_ROWS = [
    encoding("content-encoding-gzip", "gzip", "gzip"),
    encoding("content-encoding-br", "Brotli", "br"),
    encoding("content-encoding-list", "a list that ends in identity", "gzip, identity"),
    encoding("content-encoding-list-begins", "a list that begins with identity", "identity, gzip"),
]


def both(identifier, description, expected, **given):
    return row(identifier, "Precedence", description, expected=expected, **given)


ORDER_ROWS = [
    both("order-missing-before-target", "a header is missing and the target malformed", MISSING, sent={"target": "//v1/balances"}, headers=without(2)),
    both("order-headers-before-target", "the key id and the target are malformed", MALFORMED, sent={"target": "//v1/balances", "key_id": "ck/example"}),
    both("order-headers-before-timestamp", "a header is repeated and the timestamp stale", MALFORMED, headers=repeated(0), now=1747449999),
    both("order-target-before-timestamp", "the target is malformed and the timestamp stale", TARGET, sent={"target": "//v1/balances"}, now=1747449999),
    both("order-timestamp-before-encoding", "the timestamp is stale and the body encoded", WINDOW, headers=lambda *pairs: [*pairs, ["Content-Encoding", "gzip"]], now=1747449999),
    both("order-timestamp-before-key", "the timestamp is stale and the key unknown", WINDOW, received={"key_id": "ck_nobody"}, now=1747449999),
    both("order-timestamp-before-signature", "the timestamp is stale and the signature no signature", WINDOW, alter=lambda *_: "nonsense", now=1747449999),
    both("order-encoding-before-signature", "the body is encoded and the signature wrong", ENCODING, alter=lambda *_: "0" * 64, headers=lambda *pairs: [*pairs, ["Content-Encoding", "gzip"]]),
    both("order-unknown-key", "an unknown key gets the response of a wrong signature", SIGNATURE, received={"key_id": "ck_nobody"}),
]

GROUPS = [
    ("headers-missing", ["1.1"], MISSING_ROWS),
    ("headers-malformed", ["1.1"], MALFORMED_ROWS),
    ("target", ["1.2"], TARGET_ROWS),
    ("content-encoding", ["1.2"], ENCODING_ROWS),
    ("order", ["2.1"], ORDER_ROWS),
]
