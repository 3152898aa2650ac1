"""The platforms that this service knows. Adding one is one line here."""

from collections.abc import Mapping

from app.platforms import shopify, shopware, woocommerce
from app.platforms.adapter import Adapter

ADAPTERS: Mapping[str, Adapter] = {
    adapter.platform: adapter for adapter in (shopify.ADAPTER, shopware.ADAPTER, woocommerce.ADAPTER)
}
