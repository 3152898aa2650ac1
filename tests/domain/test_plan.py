"""The next stage of a plan, as a table, and that stages come to an end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.changes import (
    Change,
    CreateProduct,
    CreateVariant,
    Publish,
    RefreshListing,
    SetStock,
    Unpublish,
    UpdateVariant,
    sent,
)
from app.domain.ids import Sku, SourceId, SourceVariantId, StorefrontId, TargetId, TargetVariantId
from app.domain.plan import Occupant, Situation, next_stage, worth_finding
from app.domain.product import UNTOLD, Measures
from app.domain.settings import ApplicationSettings
from app.domain.state import Binding, Observed, ObservedVariant, Target, desired_state
from app.domain.structs import replace
from tests.fakes.shop import EPOCH, product, variant

FRONT, LAST = StorefrontId("front"), StorefrontId("last")
TARGET = TargetId("t1")
PLAIN = ApplicationSettings(price_kind="wholesale")


def shown(sku: str, **changes: Any) -> ObservedVariant:
    made = ObservedVariant(id=TargetVariantId(f"t-{sku}"), sku=Sku(sku), price=Decimal("10.00"), stock=5, policy="DENY")
    return replace(made, **changes)


MEASURED = Measures(weight_grams=Decimal(800), length_cm=Decimal(20))


def target(
    *variants: ObservedVariant,
    published: bool = True,
    title: str = "Product 1",
    measures: Measures = UNTOLD,
    **changes: Any,
) -> Target:
    observed = Observed(
        id=TARGET,
        title=title,
        description="",
        measures=measures,
        published=published,
        variants={each.id: each for each in variants},
    )
    return replace(Target(id=TARGET, observed=observed, last_storefront_id=LAST), **changes)


OLD, NEW = ("old",), ("new",)


def pictured(images: tuple[str, ...], **changes: Any) -> Target:
    """A target that was sent these images last."""
    there = target(shown("A"), **changes)
    assert there.observed is not None
    return replace(there, observed=replace(there.observed, images=images))


def situation(
    *,
    shop: Mapping[str, Any] | None = None,
    variants: tuple[str, ...] = ("A",),
    there: Target | None = None,
    gone: bool = False,
    settings: Mapping[str, Any] | None = None,
    measured: bool = False,
    **changes: Any,
) -> Situation:
    """The product "1" with these variants, each of which is bound if it is ``there``. ``measured``: they are told."""
    chosen = ApplicationSettings.model_validate({"price_kind": "wholesale", **(settings or {})})
    told: dict[str, Any] = {"measures": MEASURED, "barcode": "871"} if measured else {}
    snapshot = product("1", *(replace(variant(sku), **told) for sku in variants), **(shop or {}))
    observed = there.observed if there is not None else None
    bound = {} if observed is None else {str(each.sku): each.id for each in observed.variants.values()}
    made = Situation(
        desired=desired_state(snapshot, chosen, now=EPOCH, gone=gone),
        settings=chosen,
        bindings={
            SourceVariantId(f"v-{sku}"): Binding(
                source_variant_id=SourceVariantId(f"v-{sku}"), target_id=TARGET, target_variant_id=target_variant_id
            )
            for sku, target_variant_id in bound.items()
        },
        targets={} if there is None else {TARGET: there},
        fallback_storefront_id=FRONT,
    )
    return replace(made, **changes)


HIDDEN = {"published": False, "status": "draft"}
OCCUPIED = {Sku("B"): Occupant(target_id=TargetId("t2"), target_variant_id=TargetVariantId("other"))}
STOCKED = SetStock(source_id=SourceId("1"), target_id=TARGET, target_variant_id=TargetVariantId("t-A"), quantity=5)

TABLE: Mapping[str, tuple[Situation, list[str]]] = {
    "all is as it should be": (situation(there=target(shown("A"))), []),
    "new": (situation(), ["CreateProduct"]),
    "new, but hidden": (situation(shop=HIDDEN), []),
    "new and hidden, and drafts are wanted": (
        situation(shop=HIDDEN, settings={"inactive_products": "draft"}),
        ["CreateProduct"],
    ),
    "new, but deleted": (situation(gone=True), []),
    "created, not published": (situation(there=target(shown("A"), published=False)), ["Publish"]),
    "a draft for a reason": (
        situation(there=target(shown("A"), published=False, last_storefront_id=None), settings={"publish_new": False}),
        [],
    ),
    "published before the reason": (
        situation(there=target(shown("A"), published=False), settings={"publish_new": False}),
        ["Publish"],
    ),
    "nobody knows where": (
        situation(there=target(shown("A"), published=False, last_storefront_id=None), fallback_storefront_id=None),
        [],
    ),
    "deleted": (situation(there=target(shown("A")), gone=True), ["Unpublish"]),
    "unpublished": (situation(there=target(shown("A")), shop=HIDDEN), ["Unpublish"]),
    "unpublished, and a variant more: hidden first": (
        situation(there=target(shown("A")), shop=HIDDEN, variants=("A", "B")),
        ["Unpublish"],
    ),
    "unpublished and sold: hidden first": (situation(there=target(shown("A", stock=9)), shop=HIDDEN), ["Unpublish"]),
    "hidden and sold: stock goes on": (
        situation(there=target(shown("A", stock=9), published=False), shop=HIDDEN),
        ["SetStock"],
    ),
    "deleted, but another one wants it published": (
        situation(there=target(shown("A"), published_by_others=True, shared_with_living=True), gone=True),
        ["SetStock"],
    ),
    "unpublished, but the guard holds it": (situation(there=target(shown("A")), shop=HIDDEN, may_hide=False), []),
    "unpublished by hand": (situation(there=target(shown("A"), published=False, held=True)), []),
    "nobody knows whether it was published": (
        situation(there=target(shown("A"), published=False, publication_unclear=True)),
        [],
    ),
    "sold": (situation(there=target(shown("A", stock=9))), ["SetStock"]),
    "sold out": (situation(there=target(shown("A")), shop={"variants": (variant("A", stock=0),)}), ["SetStock"]),
    "renamed": (situation(there=target(shown("A"), title="Old")), ["UpdateProduct"]),
    "renamed, and titles are switched off": (
        situation(there=target(shown("A"), title="Old"), settings={"fields": {"title": False}}),
        [],
    ),
    "renamed, but another one owns the target": (situation(there=target(shown("A"), title="Old", owner=False)), []),
    "dearer, and prices are switched off": (
        situation(there=target(shown("A", price=Decimal(1))), settings={"fields": {"price": False}}),
        [],
    ),
    "dearer and sold": (
        situation(there=target(shown("A", price=Decimal(1), stock=9))),
        ["UpdateVariant", "SetStock"],
    ),
    "a variant more: created before anything is written": (
        situation(there=target(shown("A", stock=9)), variants=("A", "B")),
        ["CreateVariant"],
    ),
    "a variant more, whose SKU is somebody else's": (
        situation(there=target(shown("A")), variants=("A", "B"), apart=frozenset({SourceVariantId("v-B")})),
        [],
    ),
    "a variant more, whose SKU is shown by one that gives it up": (
        situation(there=target(shown("A")), variants=("A", "B"), occupied=OCCUPIED),
        ["UpdateVariant"],
    ),
    "the same, and it is somebody else's here, too: nobody makes way": (
        situation(
            there=target(shown("A")),
            variants=("A", "B"),
            occupied=OCCUPIED,
            apart=frozenset({SourceVariantId("v-B")}),
        ),
        [],
    ),
    "a variant was added after the publication": (
        situation(there=target(shown("A"), refresh_listing=True)),
        ["RefreshListing"],
    ),
    "the same, and listings are left alone": (
        situation(there=target(shown("A"), refresh_listing=True), settings={"listing_refresh": "never"}),
        [],
    ),
    "a variant less: sold out, never deleted": (
        situation(there=target(shown("A"), shown("B", policy="CONTINUE")), variants=("A",)),
        ["UpdateVariant", "SetStock"],
    ),
    "the same, and removed variants are left": (
        situation(
            there=target(shown("A"), shown("B", policy="CONTINUE")),
            variants=("A",),
            settings={"removed_variants": "leave"},
        ),
        [],
    ),
    "hidden, and a variant more": (
        situation(there=target(shown("A"), published=False), shop=HIDDEN, variants=("A", "B")),
        ["CreateVariant"],
    ),
    "bound, and the shop took its SKU away: not sold out": (
        situation(
            there=target(shown("A"), shown("B")), shop={"variants": (variant("A"), variant(None, variant_id="v-B"))}
        ),
        [],
    ),
    "the shop took every SKU away": (
        situation(there=target(shown("A")), shop={"variants": (variant(None, variant_id="v-A"),)}),
        ["Unpublish"],
    ),
    "the same, and sold": (
        situation(
            there=target(shown("A"), shown("B", stock=9)),
            shop={"variants": (variant("A"), variant(None, variant_id="v-B"))},
        ),
        ["SetStock"],
    ),
    "following, and new": (situation(settings={"mode": "follow"}), []),
    "following, and a variant more": (
        situation(there=target(shown("A")), variants=("A", "B"), settings={"mode": "follow"}),
        ["CreateVariant"],
    ),
    "following, and created by hand as a draft": (
        situation(there=target(shown("A"), published=False, last_storefront_id=None), settings={"mode": "follow"}),
        ["Publish"],
    ),
    "following, and unpublished": (
        situation(there=target(shown("A")), shop=HIDDEN, settings={"mode": "follow"}),
        ["Unpublish"],
    ),
    "only stock, and new": (situation(settings={"mode": "stock"}), []),
    "only stock, and everything differs": (
        situation(
            there=target(shown("A", stock=9, price=Decimal(1), policy="CONTINUE"), title="Old", published=False),
            variants=("A", "B"),
            settings={"mode": "stock"},
        ),
        ["UpdateVariant", "SetStock"],
    ),
    "only stock, and hidden in the shop": (
        situation(there=target(shown("A", stock=9)), shop=HIDDEN, settings={"mode": "stock"}),
        ["SetStock"],
    ),
    "only stock, and unpublished beside one that is shown": (
        situation(
            there=target(shown("A"), published_by_others=True, shared_with_living=True),
            shop=HIDDEN,
            settings={"mode": "stock"},
        ),
        [],
    ),
    "only stock, and deleted": (
        situation(there=target(shown("A", stock=9)), gone=True, settings={"mode": "stock"}),
        ["SetStock"],
    ),
    "only stock, and the Application leaves": (
        situation(there=target(shown("A", stock=9)), shop=HIDDEN, settings={"mode": "stock"}, leaving=True),
        ["Unpublish"],
    ),
    "the Application leaves: nothing but hiding": (
        situation(there=target(shown("A", stock=9), published=False), variants=("A", "B"), shop=HIDDEN, leaving=True),
        [],
    ),
    "prices in another currency: a draft": (situation(shop_currency="DKK"), ["CreateProduct"]),
    "created with prices in another currency": (
        situation(there=target(shown("A"), published=False, last_storefront_id=None), shop_currency="DKK"),
        [],
    ),
    "prices in another currency, and published before": (
        situation(there=target(shown("A"), published=False), shop_currency="DKK"),
        ["Publish"],
    ),
    "dearer and sold, in another currency": (
        situation(there=target(shown("A", price=Decimal(1), stock=9)), shop_currency="DKK"),
        ["SetStock"],
    ),
    "a variant more, in another currency": (
        situation(there=target(shown("A")), variants=("A", "B"), shop_currency="DKK"),
        [],
    ),
    "prices in the account's currency": (situation(shop_currency="EUR"), ["CreateProduct"]),
    "published by hand before there was a reason for drafts": (
        situation(
            there=target(shown("A"), published=False, last_storefront_id=None, was_published=True),
            settings={"publish_new": False},
        ),
        ["Publish"],
    ),
    "unpublished beside one that is shown: sold out": (
        situation(there=target(shown("A"), published_by_others=True, shared_with_living=True), shop=HIDDEN),
        ["SetStock"],
    ),
    "unpublished beside one that is not shown either": (
        situation(there=target(shown("A"), published=False, shared_with_living=True), shop=HIDDEN),
        [],
    ),
    "what all variants weigh, and a barcode: each apart from surer fields": (
        situation(there=target(shown("A"), title="Old"), variants=("A",), measured=True),
        ["UpdateProduct", "UpdateProduct", "UpdateVariant"],
    ),
    "the same, and specifications are switched off": (
        situation(there=target(shown("A")), measured=True, settings={"fields": {"specifications": False}}),
        [],
    ),
    "the same, and it is known there": (
        situation(there=target(shown("A", barcode="871"), measures=MEASURED), measured=True),
        [],
    ),
    "deleted on Orderchamp by hand": (situation(may_create=False), []),
    "new images did not arrive: the earlier ones stand in for them": (
        situation(shop={"images": NEW}, there=pictured(NEW, arrived_images=OLD, failed_images=NEW)),
        ["UpdateProduct"],
    ),
    "the same, and they do": (
        situation(shop={"images": NEW}, there=pictured(OLD, arrived_images=OLD, failed_images=NEW)),
        [],
    ),
    "the same, and the shop has others by now": (
        situation(shop={"images": ("newer",)}, there=pictured(OLD, arrived_images=OLD, failed_images=NEW)),
        ["UpdateProduct"],
    ),
    "new images did not arrive, and images are switched off": (
        situation(
            shop={"images": NEW},
            there=pictured(NEW, arrived_images=OLD, failed_images=NEW),
            settings={"fields": {"images": False}},
        ),
        [],
    ),
    "what is not permitted is not planned again": (
        situation(there=target(shown("A"), published=False), not_permitted=frozenset({Publish})),
        [],
    ),
    "what was refused is not planned again, and the rest is": (
        situation(there=target(shown("A", stock=9, policy="CONTINUE")), off_limits=frozenset({STOCKED})),
        ["UpdateVariant"],
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_next_stage(case: str) -> None:
    given_situation, expected = TABLE[case]
    assert [type(each).__name__ for each in next_stage(given_situation)] == expected


@pytest.mark.parametrize("case", TABLE)
def test_nothing_is_created_that_was_not_looked_for(case: str) -> None:
    given_situation, expected = TABLE[case]
    if {"CreateProduct", "CreateVariant"} & {*expected}:
        assert worth_finding(given_situation)


def test_it_is_published_where_it_was_last_and_else_on_the_fallback() -> None:
    for last, expected in ((LAST, LAST), (None, FRONT)):
        (publish,) = next_stage(situation(there=target(shown("A"), published=False, last_storefront_id=last)))
        assert isinstance(publish, Publish)
        assert publish.storefront_id == expected


def test_a_variant_more_goes_where_most_of_its_product_is() -> None:
    here, there = TargetId("here"), TargetId("there")
    bound = {"A": here, "B": there, "C": there}
    made = situation(variants=("A", "B", "C", "D"))
    made = replace(
        made,
        bindings={
            SourceVariantId(f"v-{sku}"): Binding(
                source_variant_id=SourceVariantId(f"v-{sku}"),
                target_id=target_id,
                target_variant_id=TargetVariantId(f"t-{sku}"),
            )
            for sku, target_id in bound.items()
        },
        targets={each: Target(id=each, observed=None) for each in (here, there)},
    )
    (created,) = next_stage(made)
    assert isinstance(created, CreateVariant)
    assert created.target_id == there


@dataclass
class World:
    """Makes changes as Orderchamp does, and keeps what the flows keep of them."""

    situation: Situation
    made: list[Change] = field(default_factory=list)

    def come_to_rest(self) -> None:
        """Make the changes of one stage after the other, until none is left."""
        for _ in range(8):
            stage = next_stage(self.situation)
            if not stage:
                return
            for change in stage:
                self.make(change)
        pytest.fail(f"it never ends: {self.made}")

    def make(self, change: Change) -> None:
        self.made.append(change)
        match change:
            case CreateProduct():
                observed = Observed(id=TARGET, title=change.title, description=change.description, published=False)
                self._keep(replace(observed, images=change.images), last_storefront_id=None)
                for each in change.variants:
                    self._bind(each.source_id, each.sku)
            case CreateVariant():
                self._bind(change.variant.source_id, change.variant.sku)
                there = self.situation.targets[TARGET]
                assert there.observed is not None
                self._keep(there.observed, refresh_listing=there.observed.published)
            case _:
                there = self.situation.targets[change.target_id]
                assert there.observed is not None
                told = isinstance(change, Publish | RefreshListing | Unpublish)
                self._keep(sent(there.observed, [change]), **({"refresh_listing": False} if told else {}))

    def _bind(self, source_id: SourceVariantId, sku: Sku) -> None:
        created = ObservedVariant(id=TargetVariantId(f"t-{sku}"), sku=sku)
        there = self.situation.targets[TARGET]
        assert there.observed is not None
        self._keep(replace(there.observed, variants={**there.observed.variants, created.id: created}))
        binding = Binding(source_variant_id=source_id, target_id=TARGET, target_variant_id=created.id)
        self.situation = replace(self.situation, bindings={**self.situation.bindings, source_id: binding})

    def _keep(self, observed: Observed, **changes: Any) -> None:
        before = self.situation.targets.get(TARGET) or Target(id=TARGET, observed=None)
        now = replace(before, observed=observed, **changes)
        self.situation = replace(self.situation, targets={TARGET: now})


shop_skus = st.lists(st.sampled_from("ABC"), unique=True, min_size=1, max_size=3)
stocks = st.integers(0, 9)


@given(
    skus=shop_skus,
    there=st.none() | st.dictionaries(st.sampled_from("ABCD"), stocks, min_size=1),
    published=st.booleans(),
    wanted=st.booleans(),
    gone=st.booleans(),
    measured=st.booleans(),
    currency=st.sampled_from([None, "EUR", "DKK"]),
    others=st.booleans(),
    settings=st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["everything", "follow", "stock"]),
            "removed_variants": st.sampled_from(["sell_out", "leave"]),
            "inactive_products": st.sampled_from(["skip", "draft"]),
            "publish_new": st.booleans(),
            "fields": st.fixed_dictionaries(
                {each: st.booleans() for each in ("title", "description", "price", "images", "specifications")}
            ),
        }
    ),
)
def test_under_any_settings_stages_come_to_an_end_and_keep_to_the_mode(
    skus: list[str],
    there: dict[str, int] | None,
    published: bool,
    wanted: bool,
    gone: bool,
    measured: bool,
    currency: str | None,
    others: bool,
    settings: dict[str, Any],
) -> None:
    before = (
        None
        if there is None
        else target(*(shown(sku, stock=n) for sku, n in there.items()), published=published, published_by_others=others)
    )
    world = World(
        situation(
            shop=None if wanted else HIDDEN,
            variants=tuple(skus),
            there=before,
            gone=gone,
            measured=measured,
            settings=settings,
            shop_currency=currency,
        )
    )
    world.come_to_rest()
    kinds = {type(each) for each in world.made}
    if settings["mode"] == "stock":
        assert kinds <= {SetStock, UpdateVariant}
        assert {each.policy for each in world.made if isinstance(each, UpdateVariant)} <= {"DENY"}
    if settings["mode"] != "everything":
        assert CreateProduct not in kinds
    if currency == "DKK":
        prices = [each for each in world.made if isinstance(each, UpdateVariant) and (each.price or each.msrp)]
        assert not prices
        assert not (CreateProduct in kinds and Publish in kinds)


@given(
    skus=shop_skus,
    there=st.none() | st.dictionaries(st.sampled_from("ABCD"), stocks, min_size=1),
    published=st.booleans(),
    wanted=st.booleans(),
    gone=st.booleans(),
    refresh=st.booleans(),
)
def test_stages_come_to_an_end_and_then_orderchamp_shows_what_it_should(
    skus: list[str], there: dict[str, int] | None, published: bool, wanted: bool, gone: bool, refresh: bool
) -> None:
    before = (
        None
        if there is None
        else target(*(shown(sku, stock=n) for sku, n in there.items()), published=published, refresh_listing=refresh)
    )
    world = World(
        situation(shop=None if wanted else HIDDEN, variants=tuple(skus), there=before, gone=gone),
    )
    world.come_to_rest()
    shows = world.situation.targets.get(TARGET)
    publications = [each for each in world.made if isinstance(each, Publish)]
    assert len(publications) <= 1
    if shows is None:
        assert gone or not wanted
        return
    assert shows.observed is not None
    assert shows.observed.published == (wanted and not gone)
    if wanted and not gone:
        stock = {each.sku: each.stock for each in shows.observed.variants.values()}
        assert {sku: stock[Sku(sku)] for sku in skus} == dict.fromkeys(skus, 5)
        assert all(n == 0 for sku, n in stock.items() if sku not in skus), "what the shop has no more is still for sale"
    if publications:
        assert isinstance(world.made[-1], Publish), "it was shown before it was complete"
