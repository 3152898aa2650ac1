from typing import Any

import pytest

from tests.sandbox.receiver import Receiver
from tests.sandbox.woocommerce.standin import SECRET, StandIn


async def test_there_may_be_any_number_for_one_topic_and_address(woo: StandIn, receiver: Receiver) -> None:
    made = [await woo.subscribe("product.updated", receiver.url) for _ in range(3)]

    found = await woo.get("/webhooks?per_page=100&orderby=id&order=asc")
    assert [each["id"] for each in found] == [each["id"] for each in made]
    assert [(each["topic"], each["status"]) for each in found] == [("product.updated", "active")] * 3


async def test_a_secret_is_never_shown_again(woo: StandIn, receiver: Receiver) -> None:
    made = await woo.subscribe("product.updated", receiver.url)

    assert SECRET not in str(made) + str(await woo.get("/webhooks")) + str(await woo.do("GET", "/subscriptions"))


async def test_any_hook_of_the_plugin_is_a_topic(woo: StandIn, receiver: Receiver) -> None:
    made = await woo.subscribe("action.woocommerce_delete_product", receiver.url)

    assert (made["resource"], made["event"], made["hooks"]) == (
        "action",
        "woocommerce_delete_product",
        ["woocommerce_delete_product"],
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"topic": "product.eaten"}, "invalid_topic"),
        ({"topic": "action.wp_trash_post"}, "invalid_topic"),
        ({}, "invalid_topic"),
        ({"topic": "product.updated"}, "invalid_delivery_url"),
        ({"topic": "product.updated", "delivery_url": "ftp://here"}, "invalid_delivery_url"),
    ],
)
async def test_refuses_what_is_no_webhook(woo: StandIn, given: dict[str, Any], code: str) -> None:
    answer = await woo.call("POST", "/webhooks", given)

    assert (answer.status_code, answer.json()["code"]) == (400, f"woocommerce_rest_shop_webhook_{code}")


async def test_older_shops_do_not_know_published(woo: StandIn, receiver: Receiver) -> None:
    await woo.do("PUT", "/switches", {"tells_published": False})

    given = {"topic": "product.published", "delivery_url": receiver.url}
    assert (await woo.call("POST", "/webhooks", given)).status_code == 400


async def test_a_webhook_is_changed_and_deleted_only_by_force(woo: StandIn, receiver: Receiver) -> None:
    made = await woo.subscribe("product.updated", receiver.url)
    path = f"/webhooks/{made['id']}"

    paused = await woo.call("PUT", path, {"status": "paused", "secret": "another"})
    assert paused.json()["status"] == "paused"
    assert [each["id"] for each in await woo.get("/webhooks?status=paused")] == [made["id"]]
    assert await woo.get("/webhooks?status=active") == []
    assert (await woo.call("DELETE", path)).status_code == 501
    assert (await woo.call("DELETE", f"{path}?force=true")).json()["id"] == made["id"]
    assert (await woo.call("DELETE", f"{path}?force=true")).status_code == 404


async def test_a_paused_webhook_is_not_told(woo: StandIn, receiver: Receiver) -> None:
    made = await woo.subscribe("product.created", receiver.url)
    receiver.received.clear()
    await woo.call("PUT", f"/webhooks/{made['id']}", {"status": "paused"})
    await woo.add()
    await woo.quiet()

    assert receiver.received == []


async def test_a_batch_makes_changes_and_deletes_each_for_itself(woo: StandIn, receiver: Receiver) -> None:
    old = await woo.subscribe("product.updated", receiver.url)
    batch = {
        "create": [{"topic": "product.created", "delivery_url": receiver.url}, {"topic": "nonsense"}],
        "update": [{"id": old["id"], "status": "disabled"}],
        "delete": [old["id"], 99],
    }

    answer = (await woo.call("POST", "/webhooks/batch", batch)).json()

    assert answer["create"][0]["topic"] == "product.created"
    assert answer["create"][1]["error"]["data"]["status"] == 400
    assert answer["update"][0]["status"] == "disabled"
    assert (answer["delete"][0]["id"], answer["delete"][1]["error"]["data"]["status"]) == (old["id"], 404)
    assert (await woo.call("POST", "/webhooks/batch", {})).json() == []
    too_many = await woo.call("POST", "/webhooks/batch", {"delete": list(range(101))})
    assert too_many.status_code == 413


async def test_a_key_that_may_only_read_changes_nothing(woo: StandIn, receiver: Receiver) -> None:
    reader = await hand_out(woo, "read")
    answer = await woo.call("POST", "/webhooks/batch", {}, auth=reader)
    assert (answer.status_code, answer.json()["code"]) == (401, "woocommerce_rest_authentication_error")
    assert (await woo.call("GET", "/webhooks", auth=reader)).status_code == 200
    writer = await hand_out(woo, "write")
    assert (await woo.call("GET", "/webhooks", auth=writer)).status_code == 401


async def hand_out(woo: StandIn, permissions: str) -> tuple[str, str]:
    """Give the shop a key with these permissions, and return it."""
    sandbox = woo.client._transport.app.state.sandbox  # type: ignore[attr-defined]
    (shop,) = sandbox.posts.shops.values()
    sandbox.posts.add_key(shop, f"ck_{permissions}", f"cs_{permissions}", permissions)
    return f"ck_{permissions}", f"cs_{permissions}"
