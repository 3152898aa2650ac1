"""The life of a shop: random changes, as merchants make them, and a memory of what the shop itself forgets."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from app.proof.shop import Shop, Thing

MOST_VARIANTS = 5


@dataclass(slots=True, kw_only=True)
class Memory:
    """What was in the shop once. Ids are the shop's; SKUs are given once only, also across products."""

    skus: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Every SKU that a product ever had."""
    by_hand: dict[str, str] = field(default_factory=dict)
    """SKUs that were on Orderchamp before they were in the shop, with the product there."""
    taken_away: set[str] = field(default_factory=set)
    """Products on Orderchamp that were deleted there by hand."""
    touched_by_hand: set[int] = field(default_factory=set)
    """Source products of which something was deleted on Orderchamp."""


class Life:
    """Changes one shop. All that is random comes from ``chance``."""

    def __init__(self, shop: Shop, chance: Random) -> None:
        self._shop = shop
        self._chance = chance
        self._number = 0
        self.memory = Memory()
        self.told: list[str] = []
        """What was done, for whoever looks for the reason of a difference."""

    async def begin(self, count: int | None = None) -> None:
        """Open the shop with so many products; a few if it is not said how many."""
        await self._shop.open([self._product() for _ in range(count or self._chance.randint(2, 4))])
        await self._remember()

    async def step(self, *, among: Callable[[list[Thing]], list[Thing]] = lambda products: products) -> None:
        """Make one change, ``among`` these of the shop's products; none if there are none."""
        change = self._chance.choices([each for each, _ in CHANGES], [weight for _, weight in CHANGES])[0]
        products = among(await self._shop.do("GET", "/products"))
        if products:
            await change(self, products)
            await self._remember()

    async def _remember(self) -> None:
        for product in await self._shop.do("GET", "/products"):
            self.memory.skus[product["id"]].update(each["sku"] for each in product["variants"] if each["sku"])

    def _tell(self, what: str) -> None:
        self.told.append(what)

    # New things

    def _sku(self) -> str:
        self._number += 1
        return f"SKU-{self._number}"

    def _variant(self, option: str | None) -> Thing:
        variant: Thing = {"sku": self._sku(), "price": self._price(), "quantity": self._chance.randint(-2, 40)}
        if self._chance.random() < 0.1:
            variant["sku"] = None
        if self._chance.random() < 0.1:
            variant |= {"tracked": False}
        if self._chance.random() < 0.1:
            variant |= {"inventory_policy": "continue"}
        return variant if option is None else {**variant, "options": [option]}

    def _product(self) -> Thing:
        self._number += 1
        count = self._chance.randint(1, 3)
        return {
            "title": f"Product {self._number}",
            "body_html": self._chance.choice(["", "<p>Made of oak</p>", "<p>Łódź & Ærø</p>"]),
            "options": ["Size"],
            "images": self._images(),
            "status": self._chance.choices(["active", "draft"], [8, 2])[0],
            "variants": [self._variant(f"Size {number}") for number in range(count)],
        }

    def _price(self) -> str:
        return f"{self._chance.randint(100, 9999) / 100:.2f}"

    def _images(self) -> list[str]:
        count = self._chance.choice([0, 1, 2])
        return [f"https://cdn.example/{self._chance.randint(1, 10**6)}.jpg" for _ in range(count)]

    async def _put_by_hand(self, sku: str) -> None:
        body = {"title": f"{sku}, by hand", "variants": [{"sku": sku, "price": "1.00", "inventoryQuantity": 1}]}
        made = await self._shop.orderchamp("POST", f"/products?token={self._shop.token}", body)
        self.memory.by_hand[sku] = made["id"]
        self._tell(f"{sku} is on Orderchamp as {made['id']}, by hand")

    # Changes

    async def create(self, _: list[Thing]) -> None:
        product = self._product()
        sku = product["variants"][0]["sku"]
        if sku is not None and self._chance.random() < 0.25:
            await self._put_by_hand(sku)
        made = await self._shop.do("POST", "/products", product)
        self._tell(f"created {_named(made)}")

    async def delete(self, products: list[Thing]) -> None:
        if len(products) > 2:
            product = self._chance.choice(products)
            await self._shop.do("DELETE", f"/products/{product['id']}")
            self._tell(f"deleted {_named(product)}")

    async def hide_or_show(self, products: list[Thing]) -> None:
        product = self._chance.choice(products)
        visible = product["status"] == "active" and product["published_at"] is not None
        how: Thing = self._chance.choice([{"status": "draft"}, {"status": "archived"}, {"published": False}])
        change = how if visible else {"status": "active", "published": True}
        await self._change(product, change)

    async def describe(self, products: list[Thing]) -> None:
        product = self._chance.choice(products)
        self._number += 1
        change: Thing = self._chance.choice(
            [
                {"title": f"Renamed {self._number}"},
                {"body_html": f"<p>Text {self._number}</p>"},
                {"images": [f"https://cdn.example/{self._number}.jpg"]},
            ]
        )
        await self._change(product, change)

    async def _change(self, product: Thing, change: Thing) -> None:
        await self._shop.do("PATCH", f"/products/{product['id']}", change)
        self._tell(f"changed {_named(product)}: {change}")

    async def set_stock(self, products: list[Thing]) -> None:
        product, variant = self._pick(products)
        body: Thing = {"quantity": self._chance.randint(-1, 99)}
        if self._chance.random() < 0.3:
            body["location"] = "Shop"
        await self._shop.do("PUT", f"/products/{product['id']}/variants/{variant['id']}/stock", body)
        self._tell(f"stock of {variant['sku']}: {body}")

    async def change_variant(self, products: list[Thing]) -> None:
        product, variant = self._pick(products)
        change: Thing = self._chance.choice(
            [{"price": self._price()}, {"sku": self._sku()}, {"tracked": not variant["tracked"]}]
        )
        await self._shop.do("PATCH", f"/products/{product['id']}/variants/{variant['id']}", change)
        self._tell(f"variant {variant['sku']}: {change}")

    async def add_variant(self, products: list[Thing]) -> None:
        product = self._chance.choice(products)
        if len(product["variants"]) < MOST_VARIANTS:
            self._number += 1
            made = await self._shop.do(
                "POST", f"/products/{product['id']}/variants", self._variant(f"Size {self._number}")
            )
            self._tell(f"added variant {made['sku']} to {_named(product)}")

    async def remove_variant(self, products: list[Thing]) -> None:
        product, variant = self._pick(products)
        if len(product["variants"]) > 1:
            await self._shop.do("DELETE", f"/products/{product['id']}/variants/{variant['id']}")
            self._tell(f"removed variant {variant['sku']} of {_named(product)}")

    def _pick(self, products: list[Thing]) -> tuple[Thing, Thing]:
        product = self._chance.choice(products)
        return product, self._chance.choice(product["variants"])


def _named(product: Thing) -> str:
    return f"{product['id']} “{product['title']}” ({', '.join(str(each['sku']) for each in product['variants'])})"


Change = Callable[[Life, list[Any]], Awaitable[None]]

CHANGES: tuple[tuple[Change, float], ...] = (
    (Life.set_stock, 5),
    (Life.describe, 3),
    (Life.hide_or_show, 4),
    (Life.create, 3),
    (Life.delete, 1.5),
    (Life.change_variant, 2),
    (Life.add_variant, 2),
    (Life.remove_variant, 1),
)
"""Each change with its weight."""
