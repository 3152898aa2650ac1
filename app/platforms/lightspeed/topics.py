"""The topics that are needed, as group and action; a subscription names both.

https://developers.lightspeedhq.com/ecom/tutorials/webhooks/. A product's notices say nothing of its variants, so both are
ordered. A removed app is told by a call to an address of its own, which is no subscription.
"""

from app.domain.ids import Topic

PRODUCTS, VARIANTS = "products", "variants"
CREATED, UPDATED, DELETED = "created", "updated", "deleted"

TOPICS = tuple(Topic(f"{group}/{action}") for group in (PRODUCTS, VARIANTS) for action in (CREATED, UPDATED, DELETED))

UNINSTALLED = Topic("uninstalled")
"""Our name for the call by which Lightspeed tells that the app was removed."""
