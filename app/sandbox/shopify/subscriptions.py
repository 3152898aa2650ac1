"""Standing orders for topics: what is accepted, what a filter lets through, and what ``includeFields`` leaves of a body."""

import hashlib
import json
import re
from typing import Any

from graphql import GraphQLError

from app.sandbox.shopify.searching import terms

Thing = dict[str, Any]

TAKEN = "Address for this topic has already been taken"
NOT_THIS_TOPIC = "You cannot create a webhook subscription with the specified topic"
NO_HTTP = "Address protocol http:// is not supported"
UNKNOWN = "Webhook subscription does not exist"

NEEDED_SCOPES = {
    "PRODUCTS_": {"read_products", "write_products"},
    "INVENTORY_LEVELS_": {"read_inventory", "write_inventory"},
    "INVENTORY_ITEMS_": {"read_inventory", "write_inventory", "read_products", "write_products"},
    "ORDERS_": {"read_orders", "write_orders"},
}
"""By the beginning of a topic's name: the scopes of which one has to be granted."""

FILTERS = ("id", "title", "vendor", "product_type", "status")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,50}")


def problem(shop: Thing, topic: str, given: Thing, *, allow_http: bool, known: str | None = None) -> str | None:
    """Return why a subscription is refused; None when it is not. ``known``: the id of the one that is changed."""
    needed = next((scopes for start, scopes in NEEDED_SCOPES.items() if topic.startswith(start)), None)
    if needed is not None and not needed & set(shop["scopes"]):
        return NOT_THIS_TOPIC
    uri = given.get("uri") or ""
    others = (each for each in shop["subscriptions"].values() if str(each["id"]) != known)
    if any(each["topic"] == topic and each["uri"] == uri for each in others):
        return TAKEN
    return _address_problem(uri, allow_http=allow_http) or _detail_problem(given)


def _address_problem(uri: str, *, allow_http: bool) -> str | None:
    if uri.startswith("http://"):
        return None if allow_http else NO_HTTP
    return None if uri.startswith("https://") else "Address is not a valid URL"


def _detail_problem(given: Thing) -> str | None:
    if given.get("format", "JSON") != "JSON":
        return "This stand-in writes JSON only"
    if given.get("name") is not None and _NAME.fullmatch(given["name"]) is None:
        return "Name can only contain alphanumeric characters, underscores, and hyphens"
    try:
        terms(given.get("filter"), FILTERS)
    except GraphQLError as error:
        return error.message
    return None


def stored(identity: int, topic: str, given: Thing) -> Thing:
    """Return a subscription as it is kept."""
    return {
        "id": identity,
        "topic": topic,
        "uri": given["uri"],
        "include_fields": given.get("includeFields") or [],
        "filter": given.get("filter"),
        "name": given.get("name"),
        "failures": 0,
    }


def changed(subscription: Thing, given: Thing) -> None:
    """Take over the fields that are given."""
    names = {"uri": "uri", "includeFields": "include_fields", "filter": "filter", "name": "name"}
    for name, key in names.items():
        if name in given:
            subscription[key] = given[name]


def wanted(subscription: Thing, body: Thing) -> Thing | None:
    """Return what of a body this subscriber gets; None when it gets no delivery at all.

    A filter only sees fields of the body. With ``includeFields`` a body equal to the last one of its object is left out.
    """
    if not all(each.holds(body) for each in terms(subscription.get("filter"), FILTERS)):
        return None
    fields = subscription.get("include_fields")
    if not fields:
        return body
    trimmed = _trimmed(body, fields)
    print_of_body = hashlib.sha256(json.dumps(trimmed, sort_keys=True).encode()).hexdigest()
    sent: Thing = subscription.setdefault("sent", {})
    thing = str(body.get("id"))
    if sent.get(thing) == print_of_body:
        return None
    sent[thing] = print_of_body
    return trimmed


def _trimmed(body: Thing, fields: list[str]) -> Thing:
    """Keep the named fields; ``variants.sku`` keeps that field of each variant."""
    trimmed: Thing = {}
    for name, value in body.items():
        inner = [each.partition(".")[2] for each in fields if each.startswith(f"{name}.")]
        if name in fields:
            trimmed[name] = value
        elif inner and isinstance(value, list):
            trimmed[name] = [_trimmed(each, inner) for each in value]
    return trimmed
