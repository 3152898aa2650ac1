"""Every setting, changed on a running Application: exactly the promised writes follow, at once or with what the shop says next.

One Application with a small catalogue is installed once, and every row goes back to it.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from app.domain.changes import Change, Outcome, Refused, UpdateProduct
from app.domain.ids import LocationId
from app.domain.product import UNTOLD, Measures, Snapshot, SourceVariant, StockLevel
from app.domain.settings import ApplicationSettings
from app.domain.structs import replace
from app.flows.operate import Revision, change
from tests.fakes.shop import EPOCH, HOME, product, variant
from tests.fakes.stage import Stage

AWAY = LocationId("away")


def stocked(sku: str, *, home: int = 5, away: int = 2, price: str = "10.00") -> SourceVariant:
    levels = tuple(StockLevel(location_id=at, quantity=n, version=EPOCH) for at, n in ((AWAY, away), (HOME, home)))
    return replace(variant(sku, price=price), quantity=home + away, levels=levels, options=(sku,))


A, B = stocked("A"), stocked("B", home=1, away=0)
IMAGE = "https://cdn.example/1.jpg?v=1"


def first(*variants: SourceVariant, at: int = 0, **changes: Any) -> Snapshot:
    """The product that is on Orderchamp, at the version ``at``."""
    made = product("1", *(variants or (A, B)), at=at, title="Mug", option_names=("Kleur",), images=(IMAGE,))
    return replace(made, **changes)


def hidden(source_id: str, *, at: int = 0) -> Snapshot:
    return product(source_id, at=at, published=False, status="draft")


CATALOGUE = (first(), hidden("2"), product("3"))
DEARER = (stocked("A", price="12.00"), B)
MORE = (A, B, stocked("C"))
HEAVY = Measures(weight_grams=Decimal(800))
NEW = product("9")


@dataclass(frozen=True, kw_only=True)
class Row:
    """``start`` holds before, and ``meanwhile`` is what the shop says under it.

    ``writes`` follow the choice, and ``then`` what the shop says ``later``.
    """

    setting: str
    start: Mapping[str, Any] = field(default_factory=dict)
    meanwhile: Sequence[Snapshot] = ()
    choose: Mapping[str, Any]
    writes: Sequence[str] = ()
    later: Sequence[Snapshot] = ()
    then: Sequence[str] = ()
    state: str = "active"


CONSUMER = {"price_kind": "consumer", "wholesale_percentage": 50}
PUBLISHED_9 = ("9 CreateProduct 9-A", "9 Publish")


def guarded(**chosen: float) -> Mapping[str, Any]:
    return {"guard": {"share": 0.4, "number": 1, "window_minutes": 60, **chosen}}


def hidden_first(at: int) -> Snapshot:
    return first(at=at, published=False, status="draft")


def switch(name: str, changed: Snapshot, *writes: str) -> tuple[Row, Row]:
    """What is switched on is sent at once if it changed meanwhile; what is switched off is not sent, and stays."""
    on, off = ({"fields": {name: each}} for each in (True, False))
    return (
        Row(setting=f"fields.{name}", start=off, meanwhile=[changed], choose=on, writes=writes),
        Row(setting=f"fields.{name}", choose=off, later=[changed]),
    )


TABLE: Sequence[Row] = (
    Row(
        setting="mode",
        choose={"mode": "stock"},
        later=[first(stocked("A", home=1), B, at=1, title="New", published=False), hidden("3", at=1), NEW],
        then=["1 SetStock A=3"],
    ),
    Row(
        setting="mode",
        choose={"mode": "follow"},
        later=[first(*MORE, at=1, title="New"), hidden("3", at=1), NEW],
        then=["1 CreateVariant C", "1 UpdateProduct title='New'", "1 RefreshListing", "3 Unpublish"],
    ),
    Row(
        setting="mode",
        start={"mode": "stock"},
        meanwhile=[first(*DEARER, at=1, title="New"), hidden("3", at=1), NEW],
        choose={"mode": "everything"},
        writes=["1 UpdateProduct title='New'", "1 UpdateVariant A price=12.00", "3 Unpublish", *PUBLISHED_9],
    ),
    *switch("title", first(at=1, title="New"), "1 UpdateProduct title='New'"),
    *switch("description", first(at=1, description="<p>New</p>"), "1 UpdateProduct description='<p>New</p>'"),
    *switch("price", first(*DEARER, at=1), "1 UpdateVariant A price=12.00"),
    *switch("images", first(at=1, images=(IMAGE, "https://cdn.example/2.jpg")), "1 UpdateProduct images=2"),
    *switch(
        "specifications",
        first(replace(A, barcode="871", measures=HEAVY), replace(B, measures=HEAVY), at=1),
        "1 UpdateProduct weight_grams=800",
        "1 UpdateVariant A barcode='871'",
    ),
    Row(
        setting="price_kind",
        start=CONSUMER,
        choose={"price_kind": "wholesale"},
        writes=["1 UpdateVariant A price=10.00", "1 UpdateVariant B price=10.00", "3 UpdateVariant 3-A price=10.00"],
    ),
    Row(
        setting="wholesale_percentage",
        start=CONSUMER,
        choose={"wholesale_percentage": 40},
        writes=["1 UpdateVariant A price=4.00", "1 UpdateVariant B price=4.00", "3 UpdateVariant 3-A price=4.00"],
    ),
    Row(
        setting="retail_multiplier",
        choose={"retail_multiplier": "2.5"},
        writes=["1 UpdateVariant A msrp=25.00", "1 UpdateVariant B msrp=25.00", "3 UpdateVariant 3-A msrp=25.00"],
    ),
    Row(
        setting="vat_percentage",
        start={"retail_multiplier": 2},
        choose={"vat_percentage": 21},
        writes=["1 UpdateVariant A msrp=24.20", "1 UpdateVariant B msrp=24.20", "3 UpdateVariant 3-A msrp=24.20"],
    ),
    Row(
        setting="price_step",
        start={"retail_multiplier": "2.49"},
        choose={"price_step": "0.25"},
        writes=["1 UpdateVariant A msrp=25.00", "1 UpdateVariant B msrp=25.00", "3 UpdateVariant 3-A msrp=25.00"],
    ),
    Row(
        setting="currency",
        choose={"currency": "DKK"},
        later=[first(stocked("A", price="12.00", home=1), *MORE[1:], at=1), NEW],
        then=["1 SetStock A=3", "9 CreateProduct 9-A"],
    ),
    Row(
        setting="currency",
        start={"currency": "DKK"},
        meanwhile=[first(*DEARER, at=1), NEW],
        choose={"currency": "EUR"},
        writes=["1 UpdateVariant A price=12.00", "9 Publish"],
    ),
    Row(setting="publish_new", choose={"publish_new": False}, later=[NEW], then=["9 CreateProduct 9-A"]),
    Row(
        setting="publish_new",
        start={"publish_new": False},
        meanwhile=[NEW],
        choose={"publish_new": True},
        writes=["9 Publish"],
    ),
    Row(setting="inactive_products", choose={"inactive_products": "draft"}, writes=["2 CreateProduct 2-A"]),
    Row(
        setting="listing_refresh",
        start={"listing_refresh": "never"},
        meanwhile=[first(*MORE, at=1)],
        choose={"listing_refresh": "unless_shown"},
        writes=["1 RefreshListing"],
    ),
    Row(setting="removed_variants", choose={"removed_variants": "leave"}, later=[first(A, at=1)]),
    Row(
        setting="removed_variants",
        start={"removed_variants": "leave"},
        meanwhile=[first(A, at=1)],
        choose={"removed_variants": "sell_out"},
        writes=["1 SetStock B=0"],
    ),
    Row(
        setting="option_names",
        choose={"option_names": {"kleur": "Glaze"}},
        writes=["1 UpdateProduct option_names=('Glaze',)"],
    ),
    Row(
        setting="category",
        choose={"category": "KITCHEN_MUGS"},
        later=[NEW],
        then=["9 CreateProduct 9-A category='KITCHEN_MUGS'", "9 Publish"],
    ),
    Row(
        setting="locations",
        choose={"locations": ["home"]},
        writes=["1 SetStock A=5"],
    ),
    Row(
        setting="safety_stock",
        choose={"safety_stock": 3},
        writes=["1 SetStock A=4", "1 SetStock B=0", "3 SetStock 3-A=2"],
    ),
    *(
        Row(
            setting=f"guard.{name}",
            start=guarded(**{name: before}),
            meanwhile=[hidden("3", at=1)],
            choose=guarded(**{name: after}),
            later=[hidden_first(2)],
            then=["1 Unpublish"] if let else [],
        )
        for name, before, after, let in (
            ("share", 0.4, 1, True),
            ("share", 1, 0.4, False),
            ("number", 1, 2, True),
            ("number", 2, 1, False),
            ("window_minutes", 60, 1, True),
            ("window_minutes", 1, 60, False),
        )
    ),
    Row(
        setting="failure_limit",
        choose={"failure_limit": 1},
        later=[product("3", at=1, title="refused")],
        state="paused",
    ),
)


def names(model: type[BaseModel], before: str = "") -> set[str]:
    found: set[str] = set()
    for name, each in model.model_fields.items():
        inner = each.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= names(inner, f"{name}.")
        else:
            found.add(before + name)
    return found


def test_the_table_has_every_setting() -> None:
    assert {row.setting for row in TABLE} == names(ApplicationSettings)


def told(made: Change, skus: Mapping[str, str]) -> str:
    """A change in short, its variants by their SKUs."""
    fields = {name: getattr(made, name) for name in made.__struct_fields__ if not name.endswith("_id")}
    shown = [
        *(each.sku for each in fields.pop("variants", ())),
        *([fields.pop("variant").sku] if "variant" in fields else []),
    ]
    if "target_variant_id" in made.__struct_fields__:
        shown.append(skus[made.target_variant_id])  # type: ignore[union-attr]
    quantity = fields.pop("quantity", None)
    if shown and quantity is not None:
        shown[-1] += f"={quantity}"
    if shown and "title" in fields:
        fields = {"category": fields["category"]}
    fields |= fields.pop("measures", UNTOLD).told()
    if fields.get("images") is not None:
        fields["images"] = len(fields["images"])
    given = [f"{name}={each if name in PLAIN else repr(each)}" for name, each in fields.items() if each is not None]
    return " ".join([made.source_id, type(made).__name__, *shown, *given])


PLAIN = frozenset({"price", "msrp", "images", "weight_grams"})


def refuse(made: Change) -> Outcome | None:
    return Refused(("it is refused",)) if isinstance(made, UpdateProduct) and made.title == "refused" else None


async def test_a_setting_is_changed_on_a_running_application_and_exactly_the_promised_is_written(stage: Stage) -> None:
    stage.shop.put(*CATALOGUE)
    stage.orderchamp.verdict = refuse
    application = await stage.install()
    await stage.settle()
    assert {each.title for each in stage.orderchamp.products.values()} == {"Mug", "Product 3"}
    await stage.remember()
    shown = copy.deepcopy(stage.orderchamp.products)
    settings = application.settings.model_dump(mode="json")

    async def choose(given: Mapping[str, Any]) -> list[str]:
        nonlocal settings
        merged = {**settings, **given, "fields": {**settings["fields"], **given.get("fields", {})}}
        chosen = ApplicationSettings.model_validate(merged)
        settings = chosen.model_dump(mode="json")
        await change(stage.services, application.id, Revision(settings=chosen))
        return await written()

    async def hear(said: Sequence[Snapshot]) -> list[str]:
        stage.shop.put(*said)
        await stage.hear(application, *said)
        return await written()

    async def written() -> list[str]:
        before = len(stage.orderchamp.applied)
        await stage.settle()
        skus: dict[str, str] = {
            id_: v.sku for each in stage.orderchamp.products.values() for id_, v in each.variants.items()
        }
        return sorted(told(each, skus) for each in stage.orderchamp.applied[before:])

    for n, row in enumerate(TABLE):
        await stage.go_back()
        stage.orderchamp.products = copy.deepcopy(shown)
        stage.shop.products.clear()
        stage.shop.put(*CATALOGUE)
        settings = application.settings.model_dump(mode="json")
        about = f"row {n}, {row.setting}: {dict(row.start)} to {dict(row.choose)}"
        if row.start:
            await choose(row.start)
        await hear(row.meanwhile)
        await stage.execute("UPDATE target SET hidden_at = hidden_at - interval '10 minutes'")
        assert await choose(row.choose) == sorted(row.writes), f"{about}, at once"
        assert await hear(row.later) == sorted(row.then), f"{about}, with what the shop says later"
        assert (await stage.application(application.id)).state == row.state, about


@pytest.mark.parametrize("stored", ['{"price_kind":"wholesale"}', '{"price_kind":"consumer","fields":{"title":false}}'])
def test_settings_that_were_stored_before_a_choice_existed_have_its_default(stored: str) -> None:
    settings = ApplicationSettings.model_validate_json(stored)
    assert (settings.mode, settings.currency, settings.safety_stock, settings.option_names) == (
        "everything",
        "EUR",
        0,
        {},
    )
