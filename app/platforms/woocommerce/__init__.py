"""WooCommerce: a plugin of WordPress sites that suppliers run themselves, so that no two shops are quite alike.

Facts are from the plugin's documentation, https://woocommerce.github.io/woocommerce-rest-api-docs/, and its source,
https://github.com/woocommerce/woocommerce; what was only seen in use is marked where it is relied on. A shop tells of nothing
twice, disables webhooks in silence, and never says that a key was revoked: sweeps and checks of the webhooks are part of it.
"""

from app.platforms.adapter import Adapter
from app.platforms.woocommerce.catalogue import Catalogue
from app.platforms.woocommerce.handshake import Handshake
from app.platforms.woocommerce.installation import Installation
from app.platforms.woocommerce.subscriptions import Subscriptions
from app.platforms.woocommerce.versions import Versions
from app.platforms.woocommerce.webhooks import Webhooks

ADAPTER = Adapter(
    platform="woocommerce",
    name="WooCommerce",
    installation=Installation(),
    webhooks=Webhooks(),
    catalogue=Catalogue(),
    versions=Versions(),
    subscriptions=Subscriptions(),
    handshake=Handshake(),
)
