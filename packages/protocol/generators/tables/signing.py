"""request-signing.json: a request, and every value up to its signature."""

from .parts import KEY_ID, Repeat, SECRET, base64_of, bytes_of, json_of, secret_of_length, sign_stages

JSON_BODY = b'{"currency":"USDT","network":"ETH","to_address":"0x000000000000000000000000000000000000bEEF","amount":"100.000000"}'


def target(text):
    return {"target": text}


def post(body, **given):
    return {"method": "POST", "target": "/v1/withdrawals", "body": body, **given}


def key(secret):
    return {"secret": secret}


ORDINARY = ["1.1", "1.2", "1.3"], [
    ("worked-example", ["Ordinary"], "the worked example of the wire protocol", target("/v1/balances?currency=USDT&network=ETH")),
    ("ping", ["Ordinary"], "the smallest request", target("/v1/_ping")),
    ("post-withdrawal", ["Ordinary"], "a JSON body", post(JSON_BODY)),
    ("get-withdrawal", ["Ordinary"], "an id in the path", target("/v1/withdrawals/4711")),
    ("next-second", ["Ordinary"], "the worked example one second later", {"timestamp": "1747444801", **target("/v1/balances?currency=USDT&network=ETH")}),
    ("timestamp-zero", ["TimestampGrammar"], "the epoch itself, one digit", {"timestamp": "0"}),
    ("timestamp-fifteen-digits", ["TimestampGrammar"], "the longest timestamp of the grammar", {"timestamp": "999999999999999"}),
    ("key-id-not-covered", ["KeyId"], "the key id is no part of the canonical string", {"key_id": "A-z_0.9", **target("/v1/balances?currency=USDT&network=ETH")}),
]

PATH = ["1.2"], [
    ("path-trailing-slash", ["Encoding"], "a trailing slash stays", target("/v1/balances/")),
    ("path-case", ["Encoding"], "case stays", target("/v1/Balances")),
    ("path-root", ["Ordinary"], "a lone slash", target("/")),
    ("path-double-slash", ["DotSegments"], "two slashes inside stay two", target("/v1//balances")),
    ("path-dot", ["DotSegments"], "a dot segment stays", target("/v1/./balances")),
    ("path-dot-dot", ["DotSegments"], "a double-dot segment stays", target("/v1/x/../balances")),
    ("path-encoded-dots", ["DotSegments", "Encoding"], "an encoded double-dot segment stays", target("/v1/x/%2e%2e/balances")),
    ("path-encoded-slash-lower", ["Encoding"], "%2f is neither decoded nor upper-cased", target("/v1/withdrawals/4%2f7")),
    ("path-encoded-slash-upper", ["Encoding"], "%2F is another path than %2f", target("/v1/withdrawals/4%2F7")),
    ("path-encoded-tilde", ["Encoding"], "%7E is not decoded, though ~ needs no escape", target("/v1/%7Euser")),
    ("path-tilde", ["Encoding"], "~ is not encoded", target("/v1/~user")),
    ("path-encoded-utf8", ["Encoding"], "UTF-8 escapes in lower case stay", target("/v1/caf%c3%a9")),
    ("path-stray-percent", ["Encoding"], "an escape that is none stays as sent", target("/v1/100%/%zz")),
    ("path-semicolon", ["Encoding"], "a semicolon and its parameter stay", target("/v1/balances;x=1")),
    ("path-sub-delimiters", ["Encoding"], "every other visible character stays", target("/v1/!$&'()*+,=:@[]|^`{}<>\"")),
]

