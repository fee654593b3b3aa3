"""The verdicts of the wire protocol §2 and §3 that a stateless verifier can give."""

ACCEPTED = {"accepted": True}


def rejected(code, status, message):
    return {"accepted": False, "code": code, "status": status, "message": message}


MISSING = rejected("missing_authentication_headers", 401, "Missing authentication headers")
MALFORMED = rejected("malformed_authentication_headers", 401, "Malformed authentication headers")
TARGET = rejected("malformed_request_target", 400, "Malformed request target")
WINDOW = rejected("timestamp_outside_window", 401, "Request timestamp is outside the allowed window")
ENCODING = rejected("content_encoding_not_supported", 415, "Content-Encoding is not supported")
SIGNATURE = rejected("invalid_signature", 401, "Invalid signature")
