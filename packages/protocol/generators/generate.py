#!/usr/bin/env python3
"""Writes the vector files without any part of @cpg/protocol. `--check` compares instead of writing.

    python3 generators/generate.py [--check] [folder]
"""

import json
import pathlib
import sys

from tables import signing, verification, webhooks
from tables.document import document

FILES = {
    "request-signing": signing.vectors,
    "request-verification": verification.vectors,
    "webhooks": webhooks.vectors,
}


def main(arguments):
    is_check = "--check" in arguments
    folders = [argument for argument in arguments if argument != "--check"]
    folder = pathlib.Path(folders[0] if folders else pathlib.Path(__file__).parent.parent / "vectors")
    stale = []
    for suite, vectors in FILES.items():
        text = json.dumps(document(suite, vectors()), indent=2) + "\n"
        file = folder / f"{suite}.json"
        if not is_check:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            stale.append(file.name)
    if stale:
        sys.exit(f"Differs from what generate.py writes: {', '.join(stale)}")


if __name__ == "__main__":
    main(sys.argv[1:])
