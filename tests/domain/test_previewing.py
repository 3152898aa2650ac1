"""Previews in words and numbers: what each change is told as, and how far one is."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

import pytest

from app.domain.changes import (
    Change,
    CreateProduct,
    CreateVariant,
    Publish,
    RefreshListing,
    SetStock,
    Unpublish,
    UpdateProduct,
    UpdateVariant,
)
from app.domain.foreseeing import OPERATIONS, Before, item_of, made_up
from app.domain.ids import ApplicationId, Sku, SourceId, SourceVariantId, StorefrontId, TargetId, TargetVariantId
from app.domain.previewing import Preview, told
from app.domain.settings import ApplicationSettings
from app.domain.state import Observed, ObservedVariant, desired_state
from app.domain.structs import replace
from tests.fakes.shop import EPOCH, product, variant

SOURCE, TARGET, SHOWN, FRONT = SourceId("1"), TargetId("t1"), TargetVariantId("tv1"), StorefrontId("front-1")
DESIRED = desired_state(
    product("1", variant("A", price="12.50"), title="New"), ApplicationSettings(price_kind="wholesale"), now=EPOCH
)
OBSERVED = Observed(
    id=TARGET,
    title="Old",
    description="",
    published=True,
    variants={SHOWN: ObservedVariant(id=SHOWN, sku=Sku("a"), price=Decimal("10.00"), stock=3)},
)
BEFORE = Before(
    desired=DESIRED,
    observed=OBSERVED,
    bound={SHOWN: SourceVariantId("v-A")},
    storefronts={FRONT: "Main"},
)

CREATE = CreateProduct(
    source_id=SOURCE,
    title="New",
    description="",
    brand=None,
    option_names=(),
    images=(),
    variants=DESIRED.variants,
)
SENTENCES: Mapping[Change, str] = {
    CREATE: "Create the product as a draft, with the variant(s) A: none of them is on Orderchamp.",
    CreateVariant(source_id=SOURCE, target_id=TARGET, variant=DESIRED.variants[0]): (
        "Create the variant A: no variant on Orderchamp has this SKU."
    ),
    UpdateProduct(source_id=SOURCE, target_id=TARGET, title="New", images=("https://x/1.jpg",)): (
        "Change the product: title from “Old” to “New”; images."
    ),
    UpdateVariant(source_id=SOURCE, target_id=TARGET, target_variant_id=SHOWN, sku=Sku("A"), price=Decimal("12.50")): (
        "Change A: SKU from “a” to “A”; price from 10.00 to 12.50."
    ),
    UpdateVariant(source_id=SOURCE, target_id=TARGET, target_variant_id=SHOWN, policy="DENY"): (
        "Change A: selling when sold out to “DENY”."
    ),
    SetStock(source_id=SOURCE, target_id=TARGET, target_variant_id=SHOWN, quantity=5): "Change A: stock from 3 to 5.",
    Publish(source_id=SOURCE, target_id=TARGET, storefront_id=FRONT): (
        "Publish on the storefront “Main”, because it is active in the shop."
    ),
    Unpublish(source_id=SOURCE, target_id=TARGET): "Unpublish, because it is active in the shop.",
    RefreshListing(source_id=SOURCE, target_id=TARGET): (
        "Refresh the listing, so that it takes up the variants that were added."
    ),
}


@pytest.mark.parametrize("change", SENTENCES, ids=lambda change: type(change).__name__)
def test_every_change_is_told_in_words(change: Change) -> None:
    item = item_of(change, BEFORE)
    assert item.sentence == SENTENCES[change]
    assert (item.kind, item.operation) == OPERATIONS[type(change)]
    assert item.target_id == (None if isinstance(change, CreateProduct) else TARGET)


def test_every_kind_of_change_has_its_words() -> None:
    assert {type(each) for each in SENTENCES} == set(OPERATIONS)


def test_what_is_made_up_is_not_shown() -> None:
    there = made_up(CREATE)
    assert isinstance(there, Observed)
    (shown,) = there.variants.values()
    bound = {shown.id: SourceVariantId("v-A")}
    sold = SetStock(source_id=SOURCE, target_id=there.id, target_variant_id=shown.id, quantity=1)
    item = item_of(sold, replace(BEFORE, observed=there, bound=bound))
    assert (item.target_id, item.target_variant_id, item.source_variant_id) == (None, None, "v-A")
    assert (item.fields["stock"].before, item.fields["stock"].after) == (5, 1)


def test_a_variant_that_makes_way_is_no_variant_of_the_product() -> None:
    change = UpdateVariant(source_id=SOURCE, target_id=TARGET, target_variant_id=SHOWN, sku=Sku("moving-tv1"))
    item = item_of(change, replace(BEFORE, bound={}))
    assert (item.source_variant_id, item.sku) == (None, "a")
    assert item.sentence == "Change a: SKU from “a” to “moving-tv1”."


def preview(**changes: object) -> Preview:
    made = Preview(
        id=UUID(int=1),
        application_id=ApplicationId(UUID(int=2)),
        source_id=None,
        state="running",
        phase="reading",
        reason="",
        cursor=None,
        attempts=0,
        due_at=EPOCH,
        started_at=EPOCH,
        finished_at=None,
        expires_at=EPOCH,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_progress_rises_from_phase_to_phase_and_never_falls() -> None:
    seen = []
    now = preview(total=10)
    for changes in (
        {"counters": {"read": 5}},
        {"phase": "missing"},
        {"phase": "planning", "counters": {"wanted": 4, "planned": 1}},
        {"counters": {"wanted": 8, "planned": 1}},
        {"counters": {"wanted": 8, "planned": 8}},
    ):
        now = replace(now, **changes).progressed()
        seen.append(now.progress)
    assert seen == [0.25, 0.5, 0.625, 0.625, 1.0]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (preview(counters={"read": 5}, total=10), "reading the catalogue, 5 of 10"),
        (preview(phase="planning", counters={"wanted": 8, "planned": 3}), "planning, 3 of 8"),
        (preview(reason="The shop is down."), "waiting: The shop is down."),
        (preview(state="done"), "done"),
    ],
)
def test_what_it_does_now_is_told_in_few_words(now: Preview, words: str) -> None:
    assert told(now) == words


def test_what_it_found_is_told_in_one_sentence() -> None:
    counters = {"read": 9, "matched": 3, "create": 0, "update": 2, "held": 1}
    assert preview(counters=counters).summary() == "3 matched, 2 to update, 1 held."
    assert preview().summary() == "Nothing to change."
