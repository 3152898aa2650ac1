"""One supplier's account with everything in it. What is not in here, another account never sees."""

from dataclasses import dataclass, field
from datetime import datetime

from app.sandbox.orderchamp.records import CustomCategory, Location, Product, Storefront, Variant, Webhook
from app.sandbox.orderchamp.refusals import NotFound


@dataclass(slots=True, kw_only=True)
class Account:
    """A supplier's account, saved as it is; ``products`` and ``variants`` are in the order of their ids."""

    id: str
    name: str
    slug: str
    location: Location
    storefronts: list[Storefront] = field(default_factory=list)
    sales_channels: list[str] = field(default_factory=lambda: ["MARKETPLACE"])
    """The channels that are activated; others are silently ignored on products."""
    products: dict[str, Product] = field(default_factory=dict)
    variants: dict[str, Variant] = field(default_factory=dict)
    custom_categories: dict[str, CustomCategory] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    revision: int = 0

    def product(self, product_id: str) -> Product:
        if product_id not in self.products:
            raise NotFound("Product")
        return self.products[product_id]

    def variant(self, variant_id: str) -> Variant:
        if variant_id not in self.variants:
            raise NotFound("ProductVariant")
        return self.variants[variant_id]

    def storefront(self, storefront_id: str) -> Storefront:
        for each in self.storefronts:
            if each.id == storefront_id:
                return each
        raise NotFound("Storefront")

    def custom_category(self, category_id: str) -> CustomCategory:
        if category_id not in self.custom_categories:
            raise NotFound("CustomFieldsValue")
        return self.custom_categories[category_id]


class Catalogue:
    """An account's products with the indexes that make look-ups quick; made anew from the saved account."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.by_sku: dict[str, Variant] = {}
        self.by_level: dict[str, Variant] = {}
        self.by_change: dict[str, Product] = {}
        """The products in the order of their last change."""
        for variant in account.variants.values():
            self._index(variant)
        for product in sorted(account.products.values(), key=lambda each: each.revision):
            self.by_change[product.id] = product

    def touch(self, product: Product, now: datetime, *, content: bool = False) -> None:
        """Note that a product has changed; ``content``: what buyers read of it, not only its variants or listing."""
        self.account.revision += 1
        product.revision = self.account.revision
        product.updated_at = now
        if content:
            product.content_updated_at = now
        self.by_change.pop(product.id, None)
        self.by_change[product.id] = product

    def add(self, product: Product) -> None:
        self.account.products[product.id] = product

    def remove(self, product: Product) -> None:
        for variant_id in list(product.variant_ids):
            self.remove_variant(product, self.account.variants[variant_id])
        del self.account.products[product.id]
        self.by_change.pop(product.id, None)

    def add_variant(self, product: Product, variant: Variant) -> None:
        self.account.variants[variant.id] = variant
        product.variant_ids.append(variant.id)
        self._index(variant)

    def remove_variant(self, product: Product, variant: Variant) -> None:
        """Take a variant away, out of the listing's copy too."""
        product.variant_ids.remove(variant.id)
        if product.listing is not None:
            product.listing.variant_ids = [each for each in product.listing.variant_ids if each != variant.id]
        del self.account.variants[variant.id], self.by_sku[variant.sku], self.by_level[variant.level_id]

    def rename(self, variant: Variant, sku: str) -> None:
        del self.by_sku[variant.sku]
        variant.sku = sku
        self.by_sku[sku] = variant

    def _index(self, variant: Variant) -> None:
        self.by_sku[variant.sku] = variant
        self.by_level[variant.level_id] = variant
