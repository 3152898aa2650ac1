"""The topics that we order, and what each says.

https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks: a topic is a resource and an event, or ``action.`` and the
name of any hook of the plugin, whose first argument is then told. A product that is deleted for good raises no event of the
resource, but fires such a hook, unless it is deleted past the plugin, as when the trash is emptied.
"""

from app.domain.ids import Topic

CREATED = Topic("product.created")
UPDATED = Topic("product.updated")
RESTORED = Topic("product.restored")
PUBLISHED = Topic("product.published")
"""Tell a product, or a variation, as it is when they are sent. Older shops do not know the last one, and tell an update, too."""

DELETED = Topic("product.deleted")
"""Tells the id of what was moved to the trash: a product, and each of its variations."""

GONE = Topic("action.woocommerce_delete_product")
VARIATION_GONE = Topic("action.woocommerce_delete_product_variation")
"""Tell the id of what was deleted for good."""

TOPICS: tuple[Topic, ...] = (CREATED, UPDATED, RESTORED, DELETED, GONE, VARIATION_GONE)
