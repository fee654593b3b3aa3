"""The structure of the three vector files, and the meaning of the flags: the kind of mistake and its effect."""

def note(bug_type, effect):
    return {"bugType": bug_type, "effect": effect}


NOTES = {
    "BodyBytes": note("BODY_HASH", "401 for a correct client whose body is hashed as anything but its bytes on the wire"),
    "BodyCovered": note("BODY_HASH", "an altered body passes, or a body on a method that seldom has one is ignored"),
    "Confusion": note("DOMAIN_SEPARATION", "a signature made for one purpose is accepted for the other"),
    "ContentEncoding": note("BODY_HASH", "the hash covers the bytes before or after compression, and the parties disagree"),
    "DotSegments": note("CANONICALISATION", "401 for a correct client, or two targets that share one signature"),
    "DuplicateHeader": note("HEADER_PARSING", "parties that pick different copies see different requests"),
    "EmptyBody": note("BODY_HASH", "401 for every request without a body"),
    "EmptyQuery": note("CANONICALISATION", "401 for a correct client"),
    "Encoding": note("CANONICALISATION", "401 for a correct client, or two targets that share one signature"),
    "FieldBoundary": note("INJECTION", "bytes move between fields and the signature still fits"),
    "HeaderCase": note("HEADER_PARSING", "401 for a correct client behind a proxy that rewrites header names"),
    "HmacKeyBlock": note("HMAC", "401 for keys about or beyond the 64-byte block of SHA-256"),
    "KeyBytes": note("KEY_HANDLING", "401 for a correct client: the secret is trimmed, decoded or re-encoded"),
    "KeyId": note("KEY_HANDLING", "a request is attributed to a key that did not sign it"),
    "Malleability": note("SIGNATURE_PARSING", "a second text for one signature passes, and with it a replay"),
    "MethodCase": note("CANONICALISATION", "401 for a caller who writes the method in lower case"),
    "MissingHeader": note("HEADER_PARSING", "an unsigned request passes, or fails with the wrong response"),
    "Ordinary": note("BASIC", "nothing works"),
    "Precedence": note("ORDER_OF_CHECKS", "clients that match on messages are told the wrong thing"),
    "PureLayerOnly": note("BASIC", "cannot arrive over HTTP/1.1 as written: run it against a verifier function, not a server"),
    "QueryOrder": note("CANONICALISATION", "401 for a correct client: the query is sorted or taken apart and rebuilt"),
    "SharedSecret": note("DOMAIN_SEPARATION", "one secret for requests and webhooks lets one signature serve as the other"),
    "TamperedField": note("COVERAGE", "an altered request passes"),
    "TargetForm": note("REQUEST_TARGET", "parties that read an odd target differently see different requests"),
    "TimestampGrammar": note("TIMESTAMP_PARSING", "one moment has several spellings, or a text that is no number passes"),
    "TimestampWindow": note("FRESHNESS", "stale requests pass, or correct clients fail at the edge"),
}


def document(suite, vectors):
    """Sorts by group, then id, and counts each group, so that a runner can check that it saw every vector."""
    ordered = sorted(vectors, key=lambda vector: (vector["group"], vector["id"]))
    groups = {}
    for vector in ordered:
        groups[vector["group"]] = groups.get(vector["group"], 0) + 1
    flags = sorted({flag for vector in ordered for flag in vector["flags"]})
    return {
        "$schema": f"./{suite}.schema.json",
        "suite": f"cpg-{suite}",
        "version": "1.0.0",
        "source": {"name": "cpg/generate.py", "version": "1"},
        "notes": {flag: NOTES[flag] for flag in flags},
        "count": len(ordered),
        "groups": groups,
        "vectors": ordered,
    }
