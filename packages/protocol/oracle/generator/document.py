"""The frame that the three vector files share."""

from .notes import NOTES


def document(suite, vectors):
    """Sorted by group, then id; a group's count stands at the top, so that a runner can tell that it saw them all."""
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
