from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.sandbox.receiver import Receiver
from tests.sandbox.woocommerce.standin import SHOP, StandIn

AUTH = f"/shops/{SHOP}/wc-auth/v1"


def asking(receiver: Receiver, **changes: str) -> str:
    asked = {
        "app_name": "Orderchamp",
        "scope": "read_write",
        "user_id": "state-1",
        "return_url": "https://service.example/back",
        "callback_url": receiver.url,
        **changes,
    }
    return urlencode({name: value for name, value in asked.items() if value})


async def test_a_key_goes_to_the_callback_and_works(woo: StandIn, receiver: Receiver) -> None:
    page = await woo.client.get(f"{AUTH}/authorize?{asking(receiver)}")
    assert (page.status_code, "Orderchamp would like to connect" in page.text) == (200, True)
    approve = page.text.partition('action="')[2].partition('"')[0].replace("&amp;", "&")

    back = await woo.client.get(f"{AUTH}/{approve}")

    (got,) = receiver.received
    assert got.body["user_id"] == "state-1"
    assert got.body["key_permissions"] == "read_write"
    assert not [name for name in got.headers if "signature" in name]
    assert back.status_code == 302
    query = parse_qs(urlsplit(back.headers["location"]).query)
    assert (query["success"], query["user_id"]) == (["1"], ["state-1"])
    key = (got.body["consumer_key"], got.body["consumer_secret"])
    assert (await woo.call("GET", "/products", auth=key)).status_code == 200


async def test_a_key_that_nobody_took_is_taken_back(woo: StandIn, receiver: Receiver) -> None:
    receiver.statuses = [201]
    answer = await woo.client.get(f"{AUTH}/access_granted?{asking(receiver)}")

    assert answer.status_code == 401
    key = (receiver.received[0].body["consumer_key"], receiver.received[0].body["consumer_secret"])
    assert (await woo.call("GET", "/products", auth=key)).status_code == 401


async def test_a_merchant_who_denies_is_sent_back_without_a_key(woo: StandIn, receiver: Receiver) -> None:
    page = await woo.client.get(f"{AUTH}/authorize?{asking(receiver, return_url='https://service.example/?a=1')}")

    deny = page.text.partition('id="deny" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert deny == "https://service.example/?a=1&success=0&user_id=state-1"
    assert receiver.received == []


@pytest.mark.parametrize(
    "changes", [{"user_id": ""}, {"scope": "everything"}, {"return_url": "nowhere"}, {"callback_url": "ftp://here"}]
)
async def test_shows_no_page_for_what_is_not_asked_properly(
    woo: StandIn, receiver: Receiver, changes: dict[str, str]
) -> None:
    for page in ("authorize", "access_granted"):
        answer = await woo.client.get(f"{AUTH}/{page}?{asking(receiver, **changes)}")
        assert (answer.status_code, "Error:" in answer.text) == (401, True)


async def test_keys_go_over_tls_only_when_told(woo: StandIn, receiver: Receiver) -> None:
    await woo.do("PUT", "/switches", {"only_https_callbacks": True})

    answer: httpx.Response = await woo.client.get(f"{AUTH}/authorize?{asking(receiver)}")
    assert (answer.status_code, "over SSL" in answer.text) == (401, True)
