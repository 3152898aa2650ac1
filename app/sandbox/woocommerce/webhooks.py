"""Webhooks as the REST API manages them. There may be any number for the same topic and address.

https://woocommerce.github.io/woocommerce-rest-api-docs/#webhook-properties. The secret is never shown again.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from app.sandbox.woocommerce.posts import Posts
from app.sandbox.woocommerce.refusals import Refused, invalid_id
from app.sandbox.woocommerce.times import stored

Thing = dict[str, Any]

HOOKS: Mapping[str, tuple[str, ...]] = {
    "product.created": (
        "woocommerce_process_product_meta",
        "woocommerce_new_product",
        "woocommerce_new_product_variation",
    ),
    "product.updated": (
        "woocommerce_process_product_meta",
        "woocommerce_update_product",
        "woocommerce_update_product_variation",
    ),
    "product.deleted": ("wp_trash_post",),
    "product.restored": ("untrashed_post",),
    "product.published": ("woocommerce_product_published",),
    "order.created": ("woocommerce_new_order",),
    "order.updated": ("woocommerce_update_order",),
}
"""The hooks of each topic of the shop's own resources."""

CUSTOM = "action."
STATUSES = ("active", "paused", "disabled")


def hooks_of(topic: str) -> tuple[str, ...]:
    """Return the hooks that a topic listens to; any hook of the plugin is a topic of its own."""
    return (topic.removeprefix(CUSTOM),) if topic.startswith(CUSTOM) else HOOKS[topic]


def is_topic(topic: str, *, tells_published: bool) -> bool:
    """Tell whether a shop knows a topic."""
    if topic.startswith(CUSTOM):
        return topic.startswith(("action.woocommerce_", "action.wc_"))
    return topic in HOOKS and (tells_published or topic != "product.published")


def shown(webhook: Thing) -> Thing:
    """Return a webhook as the API shows it: without its secret, and without how often it failed."""
    resource, _, event = webhook["topic"].partition(".")
    return {
        "id": webhook["id"],
        "name": webhook["name"],
        "status": webhook["status"],
        "topic": webhook["topic"],
        "resource": resource,
        "event": event,
        "hooks": list(hooks_of(webhook["topic"])),
        "delivery_url": webhook["delivery_url"],
        "date_created_gmt": webhook["created"],
        "date_modified_gmt": webhook["modified"],
    }


def one(shop: Thing, number: str) -> Thing:
    found: Thing | None = shop["subscriptions"].get(number)
    if found is None:
        raise invalid_id("shop_webhook")
    return found


def create(posts: Posts, shop: Thing, given: Thing, user: str) -> Thing:
    """Make a webhook of this user; Refused unless it names a topic and an address."""
    topic = str(given.get("topic", "")).lower()
    if not is_topic(topic, tells_published=posts.switches(shop["name"]).tells_published):
        raise Refused(
            400, "woocommerce_rest_shop_webhook_invalid_topic", "Webhook topic is required and must be valid."
        )
    address = str(given.get("delivery_url", ""))
    if not address.startswith(("http://", "https://")):
        message = "Webhook delivery URL must be a valid URL starting with http:// or https://."
        raise Refused(400, "woocommerce_rest_shop_webhook_invalid_delivery_url", message)
    number = shop["next_webhook"]
    shop["next_webhook"] += 1
    now = stored(posts.clock())
    webhook: Thing = {
        "id": number,
        "name": given.get("name") or f"Webhook created on {now}",
        "status": given.get("status", "active") if given.get("status", "active") in STATUSES else "disabled",
        "topic": topic,
        "delivery_url": address,
        "secret": given.get("secret") or secrets.token_urlsafe(37),
        "user": user,
        "failures": 0,
        "created": now,
        "modified": now,
    }
    shop["subscriptions"][str(number)] = webhook
    posts.changed()
    return webhook


def change(posts: Posts, shop: Thing, number: str, given: Thing) -> Thing:
    """Change the fields of a webhook that are given."""
    webhook = one(shop, number)
    if "topic" in given and not is_topic(given["topic"], tells_published=posts.switches(shop["name"]).tells_published):
        raise Refused(400, "woocommerce_rest_shop_webhook_invalid_topic", "Webhook topic must be valid.")
    webhook |= {name: given[name] for name in ("name", "topic", "delivery_url", "secret") if name in given}
    if given.get("status") in STATUSES:
        webhook["status"] = given["status"]
    webhook["modified"] = stored(posts.clock())
    posts.changed()
    return webhook


def delete(posts: Posts, shop: Thing, number: str, *, force: bool) -> Thing:
    """Delete a webhook for good, which has to be asked for, since there is no trash for webhooks."""
    webhook = one(shop, number)
    if not force:
        raise Refused(501, "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.")
    del shop["subscriptions"][number]
    posts.changed()
    return webhook
