import json
from pathlib import Path

import httpx

from app.sandbox.shopware.server import create_app
from tests.sandbox.controls import Thing
from tests.sandbox.receiver import Received, Receiver
from tests.sandbox.shopware.standin import KEY, SECRET, SHOP, StandIn

FAST = {"time_scale": 1e-6}
LIVE = "0fa91ce3e96a4bc2be4bd9ce752c3425"


def rows(received: Received) -> list[Thing]:
    found: list[Thing] = received.body["data"]["payload"]
    return found


def keys(received: Received) -> list[str]:
    return [each["primaryKey"] for each in rows(received)]


def event(received: Received) -> str:
    told: str = received.body["data"]["event"]
    return told


async def listening(shopware: StandIn, receiver: Receiver, *events: str) -> None:
    for each in events:
        await shopware.subscribe(each, receiver.url)


async def test_a_webhook_names_what_was_written_and_says_nothing_of_it(shopware: StandIn, receiver: Receiver) -> None:
    await listening(shopware, receiver, "product.written")
    made = await shopware.add({"sku": "OAK", "quantity": 5})
    (got,) = await receiver.until(1)

    (row,) = rows(got)
    assert (row["entity"], row["operation"], row["primaryKey"], row["versionId"]) == (
        "product",
        "insert",
        made["id"],
        LIVE,
    )
    assert "stock" in row["updatedFields"]
    assert got.body["source"].keys() == {"url", "eventId"}
    assert got.body["source"]["url"] == f"https://{SHOP}"
    assert isinstance(got.body["timestamp"], int)


async def test_what_an_integration_ordered_is_unsigned(shopware: StandIn, receiver: Receiver) -> None:
    await listening(shopware, receiver, "product.written")
    await shopware.add()
    (got,) = await receiver.until(1)

    assert not [name for name in got.headers if "signature" in name]


async def test_bodies_are_written_as_php_writes_them(shopware: StandIn, receiver: Receiver) -> None:
    await listening(shopware, receiver, "checkout.order.placed")
    made = await shopware.add({"sku": "OAK", "quantity": 5}, title="Käsebrett ✓")
    await shopware.do("POST", "/orders", {"lines": [{"product": made["id"], "quantity": 1}]})
    (got,) = await receiver.until(1)

    assert b"https:\\/\\/oak-and-ash.example" in got.content
    assert b"K\\u00e4sebrett \\u2713" in got.content
    got.content.decode("ascii")


async def test_setting_a_product_inactive_tells_the_product_alone(shopware: StandIn, receiver: Receiver) -> None:
    made = await shopware.add(
        {"sku": "S", "options": ["Small"]}, {"sku": "L", "options": ["Large"]}, options=["Size"], title="Bowl"
    )
    await listening(shopware, receiver, "product.written")
    await shopware.do("POST", f"/products/{made['id']}/unpublish")
    (got,) = await receiver.until(1)

    assert keys(got) == [made["id"]]
    assert "active" in rows(got)[0]["updatedFields"]


async def test_variants_come_in_a_webhook_of_many_rows(shopware: StandIn, receiver: Receiver) -> None:
    await listening(shopware, receiver, "product.written")
    made = await shopware.add(*({"sku": f"S{n}", "options": [str(n)]} for n in range(40)), options=["Number"])
    await receiver.until(2)

    told = {tuple(keys(each)) for each in receiver.received}
    assert told == {(made["id"],), tuple(each["id"] for each in made["variants"])}


async def test_an_import_tells_all_its_products_in_one_webhook(shopware: StandIn, receiver: Receiver) -> None:
    made = [(await shopware.add())["id"] for _ in range(3)]
    await listening(shopware, receiver, "product.written")
    await shopware.do("PUT", "/stock", {"stock": dict.fromkeys(made, 4)})
    (got,) = await receiver.until(1)

    assert keys(got) == made


