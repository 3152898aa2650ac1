"""The Admin GraphQL API of one shop."""

import re
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLObjectType,
    GraphQLResolveInfo,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    build_schema,
    get_named_type,
)

from app.sandbox.shopify.shops import Shops, Thing, option_names, stock_of

SCHEMA = build_schema(Path(__file__).with_name("schema.graphql").read_text())
MAX_PAGE = 250
MAX_COST = 1000
COMPLIANCE = {"CUSTOMERS_DATA_REQUEST", "CUSTOMERS_REDACT", "SHOP_REDACT"}
NEEDED_SCOPE = {"PRODUCTS": "read_products", "INVENTORY": "read_inventory", "ORDERS": "read_orders"}


class Refused(Exception):
    """A document is refused as a whole; the message says why."""


def cost(document: DocumentNode, variables: Thing) -> int:
    """Return what a document costs: an object 1, a connection ``first`` times a node, scalars nothing, a mutation 10."""
    operation = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    root = SCHEMA.get_root_type(operation.operation)
    fixed = 10 if operation.operation.value == "mutation" else 0
    return fixed + _selection(operation.selection_set, root, variables)


def _selection(selection: SelectionSetNode, parent: Any, variables: Thing) -> int:
    total = 0
    for node in selection.selections:
        if isinstance(node, InlineFragmentNode):
            kind = SCHEMA.type_map[node.type_condition.name.value] if node.type_condition else parent
            total += _selection(node.selection_set, kind, variables)
        elif isinstance(node, FieldNode) and node.selection_set is not None and isinstance(parent, GraphQLObjectType):
            total += _field(node, parent, variables)
    return total


def _field(node: FieldNode, parent: GraphQLObjectType, variables: Thing) -> int:
    kind = get_named_type(parent.fields[node.name.value].type)
    assert node.selection_set is not None  # noqa: S101 - the caller has looked
    inner = _selection(node.selection_set, kind, variables)
    if kind.name.endswith("Connection"):
        return _first(node, variables) * inner
    if node.name.value in ("pageInfo", "quantities", "selectedOptions", "userErrors") or kind.name.endswith("Payload"):
        return inner
    return 1 + inner


def _first(node: FieldNode, variables: Thing) -> int:
    for argument in node.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            first = int(value.value) if isinstance(value, IntValueNode) else 0
            if isinstance(value, VariableNode):
                first = int(variables.get(value.name.value) or 0)
            if first > MAX_PAGE:
                raise Refused(f"first cannot exceed {MAX_PAGE}")
            return first
    raise Refused("you must provide one of first or last")


def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """Resolve any field: a method of the root, or a value of a thing."""
    if isinstance(source, Root):
        return getattr(source, info.field_name)(**arguments)
    value = source.get(info.field_name)
    return value(**arguments) if callable(value) else value


def page(things: list[Thing], first: int | None = None, after: str | None = None, **_: Any) -> Thing:
    """Return a page of things. A cursor is the id of the last one, so that things added meanwhile shift nothing."""
    start = 0
    if after is not None:
        start = next((n + 1 for n, each in enumerate(things) if each["id"] == after), len(things))
    here = things[start : start + (first or 0)]
    return {
        "nodes": here,
        "pageInfo": {
            "hasNextPage": start + len(here) < len(things),
            "hasPreviousPage": start > 0,
            "startCursor": here[0]["id"] if here else None,
            "endCursor": here[-1]["id"] if here else None,
        },
    }


