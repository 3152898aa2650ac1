"""The topics that are needed, by Shopware's names.

https://developer.shopware.com/docs/resources/references/app-reference/webhook-events-reference.html. Left out because they
name nothing that a product could be found by: ``media.written`` (an image's file was replaced), ``product_price.written``
(prices for groups of customers, which are not sent). ``product_visibility`` is told to nobody.
"""

from app.domain.ids import Topic

PRODUCT_TOPICS = (Topic("product.written"), Topic("product.deleted"))

ORDER_TOPICS = (
    Topic("checkout.order.placed"),
    Topic("state_enter.order.state.open"),
    Topic("state_enter.order.state.in_progress"),
    Topic("state_enter.order.state.completed"),
    Topic("state_enter.order.state.cancelled"),
)
"""What takes stock or gives it back: an order, its end and its reopening, and before Shopware 6.5.5 its completion."""

UNINSTALLED = frozenset({"app.deleted", "app_deleted"})
"""The removal of the app; the second spelling is that of the documentation's sample."""

TOPICS = (*PRODUCT_TOPICS, *ORDER_TOPICS)
APP_TOPICS = (*TOPICS, Topic("app.deleted"))
"""What an integration may order, and what the app's manifest orders."""
