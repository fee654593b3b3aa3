"""List balances: GET /v1/balances."""

import urllib.request

from sign_request import BASE_URL, opener, sign_request

target = "/v1/balances?currency=USDT&network=ETH"
request = urllib.request.Request(BASE_URL + target, headers=sign_request("GET", target))
with opener.open(request, timeout=10) as response:
    print(response.read().decode())
