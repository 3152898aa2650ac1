"""A preview tells what an import would do, exactly, and does nothing of it."""

import dataclasses
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlmodel import SQLModel

from app.domain.application import Application, Storefront
from app.domain.changes import Change, CreateVariant, SetStock, Unpublish, UpdateVariant
from app.domain.errors import PlatformUnavailable
from app.domain.ids import SourceId, StorefrontId
from app.domain.plan import makes_way
from app.domain.previewing import ItemKind, Preview, PreviewItem
from app.domain.product import UNTOLD, Measures, Snapshot
from app.domain.settings import ApplicationSettings
from app.domain.structs import replace
from app.flows.housekeeping import Periods, keep_house
from app.flows.operate import Revision, cancel_import, change, pause, resume, start_import, uninstall
from app.flows.preview import cancel_preview, start_preview
from app.flows.run_lane import claim_lane, run_lane
from app.flows.sweep import start_sweep
from tests.fakes.killing import Killer, run_until_killed
from tests.fakes.killing_shop import killing
from tests.fakes.shop import EPOCH, product, variant
from tests.fakes.stage import Stage

NAMES: Mapping[str, str] = {
    "CreateProduct": "create_product",
    "CreateVariant": "create_variant",
    "UpdateProduct": "update_product",
    "UpdateVariant": "update_variant",
    "SetStock": "set_stock",
    "Publish": "publish",
    "Unpublish": "unpublish",
    "RefreshListing": "refresh_listing",
}
"""What changes are called in previews."""

Sent = tuple[str, str, str | None, str]
"""An operation, a source product, perhaps a source variant, and the fields that are sent, as JSON."""

HIDDEN: Mapping[str, Any] = {"published": False, "status": "draft"}


async def preview_of(stage: Stage, application: Application, preview_id: UUID) -> Preview:
    async with stage.store.reading() as tx:
        found = await tx.previews.one(application.id, preview_id)
    assert found is not None
    return found


async def items_of(stage: Stage, preview: Preview, kind: ItemKind | None = None) -> list[PreviewItem]:
    async with stage.store.reading() as tx:
        found = await tx.previews.items(preview.id, kind=kind, source_id=None, after=None, limit=10_000)
    return [each for _, each in found]


async def everything(stage: Stage) -> Mapping[str, Any]:
    """Every row of every table but the lanes', and those of previews."""
    rows = {}
    for table in SQLModel.metadata.tables:
        if table != "lane" and not table.startswith("preview"):
            rows[table] = await stage.execute(
                f"SELECT coalesce(string_agg(x::text, chr(10) ORDER BY x::text), '') FROM {table} x"  # noqa: S608
            )
    return rows


async def previewed(
    stage: Stage, application: Application, source_id: str | None = None
) -> tuple[Preview, list[PreviewItem]]:
    """Preview to the end, while nothing is sent and nothing else changes."""
    before, sent, shown = await everything(stage), list(stage.orderchamp.applied), stage.orderchamp.summary()
    product_id = None if source_id is None else SourceId(source_id)
    begun = await start_preview(stage.services, application.id, product_id)
    calls = len(stage.orderchamp.calls)
    await stage.settle()
    done = await preview_of(stage, application, begun.id)
    assert (done.state, done.progress) == ("done", 1.0), done.reason
    assert "apply" not in stage.orderchamp.calls[calls:]
    assert (stage.orderchamp.applied, stage.orderchamp.summary()) == (sent, shown)
    after = await everything(stage)
    for table, rows in before.items():
        assert after[table] == rows, f"{table} changed"
    for table in ("preview_product", "preview_variant", "preview_binding", "preview_target"):
        assert await stage.count(table) == 0, f"{table} keeps what nobody needs any more"
    return done, await items_of(stage, done)


def foreseen(items: Sequence[PreviewItem]) -> Counter[Sent]:
    """What a preview says is sent, but for SKUs on their way: who makes way for whom depends on who is met first."""
    return Counter(
        (each.operation, each.source_id, each.source_variant_id, as_json({n: f.after for n, f in each.fields.items()}))
        for each in items
        if each.operation is not None and not str(getattr(each.fields.get("sku"), "after", "")).startswith("moving-")
    )


