"""Changes to inputs, and answers to observed states."""

from decimal import Decimal

import pytest

from app.domain.ids import Sku, SourceId, SourceVariantId, TargetId, TargetVariantId
from app.domain.plan import CreateProduct, SetStock, Unpublish, UpdateProduct, UpdateVariant
from app.domain.product import Measures
from app.domain.state import DesiredVariant
from app.orderchamp import codec

SOURCE, TARGET, VARIANT = SourceId("1"), TargetId("UHJvZHVjdDox"), TargetVariantId("9007199254740993")
NODE = {
    "id": VARIANT,
    "sku": "é-1 ✓",
    "price": "1234567890123.10",
    "msrp": None,
    "inventoryQuantity": -2,
    "inventoryPolicy": "DENY",
    "option1": "Small",
    "option2": None,
    "option3": None,
    "unheardOf": {"a": 1},
}


def test_money_and_ids_keep_every_digit() -> None:
    variant = codec.to_variant(NODE)
    assert (variant.id, variant.price, variant.msrp) == (VARIANT, Decimal("1234567890123.10"), None)
    assert str(variant.price) == "1234567890123.10"
    assert (variant.sku, variant.stock, variant.options) == ("é-1 ✓", -2, ("Small",))


@pytest.mark.parametrize("price", [4.5, "4.50", 4])
def test_a_price_may_come_as_a_number_or_as_text(price: object) -> None:
    assert codec.to_variant({**NODE, "price": price}).price == Decimal(str(price))


@pytest.mark.parametrize(
    ("listing", "published"), [(None, False), ({"status": "PUBLISHED"}, True), ({"status": "UNPUBLISHED"}, False)]
)
def test_a_listing_tells_whether_buyers_see_a_product(listing: object, published: bool) -> None:
    node = {"id": TARGET, "title": "Mug <b>&amp;</b>", "listing": listing, "createdAt": "2026-11-20T12:00:00Z"}
    observed = codec.to_observed(node, [])
    assert observed.published is published
    assert observed.title == "Mug <b>&amp;</b>"


def test_money_goes_out_as_text_and_what_is_none_is_left_out() -> None:
    variant = DesiredVariant(
        source_id=SourceVariantId("v"), sku=Sku("A"), price=Decimal("0.10"), stock=None, policy="CONTINUE"
    )
    made = CreateProduct(
        source_id=SOURCE, title="T", description="", brand=None, option_names=(), images=(), variants=(variant,)
    )
    assert codec.create_product_input(made) == {
        "title": "T",
        "description": "",
        "variants": [{"sku": "A", "price": "0.10", "inventoryPolicy": "CONTINUE"}],
    }


@pytest.mark.parametrize(
    ("change", "mutation"),
    [
        (
            UpdateProduct(source_id=SOURCE, target_id=TARGET, images=()),
            ("productUpdate", {"id": TARGET, "images": []}),
        ),
        (
            UpdateProduct(source_id=SOURCE, target_id=TARGET, title="T", option_names=("Size",)),
            ("productUpdate", {"id": TARGET, "title": "T", "option1": "Size", "option2": None, "option3": None}),
        ),
        (
            UpdateVariant(
                source_id=SOURCE, target_id=TARGET, target_variant_id=VARIANT, price=Decimal("9.90"), policy="DENY"
            ),
            ("productVariantUpdate", {"id": VARIANT, "price": "9.90", "inventoryPolicy": "DENY"}),
        ),
        (Unpublish(source_id=SOURCE, target_id=TARGET), ("productUnpublish", {"id": TARGET})),
        (
            UpdateProduct(
                source_id=SOURCE,
                target_id=TARGET,
                measures=Measures(weight_grams=Decimal("800.00"), width_cm=Decimal("2.50")),
            ),
            ("productUpdate", {"id": TARGET, "weight": 800, "width": 2.5}),
        ),
    ],
)
def test_a_change_becomes_a_mutation(
    change: UpdateProduct | UpdateVariant | Unpublish, mutation: tuple[str, dict[str, object]]
) -> None:
    assert codec.repeatable(change) == mutation


def test_stock_is_set_and_never_added() -> None:
    line = codec.stock_line(SetStock(source_id=SOURCE, target_id=TARGET, target_variant_id=VARIANT, quantity=7))
    assert line == {"productVariantId": VARIANT, "action": "SET", "adjustment": 7}
