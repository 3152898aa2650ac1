"""The topics that we order; BigCommerce calls them scopes.

https://developer.bigcommerce.com/docs/integrations/webhooks/events. A notice of a SKU is one of a variant; a product without
options has none. Stock is told of the product or of the variant, whichever it is counted for, and apart from that what an
order took. Whether that is so at every location is not written down; so the newer notices of stock at a location, which are
the same for all channels, are ordered as well
(https://developer.bigcommerce.com/docs/integrations/webhooks/events/inventory-location). That a product is shown no more is told
as any other change of it.
"""

from collections.abc import Mapping

from app.domain.ids import Topic

OF_PRODUCTS = "store/product/"
"""How topics begin that name a product by its id; the others name a product beside a variant, or beside a location."""

DELETED = Topic("store/product/deleted")

STORE_CANCELLED = Topic("store/app/uninstalled")
"""The store itself was cancelled, and every app with it."""

TELLING: Mapping[Topic, str] = {
    Topic("store/product/created"): "it was created",
    Topic("store/product/updated"): "it changed",
    Topic("store/product/inventory/updated"): "its stock changed",
    Topic("store/product/inventory/order/updated"): "an order changed its stock",
    Topic("store/sku/created"): "one of its variants was created",
    Topic("store/sku/updated"): "one of its variants changed",
    Topic("store/sku/deleted"): "one of its variants was removed",
    Topic("store/sku/inventory/updated"): "the stock of one of its variants changed",
    Topic("store/sku/inventory/order/updated"): "an order changed the stock of one of its variants",
    Topic("store/channel/*/inventory/product/stock_changed"): "its stock changed at a location",
    Topic("store/channel/*/inventory/product/settings_changed"): "what may be sold of it changed at a location",
}
"""What a product is read after, each with all that it tells of the product."""

TOPICS: tuple[Topic, ...] = (*TELLING, DELETED, STORE_CANCELLED)

UNINSTALLED = Topic("uninstall")
"""Our name for the call by which BigCommerce tells that the app was removed from a store."""
