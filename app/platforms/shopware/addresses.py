"""How a shop is known: by its host and, where it lies in a folder there, its path."""

import re

from app.platforms.addresses import site

_ADMIN = re.compile(r"(?:/(?:admin|api))+$")


def normal_form(written: str) -> str:
    """Return ``host[:port][/path]`` for any way of writing a shop's address; ValueError if it cannot be one.

    ``APP_URL`` of a shop is seen with slashes at its end or doubled, and people copy the address of the administration.
    """
    return _ADMIN.sub("", site(written))
