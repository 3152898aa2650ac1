"""Relay ids as Orderchamp makes them: base64 of ``Type:number`` without padding, with numbers of 15 to 16 digits."""

import base64
import binascii

FIRST_NUMBER = 562_625_684_520_961


def relay_id(kind: str, number: int) -> str:
    return base64.b64encode(f"{kind}:{number}".encode()).decode().rstrip("=")


def number_of(relay: str) -> int:
    """Return the number in an id that we made; 0 for anything else."""
    try:
        return int(base64.b64decode(relay + "=" * (-len(relay) % 4)).rpartition(b":")[2])
    except (binascii.Error, ValueError):
        return 0
