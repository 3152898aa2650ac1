"""Shopify: classic webhooks in, Admin GraphQL API for everything that is asked.

Facts are from Shopify's documentation, https://shopify.dev/docs/api/admin-graphql and
https://shopify.dev/docs/apps/build/webhooks; what was only seen in use is marked where it is relied on.
"""

from app.platforms.adapter import Adapter
from app.platforms.shopify.catalogue import Catalogue
from app.platforms.shopify.installation import Installation
from app.platforms.shopify.oauth import Handshake, Renewal
from app.platforms.shopify.subscriptions import Subscriptions
from app.platforms.shopify.versions import Versions
from app.platforms.shopify.webhooks import Webhooks

ADAPTER = Adapter(
    platform="shopify",
    name="Shopify",
    installation=Installation(),
    webhooks=Webhooks(),
    catalogue=Catalogue(),
    versions=Versions(),
    subscriptions=Subscriptions(),
    handshake=Handshake(),
    renewal=Renewal(),
)
