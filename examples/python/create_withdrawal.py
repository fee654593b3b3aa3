"""Create a withdrawal: POST /v1/withdrawals."""

import json
import urllib.request

from sign_request import BASE_URL, opener, sign_request

target = "/v1/withdrawals"
body = json.dumps({
    "currency": "USDT",
    "network": "ETH",
    "amount": "25.5",
    "to_address": "0x52908400098527886E0F7030069857D2E4169EE7",
    "client_reference": "payout-2026-001",
}).encode()
headers = {"Content-Type": "application/json", **sign_request("POST", target, body)}
request = urllib.request.Request(BASE_URL + target, data=body, headers=headers, method="POST")
with opener.open(request, timeout=10) as response:
    print(response.read().decode())
