"""Requests that a verifier must accept: half of all broken verifiers fail only here."""

from . import signing
from .parts import KEY_ID, OTHER_KEY_ID, OTHER_SECRET, SECRET, row
from .verdicts import ACCEPTED

NOW = 1747444800


def accept(*arguments, **given):
    return row(*arguments, expected=ACCEPTED, **given)


def from_signing():
    """Every signing vector, as a server receives it: with the method in upper case."""
    for request in signing.requests():
        if "MethodCase" not in request["flags"]:
            sent = {name: request[name] for name in ("secret", "key_id", "timestamp", "method", "target", "body")}
            yield accept(f"accept-{request['id']}", request["flags"], request["description"], sent=sent)


def renamed(change):
    return lambda *pairs: [[change(name), value] for name, value in pairs]


HEADERS = [
    accept("header-names-lower", "HeaderCase", "header names in lower case", headers=renamed(str.lower)),
    accept("header-names-upper", "HeaderCase", "header names in upper case", headers=renamed(str.upper)),
    accept("header-names-mixed", "HeaderCase", "header names in mixed case", headers=renamed(str.swapcase)),
    accept("header-order-reversed", "HeaderCase", "the three headers in another order", headers=lambda key, time, signature: [signature, time, key]),
    accept("header-strangers-between", "HeaderCase", "other headers between, some of them repeated",
           headers=lambda key, time, signature: [["Host", "127.0.0.1"], key, ["Accept", "*/*"], time, ["Cookie", "a=1"], ["Cookie", "b=2"], signature]),
    accept("header-similar-names", "HeaderCase", "headers whose names only resemble ours",
           headers=lambda *pairs: [["X-CPG-Key-2", "ck_other"], ["CPG-Key", "ck_other"], *pairs]),
    accept("key-id-128-characters", "KeyId", "the longest key id", sent={"key_id": "k" * 128}),
    accept("key-id-one-character", "KeyId", "the shortest key id", sent={"key_id": "-"}),
    accept("key-second-of-two", "KeyId", "the key is not the first that the server knows",
           sent={"key_id": OTHER_KEY_ID, "secret": OTHER_SECRET}, keys=[(KEY_ID, SECRET.encode()), (OTHER_KEY_ID, OTHER_SECRET.encode())]),
    accept("content-encoding-identity-twice", "ContentEncoding", "identity, given twice",
           headers=lambda *pairs: [*pairs, ["Content-Encoding", "identity"], ["Content-Encoding", "Identity"]]),
    accept("content-encoding-empty-elements", "ContentEncoding", "a list of identity and of empty elements, which have no meaning",
           headers=lambda *pairs: [*pairs, ["Content-Encoding", ", identity ,"], ["Content-Encoding", ""]]),
    accept("content-encoding-identity", "ContentEncoding", "identity is no encoding", headers=lambda *pairs: [*pairs, ["Content-Encoding", "identity"]]),
]

TARGETS = [
    accept("bare-qmark-received", "EmptyQuery", "a ? was added on the way: a bare ? is an empty query", sent={"target": "/v1/balances"}, received={"target": "/v1/balances?"}),
    accept("bare-qmark-dropped", "EmptyQuery", "a bare ? was dropped on the way", sent={"target": "/v1/balances?"}, received={"target": "/v1/balances"}),
]

WINDOW = [
    *[
        accept(f"window-{name}", "TimestampWindow", f"the clock is {seconds} s {'ahead of' if seconds > 0 else 'behind'} the timestamp", now=NOW + seconds)
        for name, seconds in (("past-300", 300), ("past-299", 299), ("past-1", 1), ("future-1", -1), ("future-299", -299), ("future-300", -300))
    ],
    accept("window-epoch", "TimestampWindow", "the epoch itself, at its edge", sent={"timestamp": "0"}, now=300),
]

GROUPS = [
    ("accept-signed", ["1.2"], list(from_signing())),
    ("accept-headers", ["1.1"], HEADERS),
    ("accept-target", ["1.2"], TARGETS),
    ("accept-window", ["2"], WINDOW),
]