class Root:
    """What an app may ask and do in one shop."""

    def __init__(self, shops: Shops, shop: Thing) -> None:
        self._shops = shops
        self._shop = shop

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

    def product(self, id: str) -> Thing | None:  # noqa: A002
        found = self._shop["products"].get(id.rsplit("/", 1)[-1])
        return None if found is None else self._product(found)

    def products(self, query: str | None = None, **arguments: Any) -> Thing:
        found = sorted(self._shop["products"].values(), key=lambda each: each["id"])
        if arguments.get("sortKey") == "UPDATED_AT":
            found.sort(key=lambda each: each["updated_at"])
        since = re.search(r"updated_at:>='([^']+)'", query or "")
        if since:
            found = [each for each in found if each["updated_at"] >= since[1]]
        # Only the page is built in full; the rest only lends its ids.
        ids = [{"id": f"gid://shopify/Product/{each['id']}", "product": each} for each in found]
        answer = page(ids, **arguments)
        return {**answer, "nodes": [self._product(each["product"]) for each in answer["nodes"]]}

    def productVariant(self, id: str) -> Thing | None:  # noqa: A002, N802
        for product in self._shop["products"].values():
            for variant in product["variants"]:
                if str(variant["id"]) == id.rsplit("/", 1)[-1]:
                    return self._variant(product, variant)
        return None

    def inventoryItem(self, id: str) -> Thing | None:  # noqa: A002, N802
        for product in self._shop["products"].values():
            for variant in product["variants"]:
                if str(variant["inventory_item_id"]) == id.rsplit("/", 1)[-1]:
                    return self._item(product, variant)
        return None

    def locations(self, **arguments: Any) -> Thing:
        return page([_location(each) for each in self._shop["locations"]], **arguments)

    def webhookSubscriptions(self, **arguments: Any) -> Thing:  # noqa: N802
        return page([_subscription(each) for each in self._shop["subscriptions"].values()], **arguments)

    def webhookSubscriptionCreate(self, topic: str, webhookSubscription: Thing) -> Thing:  # noqa: N802, N803
        problem = self._subscription_problem(topic, webhookSubscription.get("uri") or "")
        made = None if problem else self._shops.subscribe(self._shop, topic, webhookSubscription["uri"])
        if made is None:
            message = problem or "Address for this topic has already been taken"
            return {"webhookSubscription": None, "userErrors": [{"field": ["webhookSubscription"], "message": message}]}
        return {"webhookSubscription": _subscription(made), "userErrors": []}

    def _subscription_problem(self, topic: str, uri: str) -> str | None:
        if topic in COMPLIANCE:
            return "You cannot create a webhook subscription with the specified topic"
        scope = next((needed for prefix, needed in NEEDED_SCOPE.items() if topic.startswith(prefix)), None)
        if scope is not None and scope not in self._shop["scopes"]:
            return "You cannot create a webhook subscription with the specified topic"
        if not uri.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            return "Address protocol http:// is not supported"
        return None

    def webhookSubscriptionUpdate(self, id: str, webhookSubscription: Thing) -> Thing:  # noqa: A002, N802, N803
        found = self._shop["subscriptions"].get(id.rsplit("/", 1)[-1])
        if found is None:
            return {"userErrors": [{"field": ["id"], "message": "Webhook subscription does not exist"}]}
        found["uri"] = webhookSubscription.get("uri") or found["uri"]
        self._shops.changed()
        return {"webhookSubscription": _subscription(found), "userErrors": []}

    def webhookSubscriptionDelete(self, id: str) -> Thing:  # noqa: A002, N802
        found = self._shop["subscriptions"].pop(id.rsplit("/", 1)[-1], None)
        self._shops.changed()
        if found is None:
            return {"userErrors": [{"field": ["id"], "message": "Webhook subscription does not exist"}]}
        return {"deletedWebhookSubscriptionId": id, "userErrors": []}

    def _product(self, product: Thing) -> Thing:
        gid = f"gid://shopify/Product/{product['id']}"
        images = [
            {
                "__typename": "MediaImage",
                "id": f"gid://shopify/MediaImage/{each['id']}",
                "mediaContentType": "IMAGE",
                "image": {"url": each["src"], "altText": None},
            }
            for each in product["images"]
        ]
        return {
            "id": gid,
            "title": product["title"],
            "descriptionHtml": product["body_html"],
            "handle": product["handle"],
            "vendor": product["vendor"],
            "productType": product["product_type"],
            "status": product["status"].upper(),
            "publishedAt": product["published_at"],
            "updatedAt": product["updated_at"],
            "createdAt": product["created_at"],
            "tags": [each.strip() for each in product["tags"].split(",") if each.strip()],
            "options": lambda **_: [
                {
                    "id": f"gid://shopify/ProductOption/{product['id'] + n}",
                    "name": name,
                    "position": n,
                    "values": list(dict.fromkeys(each["options"][n - 1] for each in product["variants"])),
                }
                for n, name in enumerate(option_names(product), 1)
            ],
            "variantsCount": {"count": len(product["variants"])},
            "totalInventory": sum(stock_of(each) for each in product["variants"]),
            "media": lambda **arguments: page(images, **arguments),
            "variants": lambda **arguments: page(
                [self._variant(product, each) for each in product["variants"]], **arguments
            ),
        }

    def _variant(self, product: Thing, variant: Thing) -> Thing:
        return {
            "id": f"gid://shopify/ProductVariant/{variant['id']}",
            "title": " / ".join(variant["options"]),
            "sku": variant["sku"],
            "barcode": variant["barcode"],
            "price": variant["price"],
            "compareAtPrice": variant["compare_at_price"],
            "position": product["variants"].index(variant) + 1,
            "inventoryQuantity": stock_of(variant),
            "inventoryPolicy": variant["inventory_policy"].upper(),
            "updatedAt": variant["updated_at"],
            "createdAt": variant["created_at"],
            "selectedOptions": [
                {"name": name, "value": value}
                for name, value in zip(option_names(product), variant["options"], strict=False)
            ],
            "inventoryItem": lambda **_: self._item(product, variant),
            "product": lambda **_: self._product(product),
        }

    def _item(self, product: Thing, variant: Thing) -> Thing:
        places = {str(each["id"]): each for each in self._shop["locations"]}
        levels = [
            {
                "id": f"gid://shopify/InventoryLevel/{place}?inventory_item_id={variant['inventory_item_id']}",
                "location": _location(places[place]),
                "updatedAt": level["updated_at"],
                "quantities": lambda names, level=level: [
                    {"name": name, "quantity": level["available"], "updatedAt": level["updated_at"]} for name in names
                ],
            }
            for place, level in variant["levels"].items()
        ]
        return {
            "id": f"gid://shopify/InventoryItem/{variant['inventory_item_id']}",
            "sku": variant["sku"],
            "tracked": variant["tracked"],
            "variant": lambda **_: self._variant(product, variant),
            "inventoryLevels": lambda **arguments: page(levels, **arguments),
        }


def _location(location: Thing) -> Thing:
    return {"id": f"gid://shopify/Location/{location['id']}", "name": location["name"], "isActive": True}


def _subscription(subscription: Thing) -> Thing:
    return {
        "id": f"gid://shopify/WebhookSubscription/{subscription['id']}",
        "topic": subscription["topic"],
        "uri": subscription["uri"],
        "includeFields": [],
        "filter": None,
    }