async def test_deletions_are_told_with_the_variants(shopware: StandIn, receiver: Receiver) -> None:
    made = await shopware.add({"sku": "S", "options": ["Small"]}, {"sku": "L", "options": ["Large"]}, options=["Size"])
    small, large = (each["id"] for each in made["variants"])
    await listening(shopware, receiver, "product.deleted")
    await shopware.do("DELETE", f"/products/{made['id']}/variants/{small}")
    await receiver.until(1)
    await shopware.do("DELETE", f"/products/{made['id']}")
    await receiver.until(2)

    assert [keys(each) for each in receiver.received] == [[small], [made["id"], large]]
    assert "updatedFields" not in rows(receiver.received[0])[0]


async def test_an_order_takes_stock_and_no_webhook_of_the_product_tells_so(
    shopware: StandIn, receiver: Receiver
) -> None:
    made = await shopware.add({"sku": "OAK", "quantity": 5})
    await listening(shopware, receiver, "product.written", "checkout.order.placed", "state_enter.order.state.cancelled")
    before = (await shopware.search())["data"][0]["updatedAt"]
    order = await shopware.do("POST", "/orders", {"lines": [{"product": made["id"], "quantity": 2}]})
    await shopware.quiet()
    assert (await shopware.search())["data"][0]["stock"] == 3
    await shopware.do("POST", f"/orders/{order['id']}/cancel")
    await shopware.quiet()

    assert [event(each) for each in receiver.received] == ["checkout.order.placed", "state_enter.order.state.cancelled"]
    lines = receiver.received[0].body["data"]["payload"]["order"]["lineItems"]
    assert [(each["productId"], each["quantity"]) for each in lines] == [(made["id"], 2)]
    after = (await shopware.search())["data"][0]
    assert (after["stock"], after["updatedAt"]) == (5, before)
    await shopware.do("POST", f"/orders/{order['id']}/cancel", status=404)


async def test_visibility_and_drafts(shopware: StandIn, receiver: Receiver) -> None:
    made = await shopware.add()
    await listening(shopware, receiver, "product.written")
    await shopware.do("PUT", f"/products/{made['id']}/visibility", {"visibility": None})
    await shopware.quiet()
    assert receiver.received == []
    assert (await shopware.search(associations={"visibilities": {}}))["data"][0]["visibilities"] == []

    await shopware.do("POST", f"/products/{made['id']}/draft")
    (got,) = await receiver.until(1)
    assert rows(got)[0]["versionId"] != LIVE


async def test_a_webhook_for_the_live_version_leaves_out_drafts(shopware: StandIn, receiver: Receiver) -> None:
    made = await shopware.add()
    body = {"name": "x", "eventName": "product.written", "url": receiver.url, "onlyLiveVersion": True}
    assert (await shopware.call("POST", "/webhook", body)).status_code == 204
    await shopware.do("POST", f"/products/{made['id']}/draft")
    await shopware.quiet()

    assert receiver.received == []


async def test_a_webhook_is_tried_four_times_with_a_time_of_its_own_and_the_same_id(
    shopware: StandIn, receiver: Receiver
) -> None:
    await shopware.do("PUT", "/switches", {**FAST, "outbox": True})
    await listening(shopware, receiver, "product.written")
    receiver.statuses = [500]
    await shopware.add()
    await receiver.until(4)
    await shopware.quiet()

    assert len(receiver.received) == 4
    assert len({each.body["source"]["eventId"] for each in receiver.received}) == 1
    assert [each.headers["x-shopware-attempt"] for each in receiver.received] == ["1", "2", "3", "4"]
    assert [each["errorCount"] for each in await shopware.webhooks()] == [1]


async def test_ten_exhausted_deliveries_switch_a_webhook_off_and_nobody_is_told(
    shopware: StandIn, receiver: Receiver
) -> None:
    await shopware.do("PUT", "/switches", FAST)
    await listening(shopware, receiver, "product.written")
    receiver.statuses = [404]
    for _ in range(10):
        await shopware.add()
        await shopware.quiet()
    assert [(each["active"], each["errorCount"]) for each in await shopware.webhooks()] == [(False, 10)]

    await shopware.add()
    await shopware.quiet()
    assert len(receiver.received) == 40


