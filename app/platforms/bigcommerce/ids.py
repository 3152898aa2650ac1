"""BigCommerce's ids: numbers, which here are text."""


def identity(value: object) -> str:
    """Return an id as text, with every digit; ValueError if it is none."""
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, int | str) or not text.isascii() or not text.isdigit():
        raise ValueError(f"{text[:50]} is no id")
    if len(text) > 40:  # noqa: PLR2004 - no id of any store comes near
        raise ValueError("an id has fewer digits")
    return text
