"""The judge of the fuzz test: reads the bytes of connections, and decides about every request on them.

Written from docs/wire-protocol.md §1 to §2.1 and RFC 9112 alone, with the standard library. One JSON object a line: first the
set-up (`keys`, `bodyLimit`, `clientIp`), then rounds (`now`, and `streams`: the bytes of connections in base64), each answered
with the decisions of every stream; or `arrived`, requests as a server has parsed them, answered with whether each may be accepted.
"""

import base64
import hashlib
import hmac
import ipaddress
import json
import re
import sys

WINDOW_SECONDS = 300

# IANA registers no others, and a server may reject unknown methods before authentication. CONNECT has a target form of its own.
METHODS = set(
    "ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL "
    "MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE "
    "UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL".split()
)


class Malformed(Exception):
    """Bytes that are not a request of HTTP/1.1."""


class Incomplete(Exception):
    """The connection ended inside a request."""


# --- RFC 9112: from bytes to requests ---

REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^\x00-\x20\x7f]+) HTTP/1\.([01])")
FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
CHUNK_LINE = re.compile(r"([0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e\x80-\xff]*)?")


def read_line(data, at):
    end = data.find(b"\r\n", at)
    if end == -1:
        if b"\n" in data[at:]:
            raise Malformed("line feed without carriage return")
        raise Incomplete
    return data[at:end].decode("latin-1"), end + 2


def read_fields(data, at):
    fields = []
    while True:
        line, at = read_line(data, at)
        if line == "":
            return fields, at
        match = FIELD.fullmatch(line)
        if match is None:
            raise Malformed("header line")
        fields.append((match[1], match[2]))


def values_of(fields, wanted):
    return [value for name, value in fields if name.lower() == wanted]


def read_chunks(data, at):
    parts = []
    while True:
        line, at = read_line(data, at)
        match = CHUNK_LINE.fullmatch(line)
        if match is None:
            raise Malformed("chunk size")
        size = int(match[1], 16)
        if size == 0:
            # The fields behind the last chunk are trailers, and no headers.
            _, at = read_fields(data, at)
            return b"".join(parts), at
        if len(data) < at + size + 2:
            raise Incomplete
        if data[at + size : at + size + 2] != b"\r\n":
            raise Malformed("chunk without its end")
        parts.append(data[at : at + size])
        at += size + 2


def read_body(data, at, fields, minor):
    lengths = values_of(fields, "content-length")
    codings = values_of(fields, "transfer-encoding")
    if codings:
        if lengths or minor == "0" or [coding.lower() for coding in codings] != ["chunked"]:
            raise Malformed("framing")
        return read_chunks(data, at)
    if len(lengths) > 1 or any(re.fullmatch("[0-9]{1,12}", length) is None for length in lengths):
        raise Malformed("Content-Length")
    length = int(lengths[0]) if lengths else 0
    if len(data) < at + length:
        raise Incomplete
    return data[at : at + length], at + length


def read_request(data, at):
    line, at = read_line(data, at)
    match = REQUEST_LINE.fullmatch(line)
    if match is None or match[1] not in METHODS:
        raise Malformed("request line")
    fields, at = read_fields(data, at)
    if match[3] == "1" and not values_of(fields, "host"):
        raise Malformed("no Host")
    if any(value.lower() != "100-continue" for value in values_of(fields, "expect")):
        raise Malformed("Expect")
    connection = ",".join(values_of(fields, "connection")).lower()
    is_last = "close" in connection or (match[3] == "0" and "keep-alive" not in connection)
    body, at = read_body(data, at, fields, match[3])
    return {"method": match[1], "target": match[2], "fields": fields, "body": body, "last": is_last}, at


# --- Wire protocol §1 to §2.1: the decision about one request ---


def is_fresh(timestamp, now):
    return re.fullmatch("0|[1-9][0-9]{0,14}", timestamp) is not None and abs(int(timestamp) - now) <= WINDOW_SECONDS


def is_origin_form(target):
    return re.fullmatch(r"/(?:[\x21-\x7e]*)", target) is not None and not re.search(r"^//|[#\\]", target)


def is_plain(codings):
    elements = ",".join(codings).split(",")
    return all(element.strip(" \t").lower() in ("", "identity") for element in elements)


def sign(secret, timestamp, request):
    path, _, query = request["target"].partition("?")
    body_hash = hashlib.sha256(request["body"]).hexdigest()
    canonical = "\n".join([timestamp, request["method"].upper(), path, query, body_hash])
    return hmac.new(secret.encode("utf-8"), canonical.encode("ascii"), "sha256").hexdigest()


