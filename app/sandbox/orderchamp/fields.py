"""How things are shown: a resolver for each field that is more than a stored value."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema

from app.sandbox.orderchamp.identity import number_of
from app.sandbox.orderchamp.paging import page
from app.sandbox.orderchamp.publication import shown_listing
from app.sandbox.orderchamp.records import Image, Product, Variant
from app.sandbox.orderchamp.stock import inventory_quantity
from app.sandbox.orderchamp.visit import visit_of

Resolver = Callable[..., Any]

CDN = "https://cdn.orderchamp.example"


def by_id(record: Any) -> int:
    """Return the place of a record among others of its kind, in the order in which they were made."""
    return number_of(record.id)


def _database_id(record: Any, _info: Any) -> str:
    return str(number_of(record.id))


def _images(product: Product, info: Any, **arguments: Any) -> Any:
    placed = list(enumerate(product.arrived(visit_of(info).market.now())))
    shown = page(placed, lambda each: each[0], arguments)
    shown["nodes"] = [_image(image, place) for place, image in shown["nodes"]]
    shown["edges"] = [{**edge, "node": _image(edge["node"][1], edge["node"][0])} for edge in shown["edges"]]
    return shown


def _image(image: Image, place: int) -> dict[str, Any]:
    return {"id": image.id, "position": place + 1}


def _featured_image(product: Product, info: Any) -> Any:
    arrived = product.arrived(visit_of(info).market.now())
    return _image(arrived[0], 0) if arrived else None


def _image_url(image: Mapping[str, Any], _info: Any, **size: Any) -> str:
    wanted = "&".join(f"{name}={value}" for name, value in size.items() if value is not None)
    return f"{CDN}/{number_of(image['id'])}.jpg" + (f"?{wanted}" if wanted else "")


def _category(product: Product, _info: Any) -> Any:
    if product.category is None:
        return None
    name = product.category.replace("_", " ").capitalize()
    return {"id": product.category, "name": name, "path": product.category, "rawPath": product.category}


def _custom_category(product: Product, info: Any) -> Any:
    return visit_of(info).account.custom_categories.get(product.custom_category_id or "")


def _listing(product: Product, info: Any) -> Any:
    return shown_listing(visit_of(info).market, product)


def _variants(product: Product, info: Any, **arguments: Any) -> Any:
    account = visit_of(info).account
    return page([account.variants[each] for each in product.variant_ids], by_id, arguments)


def _product(variant: Variant, info: Any) -> Product:
    return visit_of(info).account.products[variant.product_id]


def _title(variant: Variant, info: Any) -> str:
    values = [variant.details.get(name) for name in ("option1", "option2", "option3")]
    return " / ".join(each for each in values if each) or _product(variant, info).title


def _axis(wanted: str) -> Resolver:
    """Return the value on an axis of this English name, the only one by which it is recognised (observed)."""

    def resolve(variant: Variant, info: Any) -> Any:
        product = _product(variant, info)
        for name in ("option1", "option2", "option3"):
            if product.details.get(name) == wanted:
                return variant.details.get(name)
        return None

    return resolve


def _position(variant: Variant, info: Any) -> int:
    return _product(variant, info).variant_ids.index(variant.id) + 1


def _quantity(variant: Variant, info: Any) -> int | None:
    return inventory_quantity(visit_of(info).market, variant)


def _levels(variant: Variant, _info: Any, **arguments: Any) -> Any:
    return page([variant], by_id, arguments)


def _location(_variant: Variant, info: Any) -> Any:
    return visit_of(info).account.location


FIELDS: Mapping[str, Mapping[str, Resolver]] = {
    "Account": {"databaseId": _database_id, "type": lambda *_: "SUPPLIER", "email": lambda *_: None},
    "User": {"email": lambda *_: None},
    "Product": {
        "databaseId": _database_id,
        "category": _category,
        "customCategory": _custom_category,
        "listing": _listing,
        "featuredImage": _featured_image,
        "images": _images,
        "variants": _variants,
    },
    "ProductImage": {
        "databaseId": lambda image, _info: str(number_of(image["id"])),
        "originalUrl": _image_url,
        "thumbnailUrl": _image_url,
        "transformedUrl": _image_url,
    },
    "ProductVariant": {
        "databaseId": _database_id,
        "product": _product,
        "title": _title,
        "color": _axis("Color"),
        "size": _axis("Size"),
        "position": _position,
        "inventoryQuantity": _quantity,
        "inventoryLevels": _levels,
    },
    # A level has no record of its own: it is its variant, seen from the one location.
    "InventoryLevel": {
        "id": lambda variant, _info: variant.level_id,
        "availableQuantity": lambda variant, _info: variant.available,
        "updatedAt": lambda variant, _info: variant.counted_at,
        "location": _location,
        "productVariant": lambda variant, _info: variant,
    },
}


def attach(schema: GraphQLSchema) -> None:
    """Give every field of the schema that has no resolver yet the one by which it is shown."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            special = FIELDS.get(type_.name, {})
            for name, field in type_.fields.items():
                if field.resolve is None:
                    field.resolve = special.get(name) or _stored(name)


def _stored(name: str) -> Resolver:
    """Return the resolver of a stored value: an entry of a mapping, an attribute of a record, or one of its details."""
    attribute = "".join(f"_{each.lower()}" if each.isupper() else each for each in name)

    def resolve(source: Any, _info: Any) -> Any:
        if isinstance(source, dict):
            return source.get(name)
        try:
            return getattr(source, attribute)
        except AttributeError:
            return source.details.get(name)

    return resolve
