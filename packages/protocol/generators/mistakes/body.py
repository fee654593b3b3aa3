"""Mistakes with the body and its hash."""

import base64
import hashlib
import hmac
import json

from .row import BODY, GET, POST, SECRET, add, sha256_hex


def bodies():
    spaced = json.dumps(json.loads(BODY))
    add("body-reserialised", "body_reserialised", {**POST, "body": spaced}, signed_body=BODY)
    add("body-reserialised-by-python", "body_reserialised", POST, signed_body=spaced)
    add("body-pretty-printed", "body_reserialised", POST, signed_body=json.dumps(json.loads(BODY), indent=2))
    add("body-escaped-by-python", "body_reserialised", {**POST, "body": '{"a":"é"}'}, signed_body=json.dumps({"a": "é"}))
    add("body-escaped-by-php", "body_reserialised", {**POST, "body": '{"a":"x/y"}'}, signed_body='{"a":"x\\/y"}')
    add("body-as-json-string", "body_reserialised", POST, signed_body=json.dumps(BODY))
    large_number = {**POST, "body": '{"amount":9007199254740993}'}
    add("body-number-rounded", "body_reserialised", large_number, signed_body='{"amount":9007199254740992}')
    nested = {**POST, "body": '{"b":[{"d":1,"c":null}],"a":"x"}'}
    add("body-keys-sorted", "body_keys_sorted", nested, signed_body='{"a":"x","b":[{"c":null,"d":1}]}')
    add("body-keys-sorted-by-python", "body_keys_sorted", nested, signed_body=json.dumps(json.loads(nested["body"]), sort_keys=True))
    add("body-trimmed", "body_trimmed", {**POST, "body": " not json \n"}, signed_body="not json")
    add("body-newline-dropped", "body_trimmed", {**POST, "body": "not json \n"}, signed_body="not json ")
    add("body-newline-added", "body_newline_added", POST, signed_body=BODY + "\n")
    add("body-crlf-added", "body_newline_added", POST, signed_body=BODY + "\r\n")
    add("body-crlf-signed-as-lf", "body_line_endings_changed", {**POST, "body": "a\r\nb"}, signed_body="a\nb")
    add("body-lf-signed-as-crlf", "body_line_endings_changed", {**POST, "body": "a\nb"}, signed_body="a\r\nb")
    add("body-byte-order-mark-dropped", "body_charset_changed", {**POST, "body": "\ufeffa"}, signed_body="a")
    add("body-latin1", "body_charset_changed", {**POST, "body": "é"}, signed_body="é".encode("latin-1"))
    add("body-decoded-lossily", "body_charset_changed", {**POST, "body": b"\xff\x00"}, signed_body="\ufffd\0")
    add("body-normalised", "body_charset_changed", {**POST, "body": "e\u0301"}, signed_body="é")
    add("body-empty-object", "body_placeholder", GET, signed_body="{}")
    add("body-null", "body_placeholder", GET, signed_body="null")
    add("body-ignored", "body_ignored", POST, signed_body="")


def body_hashes():
    digest = hashlib.sha256(BODY.encode())
    add("body-not-hashed", "body_not_hashed", POST, signed_hash=BODY)
    add("body-hash-upper-case", "body_hash_upper_case", POST, signed_hash=digest.hexdigest().upper())
    add("body-hash-base64", "body_hash_not_hex", POST, signed_hash=base64.b64encode(digest.digest()))
    add("body-hash-base64url", "body_hash_not_hex", POST, signed_hash=base64.urlsafe_b64encode(digest.digest()).rstrip(b"="))
    add("body-hash-raw-bytes", "body_hash_not_hex", POST, signed_hash=digest.digest())
    add("body-hash-sha512", "body_hash_other", POST, signed_hash=hashlib.sha512(BODY.encode()).hexdigest())
    add("body-hash-md5", "body_hash_other", POST, signed_hash=hashlib.md5(BODY.encode()).hexdigest())
    add("body-hash-hmac", "body_hash_other", POST, signed_hash=hmac.new(SECRET.encode(), BODY.encode(), "sha256").hexdigest())
    add("body-hash-twice", "body_hash_other", POST, signed_hash=sha256_hex(digest.hexdigest().encode()))
