"""BigCommerce: thin webhooks in, REST API for everything that is asked.

Facts are from BigCommerce's documentation, https://developer.bigcommerce.com/docs, and the API's published description,
https://github.com/bigcommerce/docs; what follows from it only by reasoning is marked where it is relied on.
"""

from app.platforms.adapter import Adapter
from app.platforms.bigcommerce.catalogue import Catalogue
from app.platforms.bigcommerce.handshake import Handshake
from app.platforms.bigcommerce.installation import Installation
from app.platforms.bigcommerce.subscriptions import Subscriptions
from app.platforms.bigcommerce.versions import Versions
from app.platforms.bigcommerce.webhooks import Webhooks

ADAPTER = Adapter(
    platform="bigcommerce",
    name="BigCommerce",
    installation=Installation(),
    webhooks=Webhooks(),
    catalogue=Catalogue(),
    versions=Versions(),
    subscriptions=Subscriptions(),
    handshake=Handshake(),
)