async def came(stage: Stage, changes: Sequence[Change]) -> Counter[Sent]:
    """What was sent, in the words of a preview, and without what ``foreseen`` leaves out."""
    bound = {}
    async with stage.store.pool.connection() as connection:
        for row in await connection.execute("SELECT source_id, source_variant_id, target_variant_id FROM binding"):
            bound[row.source_id, row.target_variant_id] = row.source_variant_id
    return Counter(_sent(each, bound) for each in changes if not (isinstance(each, UpdateVariant) and makes_way(each)))


def _sent(each: Change, bound: Mapping[tuple[str, str], str]) -> Sent:
    variant_id: str | None = None
    match each:
        case CreateVariant():
            variant_id = each.variant.source_id
            fields = msgspec.structs.asdict(each.variant)
        case SetStock():
            fields = {"stock": each.quantity}
        case Unpublish():
            fields = {"published": False}
        case _:
            fields = msgspec.structs.asdict(each)
    if isinstance(each, UpdateVariant | SetStock):
        variant_id = bound.get((each.source_id, each.target_variant_id))
    for name in ("source_id", "target_id", "target_variant_id"):
        fields.pop(name, None)
    fields |= fields.pop("measures", UNTOLD).told()
    return NAMES[type(each).__name__], each.source_id, variant_id, as_json(fields)


def as_json(fields: Mapping[str, Any]) -> str:
    return msgspec.json.encode({n: v for n, v in fields.items() if v is not None}, order="sorted").decode()


async def imported(stage: Stage, application: Application) -> Counter[Sent]:
    """Import, and return what that sent."""
    before = len(stage.orderchamp.applied)
    await start_import(stage.services, application.id)
    await stage.settle()
    return await came(stage, stage.orderchamp.applied[before:])


async def compare(stage: Stage, application: Application) -> list[PreviewItem]:
    """Preview, import, and see that it comes as foreseen."""
    _, items = await previewed(stage, application)
    expected = foreseen(items)
    sent = await imported(stage, application)
    assert sent == expected, f"not foreseen: {sent - expected}\nnot sent: {expected - sent}"
    return items


async def install_without_import(stage: Stage, **changes: Any) -> Application:
    """Install, and have nobody read the catalogue yet."""
    application = await stage.install(**changes)
    async with stage.store.reading() as tx:
        running = await tx.imports.running(application.id)
    assert running is not None
    await cancel_import(stage.services, application.id, running.id)
    await stage.settle()
    assert stage.shop.pages == 0
    return application


def told(items: Sequence[PreviewItem], kind: ItemKind) -> list[tuple[str, str]]:
    return [(each.source_id, each.sentence) for each in items if each.kind == kind]


async def test_before_the_first_import_it_tells_all_that_an_import_would_do(stage: Stage) -> None:
    stage.orderchamp.add("There", {"1-A": 1}, published_on="front-1")
    stage.orderchamp.add("Both", {"2-A": 5, "3-A": 5})
    stage.orderchamp.add("First half", {"4-A": 5})
    stage.orderchamp.add("Second half", {"4-B": 5})
    stage.orderchamp.add("Twice", {"10-A": 1})
    stage.orderchamp.add("Twice, too", {"10-A": 1})
    stage.shop.put(
        *(product("1"), product("2"), product("3", **HIDDEN)),
        product("4", variant("4-A"), variant("4-B"), variant("4-C")),
        product("5", variant("5-A"), variant(None, variant_id="5-none")),
        product("6", variant(None, variant_id="6-none")),
        product("7", **HIDDEN),
        product("8", variant("same")),
        product("9", variant("SAME")),
        product("10", variant("10-A")),
        product("11", variant("11-A", price="0")),
    )
    application = await install_without_import(stage)
    items = await compare(stage, application)
    assert sorted(each.sku or "" for each in items if each.kind == "matched") == ["1-A", "2-A", "4-A", "4-B"]
    assert {each.source_id for each in items if each.kind == "conflict"} == {"8", "9", "10"}
    assert told(items, "skipped") == [
        ("11", "It has no price above zero in the shop; Orderchamp needs one."),
        ("3", "Not on Orderchamp, because it is draft in the shop."),
        ("5", "It has no SKU in the shop; give it one to have it synchronised."),
        ("6", "It has no SKU in the shop; give it one to have it synchronised."),
        ("7", "Not on Orderchamp, because it is draft in the shop."),
    ]
    changed = next(each for each in items if (each.source_id, each.operation) == ("1", "update_product"))
    assert changed.sentence == "Change the product: title from “There” to “Product 1”."
    assert changed.target_id == stage.orderchamp.by_sku("1-A").id
    created = next(each for each in items if (each.source_id, each.operation) == ("5", "create_product"))
    assert (created.target_id, created.fields["variants"].after[0]["sku"]) == (None, "5-A")


