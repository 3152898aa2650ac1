"""The life of a product: draft, published, unpublished, and published again.

A listing keeps a copy of the variants of its own, which only publishing and republishing renew.
"""

from app.sandbox.orderchamp.account import Catalogue
from app.sandbox.orderchamp.market import Market
from app.sandbox.orderchamp.records import Listing, Product
from app.sandbox.orderchamp.refusals import Refused, UserError


def publish(market: Market, catalogue: Catalogue, product: Product, storefront_id: str | None) -> None:
    """Put a product on a storefront; NotFound when the account has no such storefront.

    Without one it goes back to its last storefront, and a product that was never published stays a draft (observed).
    """
    listing = product.listing
    if storefront_id is not None:
        catalogue.account.storefront(storefront_id)
    where = storefront_id or (listing.storefront_id if listing is not None else None)
    if where is None:
        return
    if listing is None:
        product.listing = _new_listing(market, product, where)
    elif listing.status == "PUBLISHED" and listing.storefront_id == where:
        if market.switches.publish_twice == "no_op":
            return
        # Publishing what is published leaves the old copies of the variants behind as ghosts (observed).
        _renew(market, listing, where, listing.variant_ids + product.variant_ids)
    else:
        _show_again(market, product, listing, where)
    _note(market, catalogue, product)


def unpublish(market: Market, catalogue: Catalogue, product: Product) -> None:
    """Hide a product from buyers; nothing happens to one that is not published."""
    if product.listing is None or product.listing.status == "UNPUBLISHED":
        return
    product.listing.status = "UNPUBLISHED"
    _note(market, catalogue, product)


def republish(market: Market, catalogue: Catalogue, product: Product) -> None:
    """Show a product with a new date, taking up its variants anew; a draft is refused."""
    listing = product.listing
    if listing is None:
        raise Refused(UserError(field=("id",), message="Product has never been published"))
    _show_again(market, product, listing, listing.storefront_id)
    _note(market, catalogue, product)


def shown_listing(market: Market, product: Product) -> Listing | None:
    """Return the listing as the API shows it; whether it survives an unpublish is an open question."""
    listing = product.listing
    if listing is None or listing.status == "PUBLISHED" or market.switches.listing_after_unpublish == "keep":
        return listing
    return None


def _show_again(market: Market, product: Product, listing: Listing, where: str) -> None:
    if shown_listing(market, product) is None:
        listing.id = market.identity("Listing")
    _renew(market, listing, where, list(product.variant_ids))


def _new_listing(market: Market, product: Product, where: str) -> Listing:
    return Listing(
        id=market.identity("Listing"),
        status="PUBLISHED",
        storefront_id=where,
        variant_ids=list(product.variant_ids),
        published_at=market.now(),
    )


def _renew(market: Market, listing: Listing, where: str, variant_ids: list[str]) -> None:
    listing.status = "PUBLISHED"
    listing.storefront_id = where
    listing.variant_ids = variant_ids
    listing.published_at = market.now()
    listing.publications += 1


def _note(market: Market, catalogue: Catalogue, product: Product) -> None:
    catalogue.touch(product, market.now())
    market.tell(catalogue, "PRODUCT_UPDATED", product)
    market.changed()
