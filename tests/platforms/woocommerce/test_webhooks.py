import json
from typing import Any

import pytest

from app.domain.errors import Unreadable
from app.domain.event import SUBSTITUTE, Incomplete, Tombstone
from app.domain.http import Delivery
from app.domain.ids import SourceId
from app.platforms.woocommerce import topics
from app.platforms.woocommerce.webhooks import Webhooks
from tests.platforms.samples import delivery
from tests.platforms.woocommerce.shop import product, variable

WEBHOOKS = Webhooks()


def told(topic: str, body: object, **headers: str) -> Delivery:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    return delivery(written, x_wc_webhook_topic=topic, x_wc_webhook_id="17", **headers)


def test_deliveries_are_named_by_webhook_topic_and_body_since_their_own_ids_collide() -> None:
    same = {"x_wc_webhook_delivery_id": "of-this-second"}
    first = told("product.updated", product(1), **same)
    names = [
        WEBHOOKS.identify(each)[0]
        for each in (
            first,
            told("product.updated", product(2), **same),
            told("product.created", product(1), **same),
            delivery(first.body, x_wc_webhook_topic="product.updated", x_wc_webhook_id="18", **same),
        )
    ]

    assert len(set(names)) == len(names)
    assert all(each.startswith(SUBSTITUTE) for each in names)
    assert WEBHOOKS.identify(told("product.updated", product(1), x_wc_webhook_delivery_id="other"))[0] == names[0]


def test_topics_are_taken_in_any_case_and_without_what_cannot_be_stored() -> None:
    assert WEBHOOKS.identify(told(" Product.Updated\x00", b""))[1] == "product.updated"
    assert WEBHOOKS.identify(delivery(b""))[1] == "unknown"
    assert WEBHOOKS.identify(told("x" * 300, b""))[1] == "x" * 255


@pytest.mark.parametrize(
    ("source", "shop"),
    [
        ("https://shop.example/", "shop.example"),
        ("https://WWW.Shop.example/winkel/", "www.shop.example/winkel"),
        ("https://127.0.0.1/", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_a_delivery_names_its_shop(source: str, shop: str | None) -> None:
    assert WEBHOOKS.shop_of(told("product.updated", b"", x_wc_webhook_source=source)) == shop


@pytest.mark.parametrize("topic", [topics.CREATED, topics.UPDATED, topics.RESTORED, topics.PUBLISHED])
def test_every_topic_that_tells_a_product_is_read_alike(topic: str) -> None:
    (snapshot,) = WEBHOOKS.read(told(topic, product(901)))
    (incomplete,) = WEBHOOKS.read(told(topic, variable(812)))

    assert not isinstance(snapshot, Incomplete | Tombstone)
    assert isinstance(incomplete, Incomplete)
    assert incomplete.source_id == "812"


@pytest.mark.parametrize("status", ["publish", "draft", "private"])
def test_a_variation_asks_for_its_product_whatever_its_status(status: str) -> None:
    body = product(813, type="variation", parent_id=812, status=status)

    (fact,) = WEBHOOKS.read(told("product.updated", body))

    assert fact == Incomplete(source_id=SourceId("812"), reason="a variation of it was made or changed")


@pytest.mark.parametrize(
    ("topic", "body", "words"),
    [
        ("product.updated", {"name": "No id"}, "id: Field required"),
        ("product.updated", product(True), "id: Value error, an id must be a whole number"),
        ("product.updated", {**product(1), "id": 1.5}, "id: Value error, an id must be a whole number"),
        ("product.updated", product(1, price=[]), "price: Value error, a price must be text"),
        ("product.updated", product(1, price="forty-nine"), "price"),
        ("product.updated", product(1, stock_quantity="many"), "stock_quantity"),
        ("product.updated", product(1, stock_quantity=2**60), "stock_quantity"),
        ("product.updated", product(1, date_modified_gmt="yesterday"), "date_modified_gmt"),
        ("product.updated", product(1, date_modified_gmt=1_700_000_000), "date_modified_gmt"),
        ("product.updated", product(813, type="variation"), "does not name its product"),
        ("product.deleted", {}, "id: Field required"),
        ("product.deleted", {"id": "812; DROP"}, "id: String should match"),
        (topics.GONE, {"action": "woocommerce_delete_product", "arg": {"id": 1}}, "arg: Value error"),
        (topics.VARIATION_GONE, {"action": "woocommerce_delete_product_variation"}, "arg: Field required"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(topic: str, body: dict[str, Any], words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        WEBHOOKS.read(told(topic, body))

    assert words in str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_shop_that_may_not_see_its_products_says_so_and_what_to_do() -> None:
    error = {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot view this resource.", "data": {}}

    with pytest.raises(Unreadable, match=r"you cannot view this resource\. .*install again with another user's key\."):
        WEBHOOKS.read(told("product.updated", error))


def test_orders_what_it_can_read_and_every_deletion_there_is_a_hook_for() -> None:
    assert set(topics.TOPICS) == {
        *("product.created", "product.updated", "product.deleted", "product.restored"),
        *("action.woocommerce_delete_product", "action.woocommerce_delete_product_variation"),
    }
