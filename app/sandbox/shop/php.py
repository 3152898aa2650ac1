"""JSON as PHP writes it, whose bytes are what is signed."""

import json


def written(value: object) -> str:
    """Return a value as ``json_encode`` does: ASCII alone, with ``/`` escaped, too."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/")
