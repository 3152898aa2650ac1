"""The life of one product, as the shops of each platform tell it; the contract tests tell it in other orders.

It is born with one variant, renamed, given a second variant, counted anew, hidden and shown again; at last it may be deleted.
Bodies are those of the samples, with what happens written into them. A platform that tells more than ids tells here what
was true at the time, so that old notices say what is not true any more.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.http import Delivery
from app.domain.ids import LocationId, StockItemId
from app.domain.product import Snapshot, StockLevel
from app.domain.structs import replace
from tests.fakes.shop import product, variant
from tests.platforms.samples import ROOT, Sample, samples

BIRTH = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
SMALL, LARGE = 21, 22
"""Numbers of its variants."""

STOCK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """``told``: what the shop sends while the product lives, in order, and ``death``: when it is deleted.

    ``end`` is the product as it is when it is shown again, which is the last of what is ``told``. ``names`` are those by
    which the shop can be asked for it.
    """

    told: tuple[Delivery, ...]
    death: tuple[Delivery, ...]
    end: Snapshot
    names: frozenset[str]

    @property
    def hidden(self) -> Snapshot:
        """The product as it is before it is shown again."""
        assert self.end.version is not None
        return replace(self.end, published=False, status="hidden", version=self.end.version - timedelta(seconds=1))


def at(step: int) -> datetime:
    return BIRTH + timedelta(minutes=step)


def sample(platform: str, case: str) -> Sample:
    assert (ROOT / platform / case).is_dir(), f"{platform} has no sample {case}"
    return next(each for each in samples(platform) if each.case == case)


def retold(recorded: Sample, change: Callable[[Any], object], **headers: str) -> Delivery:
    """A recorded delivery with other words in its body, and in those headers. Underscores in headers stand for dashes."""
    body = json.loads(recorded.delivery.body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    changed = json.dumps(change(body)).encode()
    return replace(recorded.delivery, body=changed, headers={**recorded.delivery.headers, **named})


def ended(source_id: str, small: str, large: str) -> Snapshot:
    """What the shop has in the end, of a platform whose notices tell less than a read."""
    variants = (variant("S", stock=STOCK, variant_id=small), variant("L", stock=4, variant_id=large))
    named = tuple(replace(each, stock_item_id=StockItemId(each.id), levels=None) for each in variants)
    return replace(product(source_id, *named), title="Renamed", version=at(10))


def shopify() -> Life:
    number, items = 8801234567890, {SMALL: 4621, LARGE: 4622}

    def gid(each: int) -> str:
        return f"gid://shopify/ProductVariant/{each}"

    def told(step: int, *numbers: int, title: str = "Renamed", status: str = "active") -> Delivery:
        def change(body: Any) -> object:
            (one,) = body["variants"]
            variants = [
                {
                    **one,
                    "id": each,
                    "admin_graphql_api_id": gid(each),
                    "sku": f"SKU-{each}",
                    "inventory_item_id": items[each],
                    "option1": str(each),
                }
                for each in numbers
            ]
            gids = [{"admin_graphql_api_id": gid(each)} for each in numbers]
            changed = {"title": title, "status": status, "updated_at": at(step).isoformat()}
            return {**body, **changed, "variants": variants, "variant_gids": gids}

        return retold(
            sample("shopify", "product_update"), change, x_shopify_topic=f"products/{'update' if step else 'create'}"
        )

    def counted(step: int, pieces: int) -> Delivery:
        about = {"inventory_item_id": items[SMALL], "available": pieces, "updated_at": at(step).isoformat()}
        named = f"gid://shopify/InventoryLevel/1?inventory_item_id={items[SMALL]}"
        return retold(
            sample("shopify", "stock_update"),
            lambda body: {**body, **about, "admin_graphql_api_id": named, "location_id": 1},
        )

    def level(pieces: int) -> tuple[StockLevel, ...]:
        return (StockLevel(location_id=LocationId("1"), quantity=pieces, version=at(3)),)

    names = {SMALL: STOCK, LARGE: 4}
    variants = tuple(
        replace(
            variant(f"SKU-{each}", stock=pieces, price="34.95", variant_id=str(each)),
            stock_item_id=StockItemId(str(items[each])),
            barcode="8712345678906",
            options=(str(each),),
            levels=level(pieces),
        )
        for each, pieces in names.items()
    )
    return Life(
        told=(
            told(0, SMALL, title="Born"),
            told(1, SMALL),
            told(2, SMALL, LARGE),
            counted(3, STOCK),
            told(4, SMALL, LARGE, status="draft"),
            told(5, SMALL, LARGE),
        ),
        death=(retold(sample("shopify", "product_delete"), lambda body: {**body, "id": number}),),
        end=replace(
            product(str(number), *variants),
            title="Renamed",
            description="<p>Oak board</p>",
            brand="Holt",
            option_names=("Size",),
            images=("https://cdn.example/oak.jpg?v=1714806732",),
            version=at(5),
        ),
        names=frozenset({str(number)}),
    )


def woocommerce() -> Life:
    number = 901

    def told(step: int, **changes: object) -> Delivery:
        topic = f"product.{'updated' if step else 'created'}"
        changes["date_modified_gmt"] = at(step).replace(tzinfo=None).isoformat()
        return retold(
            sample("woocommerce", "product_updated"), lambda body: {**body, **changes}, x_wc_webhook_topic=topic
        )

    def of_variation(step: int, each: int, topic: str, **changes: object) -> Delivery:
        changes |= {"id": each, "parent_id": number, "date_modified_gmt": at(step).replace(tzinfo=None).isoformat()}
        return retold(
            sample("woocommerce", "variation_updated"), lambda body: {**body, **changes}, x_wc_webhook_topic=topic
        )

    def trashed(each: int) -> Delivery:
        return retold(sample("woocommerce", "product_trashed"), lambda _: {"id": each})

    variable = {"type": "variable", "variations": [SMALL, LARGE], "name": "Renamed"}
    return Life(
        told=(
            told(0, name="Born"),
            told(1, name="Renamed"),
            told(2, **variable),
            of_variation(2, LARGE, "product.created"),
            of_variation(3, SMALL, "product.updated", stock_quantity=STOCK),
            told(4, **variable, status="draft"),
            told(5, **variable),
        ),
        death=(trashed(number), trashed(SMALL), trashed(LARGE)),
        end=ended(str(number), str(SMALL), str(LARGE)),
        names=frozenset(map(str, (number, SMALL, LARGE))),
    )


def lightspeed() -> Life:
    number = "163090479"

    def of_product(case: str) -> Delivery:
        return sample("lightspeed", case).delivery

    def of_variant(case: str, each: int) -> Delivery:
        def change(body: Any) -> object:
            body["variant"] |= {"id": each, "product": {"resource": {"id": int(number)}}}
            return body

        return retold(sample("lightspeed", case), change, x_variants_id=str(each))

    return Life(
        told=(
            of_product("product_created"),
            of_variant("variant_created", SMALL),
            of_product("product_updated"),
            of_variant("variant_created", LARGE),
            of_variant("variant_updated", SMALL),
            of_product("product_hidden"),
        ),
        death=(of_product("product_deleted"),),
        end=ended(number, str(SMALL), str(LARGE)),
        names=frozenset({number}),
    )


def shopware() -> Life:
    parent, small, large = (f"{each:032x}" for each in (11, SMALL, LARGE))

    def written(case: str, each: str) -> Delivery:
        def change(body: Any) -> object:
            body["data"]["payload"] = [{**row, "primaryKey": each} for row in body["data"]["payload"]]
            return body

        return retold(sample("shopware", case), change)

    return Life(
        told=(
            written("product_created", parent),
            written("product_updated", parent),
            written("variant_created", small),
            written("variant_created", large),
            written("stock_by_hand", small),
            written("product_deactivated", parent),
            written("product_activated", parent),
        ),
        death=(
            written("product_deleted", parent),
            written("variant_deleted", small),
            written("variant_deleted", large),
        ),
        end=ended(parent, small, large),
        names=frozenset({parent, small, large}),
    )


def bigcommerce() -> Life:
    number = 206

    def told(case: str) -> Delivery:
        def change(body: Any) -> object:
            if body["data"]["type"] == "product":
                body["data"]["id"] = number
            return body

        return retold(sample("bigcommerce", case), change)

    return Life(
        told=(
            told("product_created"),
            told("product_updated"),
            told("variant_created"),
            told("variant_stock"),
            told("variant_stock_ordered"),
            told("product_updated_for_a_channel"),
        ),
        death=(told("product_deleted"),),
        end=ended(str(number), str(SMALL), str(LARGE)),
        names=frozenset({str(number)}),
    )


LIVES: Mapping[str, Callable[[], Life]] = {
    "shopify": shopify,
    "woocommerce": woocommerce,
    "lightspeed": lightspeed,
    "shopware": shopware,
    "bigcommerce": bigcommerce,
}
