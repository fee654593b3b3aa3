"""Other texts of a valid signature, and signatures of other keys or messages."""

import base64
import hashlib
import hmac

from .parts import OTHER_SECRET, SECRET, row
from .verdicts import SIGNATURE

BODY = b'{"currency":"USDT","network":"ETH","amount":"100.000000"}'


def altered(identifier, description, alter, *flags):
    return row(identifier, ["Malleability", *flags], description, alter=alter, expected=SIGNATURE)


def flip(index):
    """Flips the lowest bit of one hex digit; the result is a hex digit."""
    return lambda text, _: text[:index] + format(int(text[index], 16) ^ 1, "x") + text[index + 1:]


def swap_halves(text, _):
    return text[32:] + text[:32]


def first_letter_upper(text, _):
    at = next(index for index, digit in enumerate(text) if digit in "abcdef")
    return text[:at] + text[at].upper() + text[at + 1:]


def message_of(sender):
    return bytes.fromhex(sender["canonicalHex"])


GRAMMAR = [
    altered("signature-flip-first", "a bit of the first digit flipped", flip(0)),
    altered("signature-flip-middle", "a bit of a middle digit flipped", flip(31)),
    altered("signature-flip-last", "a bit of the last digit flipped", flip(63)),
    altered("signature-flip-two", "the same bit of two digits flipped, which a XOR accumulator forgives", lambda text, _: flip(40)(flip(8)(text, _), _)),
    altered("signature-halves-swapped", "the two halves swapped", swap_halves),
    altered("signature-reversed", "the digits in reverse", lambda text, _: text[::-1]),
    altered("signature-truncated-63", "the last digit missing", lambda text, _: text[:63]),
    altered("signature-truncated-32", "the first 128 bits alone", lambda text, _: text[:32]),
    altered("signature-truncated-1", "one digit", lambda text, _: text[:1]),
    altered("signature-extended", "one digit too many", lambda text, _: text + "0"),
    altered("signature-doubled", "twice in one value", lambda text, _: text + text),
    altered("signature-comma-joined", "twice, joined by a comma", lambda text, _: f"{text}, {text}"),
    altered("signature-suffix", "a suffix that a lenient hex decoder drops", lambda text, _: text + "zz"),
    altered("signature-upper", "upper case", lambda text, _: text.upper()),
    altered("signature-one-upper", "one letter in upper case", first_letter_upper),
    altered("signature-scheme-prefix", "a prefix that names the hash", lambda text, _: "sha256=" + text),
    altered("signature-hex-prefix", "a prefix 0x", lambda text, _: "0x" + text),
    altered("signature-base64", "the right MAC in base64", lambda text, _: base64.b64encode(bytes.fromhex(text)).decode()),
    altered("signature-inner-space", "a space in the middle", lambda text, _: text[:32] + " " + text[32:]),
    altered("signature-leading-space", "a space in front", lambda text, _: " " + text, "PureLayerOnly"),
    altered("signature-trailing-lf", "a line feed at the end, which $ of many regular expressions lets pass", lambda text, _: text + "\n", "PureLayerOnly"),
    altered("signature-zeros", "64 zeros", lambda *_: "0" * 64),
    altered("signature-not-hex", "64 letters beyond f", lambda *_: "g" * 64),
]


def made(identifier, description, alter):
    return row(identifier, "Malleability", description, alter=alter, expected=SIGNATURE)


ALGORITHM = [
    made("algorithm-sha512", "HMAC-SHA512, cut to 64 digits", lambda _, sender: hmac.new(SECRET.encode(), message_of(sender), hashlib.sha512).hexdigest()[:64]),
    made("algorithm-plain-sha256", "SHA-256 of secret and string instead of HMAC", lambda _, sender: hashlib.sha256(SECRET.encode() + message_of(sender)).hexdigest()),
    made("algorithm-no-secret", "SHA-256 of the string, which anyone can compute", lambda _, sender: hashlib.sha256(message_of(sender)).hexdigest()),
    made("algorithm-swapped-arguments", "string and secret exchanged", lambda _, sender: hmac.new(message_of(sender), SECRET.encode(), hashlib.sha256).hexdigest()),
    made("algorithm-empty-key", "an empty secret", lambda _, sender: hmac.new(b"", message_of(sender), hashlib.sha256).hexdigest()),
    made("algorithm-trailing-lf", "the canonical string with a line feed at its end", lambda _, sender: hmac.new(SECRET.encode(), message_of(sender) + b"\n", hashlib.sha256).hexdigest()),
]


def secret(identifier, description, used, known):
    return row(identifier, "KeyBytes", description, sent={"secret": used}, key_secret=known, expected=SIGNATURE)


SPACED, HEX = " DO-NOT-USE-IN-PRODUCTION ", "00112233445566778899aabbccddeeff"
BASE64 = "RE8tTk9ULVVTRS1JTi1QUk9EVUNUSU9O"

SECRETS = [
    secret("secret-of-another-key", "signed with the other key's secret", OTHER_SECRET, SECRET),
    secret("secret-trimmed", "the sender trimmed the secret", SPACED.strip(), SPACED),
    secret("secret-trailing-lf", "the sender's secret has a line feed at its end, as read from a file", SECRET + "\n", SECRET),
    secret("secret-hex-decoded", "the sender decoded a secret of hex digits", bytes.fromhex(HEX), HEX),
    secret("secret-base64-decoded", "the sender decoded a secret that looks like base64", base64.b64decode(BASE64), BASE64),
    secret("secret-latin-1", "the sender wrote the secret in Latin-1", "schlüssel-DO-NOT-USE-IN-PRODUCTION".encode("latin-1"), "schlüssel-DO-NOT-USE-IN-PRODUCTION"),
    secret("secret-upper", "the sender's secret in another case", SECRET.upper(), SECRET),
]

CONFUSION = [
    row("webhook-signature-as-request", "Confusion", "a webhook's signature, same secret and body, on a request",
        sent={"kind": "webhook", "body": BODY}, received={"method": "POST", "target": "/v1/withdrawals"}, expected=SIGNATURE),
    row("webhook-signature-empty-body", "Confusion", "a webhook's signature over an empty body, on a GET",
        sent={"kind": "webhook", "body": b""}, expected=SIGNATURE),
    row("webhook-signature-of-hash", "Confusion", "a webhook's signature over the hash of the body",
        sent={"kind": "webhook", "body": hashlib.sha256(BODY).hexdigest().encode()}, received={"method": "POST", "target": "/v1/withdrawals", "body": BODY}, expected=SIGNATURE),
]

GROUPS = [
    ("signature", ["1.1"], GRAMMAR),
    ("algorithm", ["1.1"], ALGORITHM),
    ("secret", ["1.2"], SECRETS),
    ("confusion", ["5"], CONFUSION),
]
