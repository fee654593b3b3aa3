#!/usr/bin/env python3
"""Reads the USDT balance on ETH with the standard library alone.

The defaults are the reference gateway and its published demo key.
"""

import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request

base_url = os.environ.get("CPG_BASE_URL", "http://127.0.0.1:8787")
key_id = os.environ.get("CPG_KEY_ID", "ck_demo_full")
secret = os.environ.get("CPG_SECRET", "cpg-demo-full-DO-NOT-USE-IN-PRODUCTION")

timestamp = str(int(time.time()))
path = "/v1/balances"
query = "currency=USDT&network=ETH"  # sign exactly the query that is sent
body = b""

canonical = "\n".join([timestamp, "GET", path, query, hashlib.sha256(body).hexdigest()])
signature = hmac.new(secret.encode(), canonical.encode(), hashlib.sha256).hexdigest()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None  # urllib would send the signature to any host


request = urllib.request.Request(
    f"{base_url}{path}?{query}",
    headers={"X-CPG-Key": key_id, "X-CPG-Timestamp": timestamp, "X-CPG-Signature": signature},
)
try:
    with urllib.request.build_opener(NoRedirect).open(request, timeout=10) as response:
        envelope = json.load(response)
except urllib.error.HTTPError as error:
    sys.exit(f"rejected: {error.code} {error.read().decode()}")
except urllib.error.URLError as error:
    sys.exit(f"no response: {error.reason}")

print("available", envelope["data"][0]["available"])