QUERY = ["1.2"], [
    ("query-trailing-qmark", ["EmptyQuery"], "a bare ? is an empty query", target("/v1/balances?")),
    ("query-order-as-sent", ["QueryOrder"], "the worked example's parameters the other way round", target("/v1/balances?network=ETH&currency=USDT")),
    ("query-duplicate-names", ["QueryOrder"], "a name given twice, values not in order", target("/v1/transactions?status=failed&status=confirmed")),
    ("query-numeric-names", ["QueryOrder"], "numeric names, which an object would reorder", target("/v1/balances?10=a&2=b&1=c")),
    ("query-blank-value", ["QueryOrder"], "a name with = and no value", target("/v1/balances?currency=&network=ETH")),
    ("query-no-equals", ["QueryOrder"], "a name without =", target("/v1/balances?currency&network=ETH")),
    ("query-double-ampersand", ["QueryOrder"], "empty parameters stay", target("/v1/balances?&currency=USDT&&network=ETH&")),
    ("query-plus", ["Encoding"], "a plus is not a space", target("/v1/balances?currency=a+b")),
    ("query-percent-20", ["Encoding"], "%20 is not a plus", target("/v1/balances?currency=a%20b")),
    ("query-encoded-ampersand", ["Encoding"], "%26 is not decoded", target("/v1/balances?currency=a%26b%3Dc")),
    ("query-escape-lower", ["Encoding"], "escapes in lower case stay", target("/v1/balances?currency=%e2%82%ac")),
    ("query-escape-upper", ["Encoding"], "escapes in upper case stay", target("/v1/balances?currency=%E2%82%AC")),
    ("query-needless-escape", ["Encoding"], "an escaped letter is not decoded", target("/v1/balances?currency=%55SDT")),
    ("query-invalid-utf8", ["Encoding"], "an escape that is not UTF-8 stays", target("/v1/balances?currency=%ff%fe")),
    ("query-second-qmark", ["EmptyQuery"], "only the first ? divides", target("/v1/balances?currency=USDT?network=ETH")),
    ("query-only-qmark-qmark", ["EmptyQuery"], "the query is one ?", target("/v1/balances??")),
    ("query-slash-and-dots", ["DotSegments"], "slashes and dots mean nothing in a query", target("/v1/balances?next=/v1/../x//y")),
    ("query-value-case", ["QueryOrder"], "a lower-case filter is signed as sent", target("/v1/balances?currency=usdt&network=eth")),
    ("query-brackets", ["QueryOrder"], "bracket notation is not taken apart", target("/v1/balances?a[b]=1&a[]=2")),
    ("query-prototype-name", ["QueryOrder"], "a name that objects treat specially", target("/v1/balances?__proto__=x&constructor=y")),
    ("query-sub-delimiters", ["Encoding"], "every other visible character stays", target("/v1/balances?q=!$'()*,;:@|^`{}<>\"~")),
]

METHOD = ["1.2"], [
    ("method-lower-case", ["MethodCase"], "a method written in lower case is signed in upper case", {"method": "get"}),
    ("method-get-with-body", ["BodyCovered"], "a GET's body is covered", {"body": b'{"currency":"USDT"}'}),
    ("method-delete-with-body", ["BodyCovered"], "a DELETE's body is covered", {"method": "DELETE", "target": "/v1/withdrawals/4711", "body": b'{"reason":"typo"}'}),
    ("method-delete-empty", ["EmptyBody"], "a DELETE without a body", {"method": "DELETE", "target": "/v1/withdrawals/4711"}),
    ("method-put", ["BodyCovered"], "PUT", {"method": "PUT", "target": "/v1/withdrawals/4711", "body": b"{}"}),
    ("method-patch", ["BodyCovered"], "PATCH", {"method": "PATCH", "target": "/v1/withdrawals/4711", "body": b"{}"}),
    ("method-head", ["EmptyBody"], "HEAD is not GET", {"method": "HEAD"}),
]

