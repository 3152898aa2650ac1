"""Products and variations as the REST API shows them, and as webhooks tell them.

https://woocommerce.github.io/woocommerce-rest-api-docs/#product-properties
"""

from typing import Any

from app.sandbox.woocommerce.times import local

Thing = dict[str, Any]


def shown(shop: Thing, post: Thing) -> Thing:
    """Return a product, or a variation in the shape of a product, as ``/products/<id>`` shows it."""
    parent = parent_of(shop, post)
    kept = (each["id"] for each in children(shop, post) if each["status"] in ("publish", "private"))
    return {
        "id": post["id"],
        "name": name(shop, post),
        "slug": slug(post),
        "permalink": f"{shop['url']}product/{slug(parent or post)}/",
        **dates(shop, post),
        "type": post["type"],
        "status": post["status"],
        "featured": False,
        "catalog_visibility": post["catalog_visibility"],
        "description": post["description"],
        "short_description": "",
        **sold(shop, post),
        "parent_id": post["parent_id"],
        "brands": brands(post),
        "categories": [{"id": 9, "name": "Kitchen", "slug": "kitchen"}],
        "tags": [],
        "images": [image(post, position, url) for position, url in enumerate(post["images"])],
        "attributes": attributes(shop, post),
        "default_attributes": [],
        "variations": list(kept),
        "grouped_products": [],
        "menu_order": 0,
        "related_ids": [],
        "meta_data": [],
    }


def shown_variation(shop: Thing, post: Thing) -> Thing:
    """Return a variation as ``/products/<id>/variations`` shows it."""
    return {
        "id": post["id"],
        "type": "variation",
        "parent_id": post["parent_id"],
        **dates(shop, post),
        "description": post["description"],
        "permalink": f"{shop['url']}?p={post['id']}",
        "status": post["status"],
        **sold(shop, post),
        "image": image(post, 0, post["images"][0]) if post["images"] else None,
        "attributes": attributes(shop, post),
        "menu_order": 0,
        "name": ", ".join(each["option"] for each in attributes(shop, post)),
        "meta_data": [],
    }


def parent_of(shop: Thing, post: Thing) -> Thing | None:
    found: Thing | None = shop["posts"].get(str(post["parent_id"]))
    return found


def children(shop: Thing, post: Thing) -> list[Thing]:
    return [each for each in shop["posts"].values() if each["parent_id"] == post["id"]]


def name(shop: Thing, post: Thing) -> str:
    parent = parent_of(shop, post)
    if parent is None:
        return str(post["title"])
    return f"{parent['title']} - {', '.join(each['option'] for each in attributes(shop, post))}"


def slug(post: Thing) -> str:
    return "-".join(str(post["title"] or post["id"]).lower().split())


def dates(shop: Thing, post: Thing) -> Thing:
    """Return both times of a post in both zones; none of them says which it is."""
    offset = shop["offset"]
    return {
        "date_created": local(post["created"], offset),
        "date_created_gmt": post["created"],
        "date_modified": local(post["modified"], offset),
        "date_modified_gmt": post["modified"],
    }


def sold(shop: Thing, post: Thing) -> Thing:
    """Return how something is sold: by which SKU, at which price, from which stock."""
    on_sale = bool(post["sale_price"])
    price = price_of(shop, post)
    return {
        "sku": sku_of(shop, post),
        "price": price,
        "regular_price": post["regular_price"],
        "sale_price": post["sale_price"],
        "on_sale": on_sale,
        "purchasable": bool(price),
        "total_sales": 0,
        "virtual": False,
        "downloadable": False,
        "tax_status": "taxable",
        "tax_class": "",
        **stock_of(shop, post),
        "weight": post.get("weight", ""),
        "dimensions": {"length": "", "width": "", "height": ""},
        "global_unique_id": post["gtin"],
    }


def sku_of(shop: Thing, post: Thing) -> str:
    """Return a post's SKU; a variation without one shows that of its product."""
    parent = parent_of(shop, post)
    return str(post["sku"] or (parent["sku"] if parent else ""))


def price_of(shop: Thing, post: Thing) -> str:
    """Return the price that counts: the lowest of its variations for a product that has some; empty when there is none."""
    if post["type"] == "variable":
        prices = [each for each in (price_of(shop, child) for child in children(shop, post)) if each]
        return min(prices, key=float, default="")
    return str(post["sale_price"] or post["regular_price"])


def stock_of(shop: Thing, post: Thing) -> Thing:
    """Return a post's stock. A variation that does not count its own shows that of a product which does."""
    parent = parent_of(shop, post)
    managed: bool | str = post["manage_stock"]
    keeper = post
    if not managed and parent is not None and parent["manage_stock"]:
        managed, keeper = "parent", parent
    quantity = keeper["stock_quantity"] if managed else None
    status = post["stock_status"]
    if managed:
        left = "onbackorder" if keeper["backorders"] != "no" else "outofstock"
        status = "instock" if (quantity or 0) > 0 else left
    return {
        "manage_stock": managed,
        "stock_quantity": quantity,
        "stock_status": status,
        "backorders": keeper["backorders"],
        "backorders_allowed": keeper["backorders"] != "no",
        "backordered": status == "onbackorder",
    }


def attributes(shop: Thing, post: Thing) -> list[Thing]:
    """Return a product's attributes with all their options, or the options that a variation has of them.

    A variation that is for any option of an attribute does not name it.
    """
    parent = parent_of(shop, post)
    if parent is None:
        return [
            {
                "id": number,
                "name": each,
                "slug": each.lower(),
                "position": number - 1,
                "visible": True,
                "variation": True,
                "options": options(shop, post, number - 1),
            }
            for number, each in enumerate(post["attributes"], 1)
        ]
    named = enumerate(zip(parent["attributes"], post["attributes"], strict=False), 1)
    return [
        {"id": number, "name": axis, "slug": axis.lower(), "option": option}
        for number, (axis, option) in named
        if option
    ]


def options(shop: Thing, product: Thing, position: int) -> list[str]:
    found = (each["attributes"][position] for each in children(shop, product) if len(each["attributes"]) > position)
    return list(dict.fromkeys(each for each in found if each))


def brands(post: Thing) -> list[Thing]:
    return [{"id": 3, "name": post["brand"], "slug": post["brand"].lower()}] if post["brand"] else []


def image(post: Thing, position: int, url: str) -> Thing:
    return {
        "id": post["id"] * 100 + position,
        "date_created_gmt": post["created"],
        "date_modified_gmt": post["created"],
        "src": url,
        "name": url.rpartition("/")[2],
        "alt": "",
    }
