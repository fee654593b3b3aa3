"""Timestamps: the edges of the window, and malformed ones. All have a valid signature, so only the timestamp is wrong."""

from .parts import row
from .verdicts import WINDOW

NOW = 1747444800


def at(identifier, description, now, timestamp=str(NOW)):
    return row(identifier, "TimestampWindow", description, sent={"timestamp": timestamp}, now=now, expected=WINDOW)


def text(identifier, description, timestamp, *flags):
    return row(identifier, ["TimestampGrammar", *flags], description, sent={"timestamp": timestamp}, now=NOW, expected=WINDOW)


EDGES = [
    at("window-past-301", "the clock is 301 s ahead of the timestamp", NOW + 301),
    at("window-future-301", "the clock is 301 s behind the timestamp", NOW - 301),
    at("window-past-3601", "the clock is an hour and a second ahead: a time zone", NOW + 3601),
    at("window-future-3601", "the clock is an hour and a second behind", NOW - 3601),
    at("window-past-year", "a year old", NOW + 31536000),
    at("window-future-year", "a year ahead", NOW - 31536000),
    at("window-zero", "the epoch", NOW, "0"),
    at("window-epoch-301", "the epoch, one second beyond its edge", 301, "0"),
    at("window-milliseconds", "milliseconds", NOW, f"{NOW}000"),
    at("window-microseconds-cut", "fifteen digits, the longest of the grammar", NOW, "174744480000000"),
    at("window-minutes", "minutes", NOW, str(NOW // 60)),
]

TEXTS = [
    text("timestamp-fraction", "a fraction", f"{NOW}.0"),
    text("timestamp-fraction-point", "a decimal point and nothing after it", f"{NOW}."),
    text("timestamp-plus", "a plus", f"+{NOW}"),
    text("timestamp-minus", "a minus", f"-{NOW}"),
    text("timestamp-minus-zero", "minus zero", "-0"),
    text("timestamp-leading-zero", "a leading zero", f"0{NOW}"),
    text("timestamp-double-zero", "two zeros", "00"),
    text("timestamp-suffix", "letters after it, which parseInt ignores", f"{NOW}junk"),
    text("timestamp-unit", "a unit", f"{NOW}s"),
    text("timestamp-hexadecimal", "hexadecimal", hex(NOW)),
    text("timestamp-exponent", "an exponent", "17474448e2"),
    text("timestamp-underscore", "digits grouped by underscores, which Python's int() takes", "1_747_444_800"),
    text("timestamp-comma", "digits grouped by commas", "1,747,444,800"),
    text("timestamp-inner-space", "a space inside", "1747 444800"),
    text("timestamp-leading-space", "a space in front", f" {NOW}", "PureLayerOnly"),
    text("timestamp-trailing-space", "a space behind", f"{NOW} ", "PureLayerOnly"),
    text("timestamp-trailing-lf", "a line feed behind", f"{NOW}\n", "PureLayerOnly"),
    text("timestamp-iso", "an ISO date", "2025-05-17T01:20:00Z"),
    text("timestamp-http-date", "an HTTP date", "Sat, 17 May 2025 01:20:00 GMT"),
    text("timestamp-sixteen-digits", "one digit too many", "1747444800000000"),
    text("timestamp-thirty-digits", "thirty digits", "1" * 30),
    text("timestamp-not-a-number", "NaN, which compares false with every window", "NaN"),
    text("timestamp-infinity", "Infinity", "Infinity"),
    text("timestamp-word", "a word", "now"),
    text("timestamp-superscript", "a superscript digit, which isdigit() takes", "174744480\u00b2"),
    text("timestamp-comma-joined", "two timestamps joined by a comma", f"{NOW}, {NOW}"),
]

GROUPS = [("window", ["2"], EDGES), ("timestamp", ["1.1"], TEXTS)]
