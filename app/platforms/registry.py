"""The platforms that this service knows. Adding one is one line here."""

from collections.abc import Mapping

from app.platforms import bigcommerce, channelengine, lightspeed, shopify, shopware, woocommerce
from app.platforms.adapter import Adapter

_ALL = (
    shopify.ADAPTER,
    shopware.ADAPTER,
    woocommerce.ADAPTER,
    lightspeed.ADAPTER,
    bigcommerce.ADAPTER,
    channelengine.ADAPTER,
)

ADAPTERS: Mapping[str, Adapter] = {adapter.platform: adapter for adapter in _ALL}
