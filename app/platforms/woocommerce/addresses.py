"""Where a shop is: the address of its WordPress site, in one form."""

import re

from app.platforms.addresses import site

_WITHIN = re.compile(r"/(?:wp-json|wp-admin|wp-login\.php|wc-auth|index\.php)(?:[/?#].*)?$", re.IGNORECASE)
"""What people copy along with the address: pages of the site that every WordPress has."""


def normal_form(written: str) -> str:
    """Return ``host[:port][/path]`` for any way of writing a site's address; ValueError, a sentence, if it cannot be one.

    ``www.`` stays: to WordPress that is another address, which it redirects from or to.
    """
    return site(_WITHIN.sub("", written.strip()))
