"""Shopify's ids. Numbers that exceed 2^53 are normal, so they are text here, and global ids carry the truth."""

import re

_GID = re.compile(r"gid://shopify/[A-Za-z]+/([0-9]{1,40})(?:\?.*)?")


def number(gid: str) -> str:
    """Return the number in a global id such as ``gid://shopify/Product/8801``; ValueError if it is none."""
    found = _GID.fullmatch(gid)
    if found is None:
        raise ValueError(f"{gid[:80]!r} is not a Shopify global id")
    return found[1]


def gid(kind: str, identity: str) -> str:
    """Return the global id of a thing of this kind."""
    return f"gid://shopify/{kind}/{identity}"
