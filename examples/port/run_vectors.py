#!/usr/bin/env python3
"""Runs cpg.py against the test vectors: python3 run_vectors.py [folder with the vector files]"""

import base64
import json
import pathlib
import sys

import cpg


def to_bytes(value):
    if isinstance(value, str):
        return base64.b64decode(value)
    return bytes.fromhex(value["repeat"]["byteHex"]) * value["repeat"]["count"]


def check_signing(vector):
    body = to_bytes(vector["bodyB64"])
    canonical = cpg.canonical_string(vector["timestamp"], vector["method"], vector["target"], body)
    headers = cpg.sign_request(vector["keyId"], to_bytes(vector["secretB64"]), vector["timestamp"], vector["method"], vector["target"], body)
    return canonical.encode().hex() == vector["canonicalHex"] and headers["X-CPG-Signature"] == vector["signature"]


def is_expected(result, expected):
    return result is None if expected["accepted"] else result == (expected["status"], expected["message"])


def check_verification(vector):
    keys = {key["keyId"]: to_bytes(key["secretB64"]) for key in vector["keys"]}
    result = cpg.verify_request(keys, vector["now"], vector["method"], vector["target"], vector["headers"], to_bytes(vector["bodyB64"]))
    return is_expected(result, vector["expected"])


def check_webhook(vector):
    result = cpg.verify_webhook(to_bytes(vector["secretB64"]), vector["now"], vector["headers"], to_bytes(vector["bodyB64"]))
    return is_expected(result, vector["expected"])


CHECKS = {"request-signing": check_signing, "request-verification": check_verification, "webhooks": check_webhook}


def main(folder):
    failed = 0
    for name, check in CHECKS.items():
        vectors = json.loads((folder / f"{name}.json").read_text())["vectors"]
        failures = [vector["id"] for vector in vectors if not check(vector)]
        for identifier in failures:
            print(f"FAILED {identifier}", file=sys.stderr)
        print(f"{name}: {len(vectors) - len(failures)} of {len(vectors)}")
        failed += len(failures) + (not vectors)
    return 1 if failed else 0


if __name__ == "__main__":
    default = pathlib.Path(__file__).parent / "../../packages/protocol/vectors"
    sys.exit(main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default))