class Judge:
    def __init__(self, keys, body_limit, client_ip):
        self.keys = {key["id"]: key for key in keys}
        self.body_limit = body_limit
        self.client_ip = ipaddress.ip_address(client_ip)
        self.used = {}
        self.counts = {}

    def check(self, request, now):
        """Steps 2 to 8 of §2.1: a rejection, or the key, timestamp and signature of a request to admit."""
        fields = request["fields"]
        found = [values_of(fields, name) for name in ("x-cpg-key", "x-cpg-timestamp", "x-cpg-signature")]
        if not all(any(values) for values in found):
            return (401, "Missing authentication headers"), None
        key_ids, timestamps, signatures = found
        repeated = any(len(values) > 1 for values in found)
        if repeated or re.fullmatch("[A-Za-z0-9_.-]{1,128}", key_ids[0]) is None:
            return (401, "Malformed authentication headers"), None
        timestamp, signature = timestamps[0], signatures[0]
        if not is_origin_form(request["target"]):
            return (400, "Malformed request target"), None
        if not is_fresh(timestamp, now):
            return (401, "Request timestamp is outside the allowed window"), None
        if not is_plain(values_of(fields, "content-encoding")):
            return (415, "Content-Encoding is not supported"), None
        if len(request["body"]) > self.body_limit:
            return (413, "Request body is too large"), None
        key = self.keys.get(key_ids[0])
        secrets = [] if key is None or key["revoked"] else key["secrets"]
        is_genuine = any(sign(secret, timestamp, request) == signature for secret in secrets)
        if not is_genuine:
            return (401, "Invalid signature"), None
        ranges = key["sourceIps"]
        if ranges is not None and not any(self.client_ip in ipaddress.ip_network(entry) for entry in ranges):
            return (403, "Source IP is not whitelisted for this API key"), None
        return None, (key, int(timestamp), signature)

    def decide(self, request, now):
        rejection, admission = self.check(request, now)
        if rejection is not None:
            return {"status": rejection[0], "message": rejection[1]}
        key, timestamp, signature = admission
        # Requests of one group are admitted in the order of their arrival, which is unknown for several connections.
        decision = {"group": key["id"] if key["limit"] is not None else f"{key['id']} {signature}"}
        counter = (key["id"], now // 60)
        if (key["id"], signature) in self.used:
            return {**decision, "status": 401, "message": "Request signature has already been used"}
        if key["limit"] is not None and self.counts.get(counter, 0) >= key["limit"]:
            return {**decision, "status": 429, "message": "Rate limit exceeded"}
        self.used[key["id"], signature] = timestamp + WINDOW_SECONDS
        self.counts[counter] = self.counts.get(counter, 0) + 1
        path, _, query = request["target"].partition("?")
        body_hash = hashlib.sha256(request["body"]).hexdigest()
        return {**decision, "status": 200, "seen": "\n".join([request["method"], path, query, body_hash])}

    def forget(self, now):
        self.used = {key: until for key, until in self.used.items() if until >= now}
        self.counts = {key: count for key, count in self.counts.items() if key[1] >= now // 60}

    def judge_stream(self, data, now):
        """The decisions about the requests of one connection; the last may be `malformed` or `incomplete`."""
        decisions = []
        at = 0
        while at < len(data):
            try:
                request, at = read_request(data, at)
            except Malformed as error:
                return [*decisions, {"status": 0, "message": f"malformed: {error}"}]
            except Incomplete:
                return [*decisions, {"status": 0, "message": "incomplete"}]
            decisions.append(self.decide(request, now))
            if request["last"] and at < len(data):
                # RFC 9112 §9.6: nothing may follow it.
                return [*decisions, {"status": 0, "message": "malformed: bytes behind Connection: close"}]
        return decisions

    def judge_round(self, now, streams):
        self.forget(now)
        return [self.judge_stream(base64.b64decode(stream), now) for stream in streams]

    def judge_arrived(self, now, arrived):
        def is_acceptable(one):
            fields = list(zip(one["rawHeaders"][::2], one["rawHeaders"][1::2]))
            body = base64.b64decode(one["body"])
            request = {"method": one["method"], "target": one["target"], "fields": fields, "body": body}
            return self.check(request, now)[0] is None

        return [is_acceptable(one) for one in arrived]


def main():
    judge = None
    for line in sys.stdin:
        order = json.loads(line)
        if judge is None:
            judge = Judge(order["keys"], order["bodyLimit"], order["clientIp"])
            reply = "ready"
        elif "streams" in order:
            reply = judge.judge_round(order["now"], order["streams"])
        else:
            reply = judge.judge_arrived(order["now"], order["arrived"])
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
