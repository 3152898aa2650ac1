"""Which storefront a product is published on where the shop's own input names it, instead of the one used last."""

from collections.abc import Mapping

from app.domain.ids import StorefrontId


def named_storefront(
    name: str | None, *, chosen: StorefrontId | None, storefronts: Mapping[StorefrontId, str]
) -> StorefrontId | None:
    """Return the storefront that a product's input calls by its id or name; without a name, what the supplier has ``chosen``.

    None: the account has none of that name, or several.
    """
    wanted = (name or "").strip()
    if not wanted:
        return chosen
    found = [each for each, title in storefronts.items() if wanted == each or wanted.casefold() == title.casefold()]
    return found[0] if len(found) == 1 else None
