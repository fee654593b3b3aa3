"""Mistakes with timestamp, method, path and query."""

import datetime
import urllib.parse

from .row import GET, NOW, POST, add, target


def timestamps():
    add("timestamp-milliseconds-round", "timestamp_milliseconds_signed", GET, signed_timestamp="1747444800000")
    add("timestamp-milliseconds", "timestamp_milliseconds_signed", GET, signed_timestamp="1747444800123")
    add("timestamp-milliseconds-sent", ["timestamp_milliseconds_sent"], GET, timestamp="1747444800123", signed_timestamp="1747444800")
    date = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc)
    add("timestamp-iso-offset", "timestamp_other_format", GET, signed_timestamp=date.isoformat())
    add("timestamp-iso-z", "timestamp_other_format", GET, signed_timestamp=date.strftime("%Y-%m-%dT%H:%M:%SZ"))
    add("timestamp-iso-milliseconds", "timestamp_other_format", GET, signed_timestamp=date.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    add("timestamp-http-date", "timestamp_other_format", GET, signed_timestamp="Sat, 17 May 2025 01:20:00 GMT")
    add("timestamp-float", "timestamp_other_format", GET, signed_timestamp=str(float(NOW)))
    add("timestamp-second-later", "timestamp_differs", GET, signed_timestamp=str(NOW + 1))
    add("timestamp-minute-earlier", "timestamp_differs", POST, signed_timestamp=str(NOW - 60))
    add("timestamp-stale", "timestamp_stale", GET, timestamp=str(NOW - 301))
    add("timestamp-ahead", "timestamp_stale", GET, timestamp=str(NOW + 3600))
    add("timestamp-in-milliseconds", "timestamp_in_milliseconds", GET, timestamp="1747444800123")
    add("timestamp-malformed", "timestamp_malformed", GET, timestamp="1747444800.5")


def methods():
    add("method-lower-case", "method_not_upper_case", GET, signed_method="get")
    add("method-capitalised", "method_not_upper_case", POST, signed_method="Post")
    add("method-differs", "method_differs", POST, signed_method="GET")


def paths():
    add("path-without-prefix", "path_without_prefix", GET, signed_path="/balances")
    add("path-without-prefix-at-root", "path_without_prefix", target("/v1"), signed_path="/")
    add("path-includes-query", "path_includes_query", GET, signed_path=GET["target"], signed_query="")
    add("path-includes-query-twice", "path_includes_query", GET, signed_path=GET["target"])
    url = {**GET, "host": "api.example.com:8443"}
    add("path-is-url", "path_is_url", url, signed_path="https://api.example.com:8443/v1/balances")
    add("path-is-whole-url", "path_is_url", url, signed_path="http://api.example.com:8443" + GET["target"], signed_query="")
    add("path-with-host", "path_is_url", url, signed_path="api.example.com:8443/v1/balances")
    ping = {**target("/v1/_ping"), "host": "api.example.com"}
    add("path-is-url-without-query", "path_is_url", ping, signed_path="https://api.example.com/v1/_ping")
    add("path-without-slash", "path_slash_changed", GET, signed_path="v1/balances")
    add("path-trailing-slash-added", "path_slash_changed", GET, signed_path="/v1/balances/")
    add("path-trailing-slash-dropped", "path_slash_changed", target("/v1/balances/"), signed_path="/v1/balances")
    add("path-decoded", "path_decoded", target("/v1/withdrawals/a%20b%C3%A9"), signed_path="/v1/withdrawals/a bé")
    add("path-encoded-again", "path_encoded", target("/v1/withdrawals/a%20b"), signed_path="/v1/withdrawals/a%2520b")
    add("path-slashes-encoded", "path_encoded", GET, signed_path=urllib.parse.quote("/v1/balances", safe=""))
    add("path-dots-resolved", "path_normalised", target("/v1/x/../balances"), signed_path="/v1/balances")
    add("path-slashes-merged", "path_normalised", target("/v1//balances"), signed_path="/v1/balances")
    add("path-escapes-upper-case", "path_normalised", target("/v1/a%2fb"), signed_path="/v1/a%2Fb")
    add("path-prefix-stripped", "path_prefix_stripped", GET, signed_path="/api/v1/balances")
    add("path-prefix-replaced", "path_prefix_stripped", GET, signed_path="/payments/balances")
    add("path-slash-merged", "path_slashes_merged", GET, signed_path="/v1//balances")
    add("path-slashes-doubled", "path_slashes_merged", target("/v1/a/b"), signed_path="//v1//a//b")
    add("path-escape-decoded", "path_escapes_rewritten", target("/v1/withdrawals/a~b"), signed_path="/v1/withdrawals/a%7Eb")
    add("path-escape-decoded-lower-case", "path_escapes_rewritten", target("/v1/withdrawals/a~b"), signed_path="/v1/withdrawals/a%7eb")
    add("path-escapes-decoded", "path_escapes_rewritten", target("/v1/a:b/c@d%20"), signed_path="/v1/a%3Ab/c%40d%20")
    add("path-unreserved-encoded", "path_escapes_rewritten", target("/v1/a%7Eb%20c"), signed_path="/v1/a~b%20c")
    add("path-delimiters-encoded", "path_escapes_rewritten", target("/v1/a%3Ab%7E%20c"), signed_path="/v1/a:b~%20c")
    add("path-escaped-slash-decoded", "path_escapes_rewritten", target("/v1/withdrawals/a/b"), signed_path="/v1/withdrawals/a%2Fb")
    add("target-rewritten", "target_rewritten", target("/v1/withdrawals/a~b"), signed_path="/api/v1/withdrawals//a%7Eb")
    add("path-is-url-behind-prefix", "path_is_url", url, signed_path="https://api.example.com:8443/api/v1/balances")
    add("path-lower-case", "path_case_changed", target("/v1/Balances"), signed_path="/v1/balances")


def queries():
    add("query-question-mark", "query_question_mark_kept", GET, signed_query="?network=ETH&currency=USDT")
    add("query-question-mark-alone", "query_question_mark_kept", POST, signed_query="?")
    add("query-sorted", "query_sorted", GET, signed_query="currency=USDT&network=ETH")
    add("query-sorted-by-name", "query_sorted", target("/v1/x?b=1&a=2&a=1"), signed_query="a=2&a=1&b=1")
    add("query-reordered", "query_reordered", target("/v1/x?a=1&b=2&c=3"), signed_query="b=2&a=1&c=3")
    add("query-reversed", "query_reordered", target("/v1/x?e=1&d=2&c=3&b=4&a=5&z=6"), signed_query="z=6&a=5&b=4&c=3&d=2&e=1")
    add("query-plus-signed-as-escape", "query_spaces_rewritten", target("/v1/x?q=a+b"), signed_query="q=a%20b")
    add("query-escape-signed-as-plus", "query_spaces_rewritten", target("/v1/x?q=a%20b"), signed_query="q=a+b")
    add("query-escapes-upper-case", "query_escapes_rewritten", target("/v1/x?q=%c3%a9"), signed_query="q=%C3%A9")
    add("query-escapes-lower-case", "query_escapes_rewritten", target("/v1/x?q=%C3%A9"), signed_query="q=%c3%a9")
    add("query-decoded", "query_decoded", target("/v1/x?q=a%2Fb%C3%A9"), signed_query="q=a/bé")
    add("query-decoded-as-form", "query_decoded", target("/v1/x?q=a+%26b"), signed_query="q=a &b")
    add("query-encoded-as-form", "query_encoded", target("/v1/x?q=a:b,c"), signed_query=urllib.parse.urlencode({"q": "a:b,c"}))
    add("query-encoded-as-component", "query_encoded", target("/v1/x?q=~a@b"), signed_query="q=~a%40b")
    add("query-encoded-strictly", "query_encoded", target("/v1/x?q=(a'*b)"), signed_query="q=%28a%27%2Ab%29")
    add("query-encoded-again", "query_encoded", target("/v1/x?q=%C3%A9"), signed_query="q=%25C3%25A9")
    add("query-blanks-dropped", "query_blanks_dropped", target("/v1/x?a=&b=2&&c=3"), signed_query="b=2&c=3")
    add("query-empty-parameters-dropped", "query_blanks_dropped", target("/v1/x?a=&&b=2&"), signed_query="a=&b=2")
    add("query-lower-case", "query_case_changed", GET, signed_query="network=eth&currency=usdt")
    add("query-as-json", "query_as_json", GET, signed_query='{"network":"ETH","currency":"USDT"}')
