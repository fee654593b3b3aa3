"""Request a deposit address: POST /v1/deposit-addresses."""

import json
import urllib.request

from sign_request import BASE_URL, opener, sign_request

target = "/v1/deposit-addresses"
body = json.dumps({
    "currency": "USDT",
    "network": "ETH",
    "user_identifier": "user-42",
    "idempotency_key": "topup-2026-001",
}).encode()
headers = {"Content-Type": "application/json", **sign_request("POST", target, body)}
request = urllib.request.Request(BASE_URL + target, data=body, headers=headers, method="POST")
with opener.open(request, timeout=10) as response:
    print(response.read().decode())
