#!/usr/bin/env python3
"""Writes vectors/explain-mismatch.json: requests and webhooks that are signed with known mistakes.

Uses Python's standard library only, and no part of @cpg/protocol. `--check` compares instead of writing.

    python3 generators/explain_mismatch.py [--check] [file]
"""

import json
import pathlib
import sys

from mistakes import body, fields, framing, key, silence
from mistakes.row import VECTORS

GROUPS = (
    *(fields.timestamps, fields.methods, fields.paths, fields.queries),
    *(body.bodies, body.body_hashes),
    framing.framing,
    *(key.keys, key.algorithms, key.outputs),
    framing.webhooks,
    *(silence.silence, silence.combinations),
)


def document():
    for group in GROUPS:
        group()
    identifiers = [each["id"] for each in VECTORS]
    assert len(set(identifiers)) == len(identifiers), "an id is used twice"
    source = {"name": "cpg/explain_mismatch.py", "version": "1"}
    head = {"$schema": "./explain-mismatch.schema.json", "suite": "cpg-explain-mismatch", "version": "1.0.0", "source": source}
    return {**head, "count": len(VECTORS), "vectors": VECTORS}


def main(arguments):
    files = [argument for argument in arguments if argument != "--check"]
    default = pathlib.Path(__file__).parent.parent / "vectors" / "explain-mismatch.json"
    file = pathlib.Path(files[0]) if files else default
    text = json.dumps(document(), indent=2) + "\n"
    if "--check" not in arguments:
        file.write_text(text)
    elif not file.exists() or file.read_text() != text:
        sys.exit(f"Differs from what explain_mismatch.py writes: {file.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
