"""List currencies: GET /v1/currencies."""

import urllib.request

from sign_request import BASE_URL, opener, sign_request

target = "/v1/currencies"
request = urllib.request.Request(BASE_URL + target, headers=sign_request("GET", target))
with opener.open(request, timeout=10) as response:
    print(response.read().decode())
