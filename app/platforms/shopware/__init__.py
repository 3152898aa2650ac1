"""Shopware 6: thin webhooks in, Admin API for everything that is asked.

Facts are from Shopware's documentation, https://developer.shopware.com/docs, and its published source code; what was only
seen in use is marked where it is relied on.
"""

from app.platforms.adapter import Adapter
from app.platforms.shopware.catalogue import Catalogue
from app.platforms.shopware.handshake import Handshake
from app.platforms.shopware.installation import Installation
from app.platforms.shopware.renewal import Renewal
from app.platforms.shopware.subscriptions import Subscriptions
from app.platforms.shopware.webhooks import Webhooks

ADAPTER = Adapter(
    platform="shopware",
    name="Shopware",
    installation=Installation(),
    webhooks=Webhooks(),
    catalogue=Catalogue(),
    subscriptions=Subscriptions(),
    handshake=Handshake(),
    renewal=Renewal(),
)