async def test_after_an_import_it_tells_what_changed_since(stage: Stage) -> None:
    stage.orderchamp.add("Shared", {"share-1": 5, "share-2": 5})
    names = "kept renamed hidden deleted back more less sku stock by-hand gone-there successor new-sku other-sku"
    stage.shop.put(*(product(each) for each in names.split()))
    stage.shop.put(
        *(product("swap-1", variant("S1")), product("swap-2", variant("S2"))),
        *(product("share-1", variant("share-1")), product("share-2", variant("share-2"))),
        *(product("c-1", variant("C", variant_id="c1")), product("c-2", variant("C", variant_id="c2"))),
        product("less", variant("less-A"), variant("less-B")),
        product("back", **HIDDEN),
    )
    application = await stage.install()
    await stage.settle()
    stage.orderchamp.by_sku("by-hand-A").published = False
    del stage.orderchamp.products[stage.orderchamp.by_sku("gone-there-A").id]
    await start_sweep(stage.services, application.id)
    await stage.settle()
    for each in ("deleted", "share-1", "successor"):
        del stage.shop.products[SourceId(each)]
    stage.shop.put(
        product("renamed", at=1, title="Renamed"),
        product("hidden", at=1, **HIDDEN),
        product("back", at=1),
        product("more", variant("more-A"), variant("more-B"), at=1),
        product("less", variant("less-A"), at=1),
        product("sku", variant("sku-Z", variant_id="v-sku-A"), at=1),
        product("stock", replace(variant("stock-A"), levels=None, quantity=1), at=1),
        product("by-hand", at=1, title="Changed"),
        product("anew", variant("successor-A", variant_id="anew"), at=1),
        product("new-sku", variant("other-sku-A", variant_id="v-new-sku-A"), at=1),
        product("swap-1", variant("S2", variant_id="v-S1"), at=1),
        product("swap-2", variant("S1", variant_id="v-S2"), at=1),
        product("c-2", variant("C-2", variant_id="c2"), at=1),
        product("brand-new"),
    )
    items = await compare(stage, application)
    by_product = {each.source_id for each in items}
    assert "kept" not in by_product
    assert told(items, "held") == [("by-hand", "Not published, because somebody unpublished it on Orderchamp.")]
    assert {each.source_id for each in items if each.kind == "conflict"} == {"new-sku", "other-sku"}
    assert {"c-1", "share-2"} <= by_product, "what another product gave up is taken, and a target gets another owner"
    assert {each.source_id for each in items if each.operation == "unpublish"} == {"hidden", "deleted"}


