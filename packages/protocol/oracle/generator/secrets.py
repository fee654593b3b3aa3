"""The secrets of the vectors. Every one says what it is; none was ever used."""

KEY_ID = "ck_example"
SECRET = "cpg-example-secret-DO-NOT-USE-IN-PRODUCTION"

OTHER_KEY_ID = "ck_example_other"
OTHER_SECRET = "cpg-example-other-DO-NOT-USE-IN-PRODUCTION"

WEBHOOK_SECRET = "cpg-example-webhook-DO-NOT-USE-IN-PRODUCTION"


def secret_of_length(length):
    """Around 64 bytes, the block size of SHA-256, HMAC starts to hash its key."""
    return ("DO-NOT-USE-IN-PRODUCTION-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 4)[:length]
