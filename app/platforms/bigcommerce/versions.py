"""What the shop has, in short: every product with the time of its last change, and its stock.

Of a product with options that is counted as one, the list does not tell which variants that stock is of; a change of it is
found when the catalogue is read.
"""

from app.domain.drift import SeenProduct
from app.domain.http import Reading
from app.domain.ids import Cursor, SourceId, SourceVariantId
from app.platforms.adapter import Connection, VersionPage
from app.platforms.asking import understood
from app.platforms.bigcommerce.catalogue import following, listed
from app.platforms.bigcommerce.ids import identity
from app.platforms.bigcommerce.products import Node, moment
from app.platforms.bigcommerce.stock import BY_PRODUCT, BY_VARIANT, Stock, number, stock_of

PAGE = 250
"""Products of a page; the most that is given."""

FIELDS = "date_modified,inventory_tracking,inventory_level,base_variant_id"


class Versions:
    """BigCommerce's list of products, with no more of each than this."""

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[VersionPage]:
        """Read the page after ``cursor``, the id of the last product before it."""
        answer, found = yield from listed(
            connection, cursor, limit=PAGE, query={"include_fields": FIELDS}, operation="versions"
        )
        stock = yield from stock_of(connection, found)
        with understood():
            return VersionPage(
                seen=tuple(_seen(each, stock) for each in found),
                next=following(found, PAGE),
                load=None if answer.load is None else answer.load + stock.load,
            )


def _seen(product: Node, stock: Stock) -> SeenProduct:
    source_id, base = SourceId(identity(product["id"])), product.get("base_variant_id")
    quantities: dict[SourceVariantId, int] = {}
    if product["inventory_tracking"] == BY_VARIANT:
        quantities = {SourceVariantId(each): pieces for each, pieces in stock.of_variants(source_id).items()}
    elif product["inventory_tracking"] == BY_PRODUCT and base is not None:
        quantities = {SourceVariantId(identity(base)): _of_product(product, stock)}
    return SeenProduct(source_id=source_id, version=moment(product["date_modified"]), stock=quantities)


def _of_product(product: Node, stock: Stock) -> int:
    """Return the stock of a product that is counted as one, as a read of it would tell it."""
    places = stock.of(product, product)
    return number(product["inventory_level"]) if places is None else sum(places.values())
