"""What the shop has, in short: every product with the time of its last change, and its stock where it is sold by itself.

What is in the trash is not listed. The plugin saves a product with each of its variations; where something changes a variation
past the plugin, such as SQL, no list of products shows it.
"""

from pydantic import BaseModel

from app.domain.drift import SeenProduct
from app.domain.http import Reading
from app.domain.ids import Cursor, SourceId, SourceVariantId
from app.platforms.adapter import Connection, VersionPage
from app.platforms.asking import understood
from app.platforms.woocommerce.catalogue import fresh
from app.platforms.woocommerce.products import Identity, Moment, Quantity

PAGE = 100
"""Products of one page; the most that WooCommerce gives."""


class _Seen(BaseModel):
    id: Identity
    type: str
    date_modified_gmt: Moment = None
    manage_stock: bool = False
    stock_quantity: Quantity = None

    def product(self) -> SeenProduct:
        told = self.type == "simple" and self.manage_stock and self.stock_quantity is not None
        stock = {SourceVariantId(self.id): self.stock_quantity or 0} if told else {}
        return SeenProduct(source_id=SourceId(self.id), version=self.date_modified_gmt, stock=stock)


class Versions:
    """WooCommerce's list of products, with no more of each than this."""

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[VersionPage]:
        """Read the page after ``cursor``."""
        fields = tuple(_Seen.model_fields)
        found, following = yield from fresh(connection, cursor, size=PAGE, fields=fields, operation="versions")
        with understood():
            return VersionPage(seen=tuple(_Seen.model_validate(each).product() for _, each in found), next=following)
