"""Collections: which things a request is for, in which order, and which page of them.

https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-products
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.sandbox.woocommerce import shown
from app.sandbox.woocommerce.refusals import invalid_parameter
from app.sandbox.woocommerce.times import parsed

Thing = dict[str, Any]
Asked = Mapping[str, str]

PAGE = 10
MOST = 100
ORDERS: Mapping[str, Callable[[Thing], Any]] = {
    "id": lambda each: each["id"],
    "date": lambda each: (each["created"], each["id"]),
    "modified": lambda each: (each["modified"], each["id"]),
    "title": lambda each: (each["title"], each["id"]),
}


def products(shop: Thing, asked: Asked) -> list[Thing]:
    """Return the products that are asked for; by SKU, variations, too."""
    posts: list[Thing] = list(shop["posts"].values())
    if "sku" in asked:
        skus = asked["sku"].split(",")
        found = [each for each in posts if shown.sku_of(shop, each) in skus and each["status"] != "trash"]
    else:
        found = [each for each in posts if each["type"] != "variation" and _has_status(each, asked)]
    if "include" in asked:
        wanted = asked["include"].split(",")
        found = [each for each in found if str(each["id"]) in wanted]
    return ordered(_modified(shop, found, asked), asked)


def variations(shop: Thing, product: Thing, asked: Asked) -> list[Thing]:
    """Return a product's variations, those in the trash left out."""
    found = [each for each in shown.children(shop, product) if each["status"] != "trash"]
    return ordered(_modified(shop, found, asked), asked)


def ordered(found: list[Thing], asked: Asked) -> list[Thing]:
    """Return what was found in the order that is asked for: the newest first, unless it is said otherwise."""
    order = ORDERS.get(asked.get("orderby", "date"))
    if order is None:
        raise invalid_parameter("orderby")
    return sorted(found, key=order, reverse=asked.get("order", "desc") == "desc")


def page(found: Sequence[Thing], asked: Asked, address: str) -> tuple[Sequence[Thing], dict[str, str]]:
    """Return a page and the headers that tell how many there are; an offset counts more than a page's number."""
    size = _number(asked, "per_page", PAGE, most=MOST)
    number = _number(asked, "page", 1)
    start = _number(asked, "offset", 0, least=0) if "offset" in asked else (number - 1) * size
    pages = -(-len(found) // size)
    headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
    if number < pages:
        headers["Link"] = f'<{address}?page={number + 1}>; rel="next"'
    return found[start : start + size], headers


def _has_status(post: Thing, asked: Asked) -> bool:
    status = asked.get("status", "any")
    return bool(post["status"] != "trash" if status == "any" else post["status"] == status)


def _modified(shop: Thing, found: list[Thing], asked: Asked) -> list[Thing]:
    """Keep what was changed after a time, which is the shop's own unless the request says that it is UTC."""
    if "modified_after" not in asked:
        return found
    try:
        is_gmt = asked.get("dates_are_gmt", "").lower() in ("true", "1")
        since = parsed(asked["modified_after"], None if is_gmt else shop["offset"])
    except ValueError:
        raise invalid_parameter("modified_after") from None
    return [each for each in found if parsed(each["modified"]) > since]


def _number(asked: Asked, name: str, default: int, *, least: int = 1, most: int | None = None) -> int:
    text = asked.get(name, str(default))
    if not text.isdigit() or int(text) < least or (most is not None and int(text) > most):
        raise invalid_parameter(name)
    return int(text)