@dataclass(frozen=True)
class Case:
    """An Application with settings of its own, and what happens in the shop after its import."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    first: Sequence[Snapshot] = ()
    then: Sequence[Snapshot] = ()
    there: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[ItemKind, int] = field(default_factory=dict)


FIVE = tuple(str(n) for n in range(1, 6))
CASES: Mapping[str, Case] = {
    "the guard holds what is not approved": Case(
        settings={"guard": {"number": 2, "share": 0.4}},
        first=[product(each) for each in FIVE],
        then=[product(each, variant(f"{each}-A", stock=1), at=1, **HIDDEN) for each in FIVE[:3]],
        told={"held": 3},
    ),
    "the guard lets few go": Case(
        settings={"guard": {"number": 2, "share": 0.4}},
        first=[product(each) for each in FIVE],
        then=[product(each, at=1, **HIDDEN) for each in FIVE[:2]],
        told={"unpublish": 2},
    ),
    "prices that nobody knows make drafts": Case(
        settings={"price_kind": "consumer"}, then=[product("1")], told={"create": 1, "draft": 1}
    ),
    "inactive products as drafts": Case(
        settings={"inactive_products": "draft"}, then=[product("1", **HIDDEN)], told={"create": 1}
    ),
    "what weighs and measures": Case(
        there={"1-A": 1},
        first=[product("0")],
        then=[
            product(
                "1", replace(variant("1-A"), barcode="8712345678906", measures=Measures(weight_grams=Decimal(250)))
            ),
            product("2", replace(variant("2-A"), measures=Measures(height_cm=Decimal("1.5")))),
        ],
        told={"matched": 1, "create": 1},
    ),
    "stock alone": Case(
        settings={"mode": "stock"},
        there={"1-A": 1},
        then=[product("1"), product("2")],
        told={"update": 1, "skipped": 1},
    ),
    "what is there already": Case(
        settings={"mode": "follow"},
        there={"1-A": 5},
        then=[product("1"), product("2")],
        told={"matched": 1, "skipped": 1},
    ),
    "fields that are switched off": Case(
        settings={"fields": {"title": False, "price": False}},
        there={"1-A": 1},
        then=[product("1", variant("1-A", price="99.00"))],
        told={"matched": 1, "publish": 1},
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_every_setting_counts(stage: Stage, case: str) -> None:
    chosen = CASES[case]
    stage.shop.put(*chosen.first)
    application = await stage.install(
        settings=ApplicationSettings.model_validate({"price_kind": "wholesale", **chosen.settings})
    )
    await stage.settle()
    if chosen.there:
        stage.orderchamp.add("There", chosen.there)
    stage.shop.put(*chosen.then)
    items = await compare(stage, application)
    counted = Counter(each.kind for each in items)
    assert {kind: counted[kind] for kind in chosen.told} == chosen.told


async def test_where_nobody_said_on_which_storefront_that_is_told(stage: Stage) -> None:
    stage.orderchamp.storefronts = tuple(
        Storefront(id=StorefrontId(each), name=each, live=True) for each in ("one", "two")
    )
    stage.shop.put(product("1"))
    application = await install_without_import(stage, storefront_id=None)
    items = await compare(stage, application)
    assert [each.kind for each in items] == ["create", "problem"]
    assert "It is not said on which storefront to publish it" in items[1].sentence


@pytest.mark.parametrize("seed", [6, 16])
async def test_whatever_happens_in_a_shop_comes_as_foreseen(stage: Stage, seed: int) -> None:
    """A shop lives on without a notice; a preview before each import tells what that will send."""
    chance = Random(seed)
    stage.shop.page_size = 7
    stage.orderchamp.add("There", {"0-A": 1, "1-A": 1})
    stage.orderchamp.add("There, too", {"2-A": 1}, published_on="front-1")
    application = await install_without_import(stage)
    for round_ in range(5):
        for _ in range(12):
            happen(stage, chance, at=round_ + 1)
        await compare(stage, application)


def happen(stage: Stage, chance: Random, *, at: int) -> None:
    """One change in the shop. SKUs are few, so that they are shared, given up and swapped."""
    source_id = SourceId(str(chance.randrange(12)))
    known = stage.shop.products.get(source_id)
    what = chance.choice(["put", "put", "delete", "hide", "sku", "stock", "more", "less", "title"])
    if known is None or what == "put":
        stage.shop.put(product(source_id, at=at, title=f"Title {chance.randrange(3)}"))
        return
    chosen = chance.choice(known.variants)
    version = EPOCH + timedelta(seconds=at)
    others = tuple(each for each in known.variants if each is not chosen)
    sku = f"{chance.randrange(12)}-{chance.choice('AB')}"
    match what:
        case "delete":
            del stage.shop.products[source_id]
            return
        case "hide":
            changed = replace(known, published=not known.published, status="draft" if known.published else "active")
        case "sku":
            changed = replace(known, variants=(*others, replace(chosen, sku=variant(sku).sku)))
        case "stock":
            changed = replace(known, variants=(*others, replace(chosen, levels=None, quantity=chance.randrange(9))))
        case "more":
            name = f"{source_id}-{chance.randrange(10**9)}"
            changed = replace(known, variants=(*known.variants, variant(sku, variant_id=name)))
        case "less" if others:
            changed = replace(known, variants=others)
        case _:
            changed = replace(known, title=f"Title {chance.randrange(3)}")
    stage.shop.put(replace(changed, version=version))


async def test_what_one_batch_would_do_is_known_to_the_next(stage: Stage) -> None:
    """Products of different batches share a target, and pass an SKU on."""
    stage.shop.page_size = 100
    names = [f"{n:03}" for n in range(130)]
    stage.orderchamp.add("Shared", {"000-A": 1, "129-A": 1})
    stage.shop.put(*(product(each) for each in names))
    application = await install_without_import(stage)
    await compare(stage, application)
    stage.shop.put(*(product(each, at=1, title="Changed") for each in names))
    stage.shop.put(
        product("001", variant("001-Z", variant_id="v-001-A"), at=1),
        product("128", variant("128-A"), variant("001-A", variant_id="passed on"), at=1),
    )
    del stage.shop.products[SourceId("000")]
    done, items = await previewed(stage, application)
    assert done.counters["planned"] == done.counters["wanted"] >= 130
    assert foreseen(items) == await imported(stage, application)


async def test_one_product_is_looked_at_anew_on_both_sides(stage: Stage) -> None:
    images = ("https://cdn.example/1.jpg",)
    stage.shop.put(product("1", images=images), product("2"))
    application = await stage.install()
    await stage.settle()
    stage.shop.put(
        product("1", variant("1-A", price="12.50"), at=1, images=images), product("2", at=1, title="Not asked for")
    )
    stage.orderchamp.by_sku("1-A").title = "By hand"
    earlier = '["https://cdn.example/0.jpg"]'
    await stage.execute(
        "UPDATE target SET sent_images = :earlier, arrived_images = :earlier, failed_images = sent_images "
        "WHERE sent_images <> '[]'",
        earlier=earlier,
    )
    done, items = await previewed(stage, application, "1")
    assert [each.sentence for each in items] == [
        "Change the product: title from “By hand” to “Product 1”; images.",
        "Change 1-A: price from 10.00 to 12.50.",
    ]
    assert done.reason == "2 to update."
    assert stage.shop.reads == ["1"]
    _, items = await previewed(stage, application, "nobody")
    assert [(each.kind, each.operation) for each in items] == [("skipped", None)]


async def test_a_product_that_was_never_imported_can_be_previewed(stage: Stage) -> None:
    stage.shop.put(product("1"), product("2"))
    application = await install_without_import(stage)
    _, items = await previewed(stage, application, "2")
    assert [each.operation for each in items] == ["create_product", "publish"]


async def test_two_previews_do_not_meet_and_the_same_one_is_not_begun_twice(stage: Stage) -> None:
    stage.shop.put(product("1"), product("2"))
    application = await install_without_import(stage)
    whole = await start_preview(stage.services, application.id, None)
    single = await start_preview(stage.services, application.id, SourceId("1"))
    assert (await start_preview(stage.services, application.id, None)).id == whole.id
    assert (await start_preview(stage.services, application.id, SourceId("1"))).id == single.id != whole.id
    await stage.settle()
    of_whole, of_single = [await items_of(stage, each) for each in (whole, single)]
    assert Counter(each.source_id for each in of_whole) == {"1": 2, "2": 2}
    assert of_single == [each for each in of_whole if each.source_id == "1"]


async def test_a_worker_killed_at_any_await_finds_the_same_once(stage: Stage) -> None:
    stage.orderchamp.add("There", {"1-A": 1})
    stage.shop.put(product("1"), product("2", variant("2-A"), variant(None)), product("gone"))
    application = await stage.install()
    await stage.settle()
    stage.orderchamp.add("There, too", {"3-A": 1})
    stage.shop.put(product("2", variant("2-A"), variant(None), at=1, title="Renamed"), product("3"))
    del stage.shop.products[SourceId("gone")]
    before = await everything(stage)

    async def live(killer: Killer) -> list[PreviewItem]:
        """Preview with a worker that may be killed once."""
        begun = await start_preview(stage.services, application.id, None)
        if await run_until_killed(stage, killer, fake=killing(stage.shop.adapter(), killer)):
            await stage.hurry()
            await stage.settle()
        done = await preview_of(stage, application, begun.id)
        assert done.state == "done", done.reason
        assert sum(done.counters.get(each.kind, 0) for each in await items_of(stage, done)) > 0
        return await items_of(stage, done)

    counting = Killer()
    expected = await live(counting)
    assert {each.kind for each in expected} == {"matched", "update", "publish", "unpublish", "skipped"}
    for at in range(1, counting.awaits + 1):
        killer = Killer(at=at)
        assert await live(killer) == expected, f"killed at await {at}"
        assert killer.struck
    assert counting.awaits > 50
    assert await everything(stage) == before


async def test_a_shop_that_is_away_postpones_it_and_a_cancelled_one_keeps_what_it_found(stage: Stage) -> None:
    stage.shop.put(product("1"))
    application = await install_without_import(stage)
    stage.shop.down = True
    begun = await start_preview(stage.services, application.id, None)
    await stage.run_lanes()
    waiting = await preview_of(stage, application, begun.id)
    assert (waiting.state, waiting.attempts) == ("running", 1)
    assert waiting.reason == str(PlatformUnavailable("The shop is down."))
    cancelled = await cancel_preview(stage.services, application.id, begun.id)
    assert cancelled is not None
    assert (cancelled.state, cancelled.reason) == ("cancelled", "Cancelled by a person.")
    stage.shop.down = False
    await stage.settle()
    assert (await preview_of(stage, application, begun.id)).state == "cancelled"
    assert await stage.count("preview_item") == 0


Ending = Callable[[Stage, Application], Awaitable[object]]


async def settings_change(stage: Stage, application: Application) -> None:
    settings = ApplicationSettings(price_kind="wholesale", publish_new=False)
    await change(stage.services, application.id, Revision(settings=settings))


async def leaves(stage: Stage, application: Application) -> None:
    await uninstall(stage.services, application.id, unpublish=False)


@pytest.mark.parametrize("ending", [settings_change, leaves], ids=lambda each: each.__name__)
async def test_a_preview_of_yesterdays_application_is_cancelled(stage: Stage, ending: Ending) -> None:
    stage.shop.put(product("1"))
    application = await install_without_import(stage)
    begun = await start_preview(stage.services, application.id, None)
    await ending(stage, application)
    await stage.settle()
    assert (await preview_of(stage, application, begun.id)).state == "cancelled"


async def test_it_waits_while_the_application_is_paused_and_while_an_import_runs(stage: Stage) -> None:
    stage.shop.put(product("1"))
    application = await install_without_import(stage)
    await pause(stage.services, application.id)
    begun = await start_preview(stage.services, application.id, None)
    await stage.settle()
    assert (await preview_of(stage, application, begun.id)).phase == "reading"
    await resume(stage.services, application.id)
    await start_import(stage.services, application.id)
    await stage.settle()
    done = await preview_of(stage, application, begun.id)
    assert (done.state, done.reason) == ("done", "Nothing to change."), "the import came first"


async def test_it_expires_whether_or_not_it_came_to_an_end(stage: Stage) -> None:
    stage.shop.put(*(product(str(n)) for n in range(5)))
    application = await install_without_import(stage)
    await previewed(stage, application)
    begun = await start_preview(stage.services, application.id, None)
    held = await claim_lane(
        dataclasses.replace(stage.services, pace=dataclasses.replace(stage.services.pace, run=timedelta(0)))
    )
    assert held is not None
    await run_lane(stage.services, held)
    day = timedelta(days=1)
    periods = Periods(bodies=day, keys=day, timeline=day, finished=day)
    assert (await keep_house(stage.services, periods) or {})["previews"] == 0
    await stage.execute("UPDATE preview SET expires_at = now()")
    async with stage.store.reading() as tx:
        assert await tx.previews.one(application.id, begun.id) is None
        assert await tx.previews.list(application.id, before=None, limit=10) == ()
    await keep_house(stage.services, periods)
    for table in SQLModel.metadata.tables:
        if table.startswith("preview") or table == "sighting":
            assert await stage.count(table) == 0, table