async def test_one_success_sets_the_count_back(shopware: StandIn, receiver: Receiver) -> None:
    await shopware.do("PUT", "/switches", FAST)
    await listening(shopware, receiver, "product.written")
    receiver.statuses = [500, 500, 500, 500, 204]
    for _ in range(2):
        await shopware.add()
        await shopware.quiet()

    assert [each["errorCount"] for each in await shopware.webhooks()] == [0]


async def test_a_shop_without_a_queue_worker_tries_once(shopware: StandIn, receiver: Receiver) -> None:
    await shopware.do("PUT", "/switches", {**FAST, "synchronous": True})
    await listening(shopware, receiver, "product.written")
    receiver.statuses = [500]
    await shopware.add()
    await shopware.quiet()

    assert len(receiver.received) == 1
    assert [each["errorCount"] for each in await shopware.webhooks()] == [1]


async def test_what_merchants_cannot_do_is_refused(shopware: StandIn) -> None:
    made = await shopware.add({"sku": "OAK"})
    bowl = await shopware.add({"sku": "S", "options": ["Small"]}, options=["Size"])

    await shopware.do("POST", "/products", {"title": "x", "variants": [{"sku": "OAK"}]}, status=422)
    await shopware.do("POST", "/products", {"title": "x", "variants": [{}, {}]}, status=422)
    await shopware.do("POST", "/products", {"title": "x", "variants": [{"tracked": False}]}, status=422)
    await shopware.do("POST", f"/products/{made['id']}/variants", {"sku": "x"}, status=422)
    await shopware.do("DELETE", f"/products/{made['id']}/variants/{made['id']}", status=422)
    await shopware.do("POST", f"/products/{bowl['id']}/variants", {"sku": "x", "options": []}, status=422)
    await shopware.do("PATCH", f"/products/{bowl['id']}", {"options": ["Height"]}, status=422)
    await shopware.do("PATCH", f"/products/{made['id']}/variants/{made['id']}", {"sku": "S"}, status=422)
    await shopware.do("GET", "/products/nonsense", status=404)
    await shopware.do("PUT", "/stock", {"stock": {"nonsense": 1}}, status=404)
    await shopware.do("POST", "/orders", {"lines": [{"product": "nonsense", "quantity": 1}]}, status=404)


async def test_a_merchant_changes_products_and_variants(shopware: StandIn) -> None:
    made = await shopware.add({"sku": "S", "options": ["Small"], "price": "10"}, options=["Size"], brand="Holt")
    (small,) = made["variants"]
    path = f"/products/{made['id']}"
    changes = {"title": "Bowl", "description": "new", "brand": "Ash", "images": ["https://cdn.example/a.jpg"]}
    assert (await shopware.do("PATCH", path, changes))["title"] == "Bowl"
    large = await shopware.do("POST", f"{path}/variants", {"sku": "L", "options": ["Large"], "price": "12"})
    changed = await shopware.do(
        "PATCH", f"{path}/variants/{small['id']}", {"sku": "S2", "price": "11", "barcode": "4", "options": ["Tiny"]}
    )

    assert (changed["sku"], changed["price"], changed["barcode"], changed["options"]) == ("S2", 11.0, "4", ["Tiny"])
    assert (large["price"], large["own_price"], large["options"]) == (12.0, True, ["Large"])
    assert [each["sku"] for each in (await shopware.do("GET", path))["variants"]] == ["S2", "L"]


async def test_what_is_known_survives_a_restart_and_what_was_not_sent_is_sent_then(
    tmp_path: Path, receiver: Receiver
) -> None:
    path = tmp_path / "shopware.json"
    receiver.statuses = [500, 204]
    for run in range(2):
        app = create_app(path)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shopware") as client,
        ):
            shopware = StandIn(client)
            if run == 0:
                await shopware.open()
                await shopware.log_in()
                await shopware.subscribe("product.written", receiver.url)
                await shopware.add({"sku": "OAK"})
                await receiver.until(1)
            else:
                await receiver.until(2)
                await shopware.quiet()
                assert [each["variants"][0]["sku"] for each in await shopware.do("GET", "/products")] == ["OAK"]
    kept = json.loads(path.read_text())
    assert kept["shops"][SHOP]["integrations"][KEY]["secret"] == SECRET
