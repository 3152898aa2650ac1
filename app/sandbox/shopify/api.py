"""The Admin GraphQL API of one shop: what an app may ask and do."""

from collections.abc import Callable
from functools import partial
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from app.sandbox.shopify import shown, subscriptions
from app.sandbox.shopify.bulk import BulkOperations
from app.sandbox.shopify.cost import SCHEMA, cost
from app.sandbox.shopify.paging import ordered_page, page
from app.sandbox.shopify.searching import Term, terms
from app.sandbox.shopify.shops import Shops, Thing

__all__ = ["SCHEMA", "Root", "cost", "resolve"]


def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """Resolve any field: a method of the root, or a value of a thing."""
    if isinstance(source, Root):
        return getattr(source, info.field_name)(**arguments)
    value = source.get(info.field_name)
    return value(**arguments) if callable(value) else value


def number(gid: str, kind: str | None = None) -> int:
    """Return the number in a global id; GraphQLError if it is no id, or not one of this kind."""
    start, _, digits = gid.rpartition("/")
    if not start.startswith("gid://shopify/") or not digits.isdecimal() or kind not in (None, start.split("/")[-1]):
        raise GraphQLError(f"Invalid global id '{gid}'")
    return int(digits)


class Root:
    """The queries and mutations; the names and arguments are Shopify's."""

    def __init__(
        self,
        shops: Shops,
        shop: Thing,
        *,
        bulk: BulkOperations | None = None,
        base_url: str = "",
        allow_http: bool = True,
    ) -> None:
        self._shops = shops
        self._bulk = bulk
        self._base_url = base_url
        self._shop = shop
        self._index = shops.index(shop)
        self._allow_http = allow_http

    def shop(self) -> Thing:
        return {
            "id": f"gid://shopify/Shop/{self._shop['id']}",
            "name": self._shop["name"],
            "myshopifyDomain": self._shop["domain"],
            "currencyCode": self._shop["currency"],
            "plan": {"displayName": "Basic"},
            "primaryDomain": {"url": f"https://{self._shop['domain']}"},
        }

    def currentAppInstallation(self) -> Thing:  # noqa: N802
        return {"accessScopes": [{"handle": each} for each in self._shop["scopes"]]}

    def node(self, id: str) -> Thing | None:  # noqa: A002
        readers: dict[str, Callable[[str], Thing | None]] = {
            "Product": self.product,
            "ProductVariant": self.productVariant,
            "InventoryItem": self.inventoryItem,
            "Location": self._location,
            "WebhookSubscription": self._subscription,
            "BulkOperation": self._operation,
        }
        number(id)
        reader = readers.get(id.split("/")[-2])
        return None if reader is None else reader(id)

    # Products

    def product(self, id: str) -> Thing | None:  # noqa: A002
        shown.need(self._shop, "product", "read_products")
        found = self._index.products.get(number(id, "Product"))
        return None if found is None else shown.product(self._shop, found)

    def products(
        self,
        sortKey: str | None = None,  # noqa: N803
        query: str | None = None,
        **asked: Any,
    ) -> Thing:
        shown.need(self._shop, "products", "read_products")
        conditions = terms(query, ("id", "updated_at", "created_at", "status", "title", "vendor"))
        found = self._index.products
        return ordered_page(
            self._index.order(sortKey),
            lambda identity: shown.product(self._shop, found[identity]),
            keep=lambda identity: all(each.holds(found[identity]) for each in conditions),
            since=_since(conditions, sortKey),
            **asked,
        )

    def productsCount(self, limit: int | None) -> Thing:  # noqa: N802
        shown.need(self._shop, "productsCount", "read_products")
        return _count(len(self._index.products), limit)

    def productVariantsCount(self, limit: int | None) -> Thing:  # noqa: N802
        shown.need(self._shop, "productVariantsCount", "read_products")
        return _count(len(self._index.variants), limit)

    def bulkOperationRunQuery(self, query: str, groupObjects: bool) -> Thing:  # noqa: N802, N803
        shown.need(self._shop, "bulkOperationRunQuery", "read_products")
        assert self._bulk is not None  # noqa: S101 - the server has it
        begun = self._bulk.start(self._shop, query, grouped=groupObjects)
        if isinstance(begun, str):
            return _refused(begun, "query")
        return {"bulkOperation": self._bulk.shown(begun, self._base_url), "userErrors": []}

    def _operation(self, id: str) -> Thing | None:  # noqa: A002
        found = None if self._bulk is None else self._bulk.operations.get(number(id, "BulkOperation"))
        if self._bulk is None or found is None or found.shop != self._shop["domain"]:
            return None
        return self._bulk.shown(found, self._base_url)

    def productVariant(self, id: str) -> Thing | None:  # noqa: A002, N802
        shown.need(self._shop, "productVariant", "read_products")
        found = self._index.variants.get(number(id, "ProductVariant"))
        return None if found is None else shown.variant(self._shop, *found)

    def productVariants(self, query: str | None = None, **asked: Any) -> Thing:  # noqa: N802
        shown.need(self._shop, "productVariants", "read_products")
        conditions = terms(query, ("sku",))
        found = sorted(self._index.variants if not conditions else self._index.skus.get(conditions[0].value, ()))
        return ordered_page(
            [(each, each) for each in found],
            lambda identity: shown.variant(self._shop, *self._index.variants[identity]),
            **asked,
        )

    # Stock

    def inventoryItem(self, id: str) -> Thing | None:  # noqa: A002, N802
        shown.need(self._shop, "inventoryItem", "read_inventory", "read_products")
        found = self._index.items.get(number(id, "InventoryItem"))
        return None if found is None else shown.item(self._shop, *found)

    def locations(self, **asked: Any) -> Thing:
        shown.need(self._shop, "locations", "read_locations")
        return page(self._shop["locations"], shown.location, **asked)

    def _location(self, id: str) -> Thing | None:  # noqa: A002
        shown.need(self._shop, "location", "read_locations")
        return next((shown.location(each) for each in self._shop["locations"] if each["id"] == number(id)), None)

    # Subscriptions

    def webhookSubscriptions(self, **asked: Any) -> Thing:  # noqa: N802
        return page(list(self._shop["subscriptions"].values()), shown.subscription, **asked)

    def _subscription(self, id: str) -> Thing | None:  # noqa: A002
        found = self._shop["subscriptions"].get(str(number(id)))
        return None if found is None else shown.subscription(found)

    def webhookSubscriptionCreate(self, topic: str, webhookSubscription: Thing) -> Thing:  # noqa: N802, N803
        given = webhookSubscription
        why = self._problem(topic, given)
        if why is not None:
            return _refused(why, "webhookSubscription")
        made = subscriptions.stored(self._shops.identity(), topic, given)
        self._shop["subscriptions"][str(made["id"])] = made
        self._shops.changed()
        return {"webhookSubscription": shown.subscription(made), "userErrors": []}

    def webhookSubscriptionUpdate(self, id: str, webhookSubscription: Thing) -> Thing:  # noqa: A002, N802, N803
        key = str(number(id, "WebhookSubscription"))
        found = self._shop["subscriptions"].get(key)
        if found is None:
            return _refused(subscriptions.UNKNOWN, "id")
        given = {"uri": found["uri"], **webhookSubscription}
        why = self._problem(found["topic"], given, known=key)
        if why is not None:
            return _refused(why, "webhookSubscription")
        subscriptions.changed(found, given)
        self._shops.changed()
        return {"webhookSubscription": shown.subscription(found), "userErrors": []}

    def webhookSubscriptionDelete(self, id: str) -> Thing:  # noqa: A002, N802
        found = self._shop["subscriptions"].pop(str(number(id, "WebhookSubscription")), None)
        if found is None:
            return _refused(subscriptions.UNKNOWN, "id")
        self._shops.changed()
        return {"deletedWebhookSubscriptionId": id, "userErrors": []}

    @property
    def _problem(self) -> Callable[..., str | None]:
        return partial(subscriptions.problem, self._shop, allow_http=self._allow_http)


def _since(conditions: list[Term], sort: str | None) -> Any:
    """Return the sort value at which a search can begin to look; None: at the beginning."""
    field = {"UPDATED_AT": "updated_at", "CREATED_AT": "created_at", None: "id", "ID": "id"}.get(sort)
    return max((each.value for each in conditions if each.field == field and each.comparison[:1] == ">"), default=None)


def _count(exact: int, limit: int | None) -> Thing:
    if limit is not None and exact > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": exact, "precision": "EXACT"}


def _refused(why: str, field: str) -> Thing:
    return {"userErrors": [{"field": [field], "message": why}]}
