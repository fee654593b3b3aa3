"""Get a withdrawal: GET /v1/withdrawals/{withdrawal_id}."""

import urllib.request

from sign_request import BASE_URL, opener, sign_request

target = "/v1/withdrawals/1001"
request = urllib.request.Request(BASE_URL + target, headers=sign_request("GET", target))
with opener.open(request, timeout=10) as response:
    print(response.read().decode())
