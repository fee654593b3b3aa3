"""Signs requests with the standard library. The defaults are the sandbox and its published demo key."""

import hashlib
import hmac
import os
import time
import urllib.request

BASE_URL = os.environ.get("CPG_BASE_URL", "http://127.0.0.1:8787")
KEY_ID = os.environ.get("CPG_KEY_ID", "ck_demo_full")
SECRET = os.environ.get("CPG_SECRET", "cpg-demo-full-DO-NOT-USE-IN-PRODUCTION")


def sign_request(method, target, body=b"", *, secret=SECRET, timestamp=None):
    """The three headers. `target` is the path with its query, `body` the bytes: both exactly as they are sent."""
    timestamp = timestamp or str(int(time.time()))
    path, _, query = target.partition("?")
    body_hash = hashlib.sha256(body).hexdigest()
    canonical = "\n".join([timestamp, method.upper(), path, query, body_hash])
    signature = hmac.new(secret.encode(), canonical.encode(), hashlib.sha256).hexdigest()
    return {"X-CPG-Key": KEY_ID, "X-CPG-Timestamp": timestamp, "X-CPG-Signature": signature}


class AnyResponse(urllib.request.HTTPErrorProcessor):
    """Returns every response as it came. urllib would follow redirects and send the signature to any host."""

    def http_response(self, request, response):
        return response

    https_response = http_response


opener = urllib.request.build_opener(AnyResponse)
