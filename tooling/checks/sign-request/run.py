"""Signs each vector of standard input with examples/python/sign_request.py. The lines are described in sign-request.test.ts."""

import base64
import pathlib
import sys

sys.path.insert(0, "../../../examples/python")
from sign_request import sign_request  # noqa: E402

for line in sys.stdin:
    secret, timestamp, method, target, body = line.split()
    headers = sign_request(
        method,
        base64.b64decode(target).decode(),
        pathlib.Path(body).read_bytes(),
        secret=base64.b64decode(secret).decode(),
        timestamp=timestamp,
    )
    print(headers["X-CPG-Signature"])
