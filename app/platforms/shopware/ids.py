"""Shopware's ids: 32 hexadecimal digits in lower case, made by whoever creates the entity."""

import re
from collections.abc import Mapping

LIVE_VERSION = "0fa91ce3e96a4bc2be4bd9ce752c3425"
"""The version that shops sell; others are drafts and copies that orders keep."""

DEFAULT_CURRENCY = "b7d2554b0ce847cd82f3ac9bd1c0dfca"
"""The currency of a shop's own prices; every price has one in it. The id is the same in all shops."""

_ID = re.compile(r"[0-9a-f]{32}")


def is_id(text: str) -> bool:
    """Tell whether ``text`` can be the id of an entity."""
    return _ID.fullmatch(text) is not None


def identity(value: object) -> str:
    """Return an entity's id; ValueError if it is none. A key of several parts is an object that has the id among them."""
    if isinstance(value, Mapping):
        value = value.get("id")
    if not isinstance(value, str) or not is_id(value.lower()):
        raise ValueError("an id must be 32 hexadecimal digits")
    return value.lower()
