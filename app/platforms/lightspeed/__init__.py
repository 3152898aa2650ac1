"""Lightspeed eCom, C-Series: webhooks that are taken as hints, REST API for everything that is asked.

Facts are from Lightspeed's developer pages, https://developers.lightspeedhq.com/ecom/, and its published PHP client; what was
only seen in use is marked where it is relied on. Not to be mixed up with Lightspeed's Retail, Restaurant and E-Series, whose
APIs are others.
"""

from app.platforms.adapter import Adapter
from app.platforms.lightspeed.catalogue import Catalogue
from app.platforms.lightspeed.handshake import Handshake
from app.platforms.lightspeed.installation import Installation
from app.platforms.lightspeed.subscriptions import Subscriptions
from app.platforms.lightspeed.webhooks import Webhooks

ADAPTER = Adapter(
    platform="lightspeed",
    name="Lightspeed eCom",
    installation=Installation(),
    webhooks=Webhooks(),
    catalogue=Catalogue(),
    subscriptions=Subscriptions(),
    handshake=Handshake(),
)