BODY = ["1.2"], [
    ("body-post-empty", ["EmptyBody"], "a POST without a body has the hash of zero bytes", post(b"")),
    ("body-spaces", ["BodyBytes"], "insignificant spaces are significant", post(b'{ "amount" : "1.0" ,  "currency":"USDT" }')),
    ("body-outer-whitespace", ["BodyBytes"], "white space around the document stays", post(b'  {"amount":"1.0"}\t ')),
    ("body-trailing-lf", ["BodyBytes"], "a trailing line feed stays", post(b'{"amount":"1.0"}\n')),
    ("body-crlf", ["BodyBytes"], "CRLF is not LF", post(b'{\r\n  "amount": "1.0"\r\n}\r\n')),
    ("body-lf", ["BodyBytes"], "the same with LF", post(b'{\n  "amount": "1.0"\n}\n')),
    ("body-duplicate-keys", ["BodyBytes"], "a key given twice", post(b'{"amount":"1.0","amount":"2.0"}')),
    ("body-number-spelling", ["BodyBytes"], "numbers that a parser would respell", post(b'{"amount":1.10e2,"big":9007199254740993}')),
    ("body-bom", ["BodyBytes"], "a byte order mark is three bytes of body", post(b'\xef\xbb\xbf{"amount":"1.0"}')),
    ("body-utf8", ["BodyBytes"], "UTF-8, composed", post('{"note":"café €"}'.encode())),
    ("body-utf8-decomposed", ["BodyBytes"], "the same letters decomposed are other bytes", post('{"note":"cafe\u0301 €"}'.encode())),
    ("body-escaped", ["BodyBytes"], "the same letter as a JSON escape is other bytes", post(b'{"note":"caf\\u00e9"}')),
    ("body-invalid-utf8", ["BodyBytes"], "bytes that are not UTF-8", post(b"\x7b\xff\xfe\x7d")),
    ("body-nul", ["BodyBytes"], "a NUL byte ends nothing", post(b'{"a":"x\x00y"}')),
    ("body-lf-first", ["FieldBoundary"], "a body that begins with line feeds", post(b"\n\nGET\n/v1/balances\n")),
    ("body-not-json", ["BodyBytes"], "form data", post(b"currency=USDT&amount=1.0")),
    ("body-one-byte", ["BodyBytes"], "a single byte", post(b"0")),
    ("body-256-bytes", ["BodyBytes"], "every byte value once", post(bytes(range(256)))),
    ("body-65537-bytes", ["BodyBytes"], "one byte more than 64 KiB", post(Repeat(b"a", 65537))),
    ("body-1-mib", ["BodyBytes"], "exactly the default limit", post(Repeat(b" ", 1048576))),
]

KEY = ["1.2"], [
    ("key-1-byte", ["HmacKeyBlock"], "a secret of 1 byte", key("!")),
    *[
        (f"key-{length}-bytes", ["HmacKeyBlock"], f"a secret of {length} bytes", key(secret_of_length(length)))
        for length in (63, 64, 65, 131)
    ],
    ("key-hex-looking", ["KeyBytes"], "a secret of hex digits is not decoded", key("00112233445566778899aabbccddeeff")),
    ("key-base64-looking", ["KeyBytes"], "a secret that looks like base64 is not decoded", key("RE8tTk9ULVVTRS1JTi1QUk9EVUNUSU9O")),
    ("key-outer-spaces", ["KeyBytes"], "spaces about a secret belong to it", key(" DO-NOT-USE-IN-PRODUCTION ")),
    ("key-trailing-lf", ["KeyBytes"], "a line feed at its end belongs to it", key("DO-NOT-USE-IN-PRODUCTION\n")),
    ("key-utf8", ["KeyBytes"], "a secret beyond ASCII is used as UTF-8", key("geheim-schlüssel-🔑-DO-NOT-USE-IN-PRODUCTION")),
]

BOUNDARY = ["1.2"], [
    ("boundary-query-in-path", ["FieldBoundary"], "the query's bytes in the path", target("/v1/balances%3Fcurrency=USDT&network=ETH")),
    ("boundary-hash-in-query", ["FieldBoundary"], "a query that looks like the next field", target("/v1/balances?e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")),
    ("boundary-path-grows", ["FieldBoundary"], "one byte moved from the query to the path", target("/v1/balancesc?urrency=USDT&network=ETH")),
    ("boundary-encoded-lf", ["FieldBoundary"], "an escaped line feed is three ordinary characters", target("/v1/balances%0Acurrency=USDT")),
]

TABLE = [
    (f"sign/{name}", spec, rows)
    for name, (spec, rows) in {
        "ordinary": ORDINARY, "path": PATH, "query": QUERY, "method": METHOD, "body": BODY, "key": KEY, "boundary": BOUNDARY,
    }.items()
]


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
