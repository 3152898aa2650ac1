import pytest

from tests.sandbox.channelengine.standin import StandIn
from tests.sandbox.controls import Thing


def numbers(told: Thing) -> tuple[list[int], list[str], list[str]]:
    created, updated = ([each["Id"] for each in told["ToBeCreated"]], told["ToBeUpdated"])
    return created, [each["ChannelProductNo"] for each in updated], told["ToBeRemoved"]


async def grouped(channelengine: StandIn) -> tuple[Thing, Thing]:
    """A board in two sizes."""
    sizes = [{"sku": f"OAK-{each}", "price": "34.95", "quantity": 3, "options": [each]} for each in "SL"]
    made = await channelengine.add(*sizes, options=["Size"])
    return made, made["variants"][0]


async def test_a_product_without_options_stands_by_itself(channelengine: StandIn) -> None:
    await channelengine.add(
        {"sku": "BOWL", "price": "49.00", "quantity": 5}, title="Bowl", images=["https://cdn.example/b.jpg"]
    )

    (told,) = (await channelengine.changes())["ToBeCreated"]
    assert (told["ProductType"], told["MerchantProductNo"], told["Price"], told["Stock"]) == ("SINGLE", "BOWL", 49.0, 5)
    assert (told["ChannelProductNo"], told["ParentChannelProductNo"]) == (None, None)
    assert told["ImageUrl"] == "https://cdn.example/b.jpg"


async def test_variants_are_told_after_their_product_was_acknowledged(channelengine: StandIn) -> None:
    board, _ = await grouped(channelengine)

    (told,) = (await channelengine.changes())["ToBeCreated"]
    assert (told["Id"], told["ProductType"]) == (board["id"], "PARENT")
    await channelengine.acknowledge(Created=[{"Id": board["id"], "ChannelProductNo": "ours"}])
    children = (await channelengine.changes())["ToBeCreated"]
    assert [(each["ProductType"], each["ParentChannelProductNo"], each["Size"]) for each in children] == [
        ("CHILD", "ours", "S"),
        ("CHILD", "ours", "L"),
    ]


async def test_what_is_not_acknowledged_is_told_again(channelengine: StandIn) -> None:
    await channelengine.add({"sku": "BOWL"})

    assert await channelengine.changes() == await channelengine.changes()


async def test_a_change_between_telling_and_acknowledging_is_told(channelengine: StandIn) -> None:
    bowl = await channelengine.add({"sku": "BOWL"}, title="Bowl")
    await channelengine.changes()
    await channelengine.do("PATCH", f"/products/{bowl['id']}", {"title": "Large bowl"})

    await channelengine.acknowledge(Created=[{"Id": bowl["id"], "ChannelProductNo": "1"}])

    assert numbers(await channelengine.changes()) == ([], ["1"], [])


async def test_price_and_stock_are_told_as_offers_only(channelengine: StandIn) -> None:
    bowl = await channelengine.add({"sku": "BOWL", "quantity": 5})
    await channelengine.changes()
    await channelengine.acknowledge(Created=[{"Id": bowl["id"], "ChannelProductNo": "1"}])
    assert await channelengine.offers() == []

    await channelengine.do("PUT", f"/products/{bowl['id']}/variants/{bowl['variants'][0]['id']}/stock", {"quantity": 4})

    assert numbers(await channelengine.changes()) == ([], [], [])
    assert [(each["ChannelProductNo"], each["Stock"]) for each in await channelengine.offers()] == [("1", 4)]
    await channelengine.call("POST", "offers", ["1"])
    assert await channelengine.offers() == []


@pytest.mark.parametrize("deleted", [True, False], ids=["deleted", "out of the selection"])
async def test_what_is_gone_is_told_by_its_number_until_that_is_acknowledged(
    channelengine: StandIn, deleted: bool
) -> None:
    bowl = await channelengine.add({"sku": "BOWL"})
    await channelengine.changes()
    await channelengine.acknowledge(Created=[{"Id": bowl["id"], "ChannelProductNo": "1"}])

    path = f"/products/{bowl['id']}"
    await channelengine.do(*(("DELETE", path) if deleted else ("POST", path + "/unpublish")))

    assert numbers(await channelengine.changes()) == ([], [], ["1"])
    await channelengine.acknowledge(Removed=["1"])
    assert numbers(await channelengine.changes()) == ([], [], [])


async def test_a_key_that_is_not_right_and_politeness_are_told_in_the_envelope(channelengine: StandIn) -> None:
    refused = await channelengine.call("GET", "data", key="wrong")
    assert (refused.status_code, refused.json()["Success"]) == (401, False)

    await channelengine.do("PUT", "/switches", {"refuses_politely": True})
    polite = await channelengine.call("GET", "data")
    assert (polite.status_code, polite.json()["Success"], polite.json()["Message"]) == (
        200,
        False,
        "The channel is not active.",
    )


async def test_who_is_throttled_is_told_when_to_come_again(channelengine: StandIn) -> None:
    await channelengine.do("PUT", "/switches", {"throttle_next": 1, "retry_after": 7})

    throttled = await channelengine.call("GET", "data")

    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "7")
    assert (await channelengine.call("GET", "data")).status_code == 200


async def test_a_product_that_stands_by_itself_gets_no_variants(channelengine: StandIn) -> None:
    bowl = await channelengine.add({"sku": "BOWL"})

    await channelengine.do("POST", f"/products/{bowl['id']}/variants", {"sku": "MORE"}, status=422)
