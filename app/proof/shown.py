"""What Orderchamp must show for a shop, written down a second time, and how it differs from that. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.proof.life import Memory

Thing = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A shop and its account at one moment. ``bound``: the ids of the source variants that the service knows there."""

    products: Sequence[Thing]
    shown: Sequence[Thing]
    memory: Memory
    bound: Collection[str]
    storefront_id: str

    def holders(self, sku: str) -> list[Thing]:
        return [each for each in self.shown if any(variant["sku"] == sku for variant in each["variants"])]

    def holder(self, sku: str) -> Thing | None:
        return next(iter(self.holders(sku)), None)


def doubled(seen: Seen) -> Iterator[str]:
    """Tell what is on Orderchamp more than once."""
    yield from _repeated("Orderchamp", (variant["sku"] for each in seen.shown for variant in each["variants"]))
    for each in seen.shown:
        yield from _repeated(f"the listing of “{each['title']}”", each["listing_variants"])
    yield from _created_again(seen)


def _repeated(where: str, skus: Iterable[str]) -> Iterator[str]:
    for sku, count in Counter(skus).items():
        if count > 1:
            yield f"{where} has {sku} {count} times"


def _created_again(seen: Seen) -> Iterator[str]:
    made = [each for each in seen.shown if each["id"] not in seen.memory.by_hand.values()]
    owners = {sku: product_id for product_id, skus in seen.memory.skus.items() for sku in skus}
    of: dict[int | None, set[str]] = {}
    for each in made:
        for product_id in {owners.get(variant["sku"]) for variant in each["variants"]}:
            of.setdefault(product_id, set()).add(each["id"])
    for product_id, ids in of.items():
        if product_id is None:
            yield f"{sorted(ids)} on Orderchamp have SKUs that no product of the shop ever had"
        elif len(ids) > 1:
            yield f"product {product_id} was created {len(ids)} times: {sorted(ids)}"


def differences(seen: Seen) -> Iterator[tuple[int, str]]:
    """Tell where Orderchamp does not show what it should, each with the id of the source product."""
    for product in seen.products:
        if product["id"] in seen.memory.touched_by_hand:
            continue
        for difference in _of_product(seen, product):
            yield product["id"], difference
    living = {product["id"] for product in seen.products}
    for product_id, skus in seen.memory.skus.items():
        if product_id not in living:
            for sku in skus:
                holder = seen.holder(sku)
                if holder is not None and holder["status"] == "published":
                    yield product_id, f"it was deleted in the shop, but {sku} is published"


def _of_product(seen: Seen, product: Thing) -> Iterator[str]:
    valid = [each for each in product["variants"] if each["sku"] and Decimal(each["price"]) > 0]
    wanted = bool(valid) and product["status"] == "active" and product["published_at"] is not None
    for variant in valid:
        holder = seen.holder(variant["sku"])
        known = str(variant["id"]) in seen.bound
        if holder is None:
            if wanted or known:
                yield f"{variant['sku']} is not on Orderchamp"
            continue
        by_hand = seen.memory.by_hand.get(variant["sku"])
        if by_hand is not None and holder["id"] != by_hand:
            yield f"{variant['sku']} is on {holder['id']}, not on {by_hand}, where it was before"
        yield from _publication(seen, variant["sku"], holder, wanted=wanted, known=known)
        if wanted or known:
            yield from _of_variant(variant, holder)
            yield from _details(product, holder)
    yield from _retired(seen, product)


def _publication(seen: Seen, sku: str, holder: Thing, *, wanted: bool, known: bool) -> Iterator[str]:
    if not wanted:
        if holder["status"] == "published":
            yield f"{sku} is published"
        return
    if not known:
        yield f"{sku} is on Orderchamp, but the service does not know it there"
    if holder["status"] != "published":
        yield f"{sku} is {holder['status']}, not published"
        return
    if holder["storefront"]["id"] != seen.storefront_id:
        yield f"{sku} is on the storefront {holder['storefront']['name']}"
    if sku not in holder["listing_variants"]:
        yield f"{sku} is not in the listing"


def _of_variant(variant: Thing, holder: Thing) -> Iterator[str]:
    shown = next(each for each in holder["variants"] if each["sku"] == variant["sku"])
    policy = "CONTINUE" if not variant["tracked"] or variant["inventory_policy"] == "continue" else "DENY"
    pieces = max(sum(level["available"] for level in variant["levels"].values()), 0)
    if variant["tracked"] and shown["quantity"] != pieces:
        yield f"{variant['sku']} has the stock {shown['quantity']}, not {pieces}"
    if Decimal(shown["price"]) != Decimal(variant["price"]):
        yield f"{variant['sku']} has the price {shown['price']}, not {variant['price']}"
    if shown["policy"] != policy:
        yield f"{variant['sku']} has the policy {shown['policy']}, not {policy}"


def _details(product: Thing, holder: Thing) -> Iterator[str]:
    if holder["title"] != product["title"]:
        yield f"the title is “{holder['title']}”, not “{product['title']}”"
    if (holder["description"] or "") != product["body_html"]:
        yield f"the description is {holder['description']!r}, not {product['body_html']!r}"
    images = [each["src"] for each in product["images"]]
    if images and holder["images"] != images:
        yield f"the images are {holder['images']}, not {images}"


def _retired(seen: Seen, product: Thing) -> Iterator[str]:
    """A variant that the shop no longer has is sold out, wherever the service created or matched it."""
    now = {each["sku"] for each in product["variants"]}
    for sku in seen.memory.skus[product["id"]] - now - set(seen.memory.by_hand):
        holder = seen.holder(sku)
        for shown in holder["variants"] if holder is not None else ():
            if shown["sku"] == sku and (shown["quantity"], shown["policy"]) != (0, "DENY"):
                yield f"{sku} was removed from the shop, but has {shown['quantity']} pieces and {shown['policy']}"
