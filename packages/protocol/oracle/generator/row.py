"""The beginning of every row of the verification and webhook tables."""


def row(identifier, flag, description, **given):
    flags = [flag] if isinstance(flag, str) else flag
    return {"id": identifier, "flags": flags, "description": description, **given}
