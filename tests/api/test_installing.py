"""Installing in a browser, over real sockets: the service, a stand-in Orderchamp, stand-in shops, and a scripted browser."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from app.local.browser import Browser, NotThere
from tests.api.conftest import ORDERCHAMP_TOKEN, SHOP, Web


class Walk(Browser):
    """The supplier's browser, beside the back office."""

    def __init__(self, client: httpx.AsyncClient, web: Web) -> None:
        super().__init__(client)
        self.web = web

    async def start(self, **changes: Any) -> dict[str, Any]:
        body = {
            "platform": "shopify",
            "shop": SHOP,
            "orderchamp": {"token": ORDERCHAMP_TOKEN},
            "settings": {"price_kind": "wholesale"},
            **changes,
        }
        answer = await self.web.call("POST", "/v1/suppliers/oak-and-ash/installs", body)
        assert answer.status_code == 201, answer.text
        started: dict[str, Any] = answer.json()
        return started

    async def look(self, install: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.web.call("GET", f"/v1/installs/{install['id']}", key="read")).json()
        return found

    async def raw(self, url: str, **headers: str) -> httpx.Response:
        """What is answered, without following."""
        return await self._client.get(url, headers={"Accept": "text/html", **headers})


@pytest.fixture
async def walk(web: Web) -> AsyncIterator[Walk]:
    await web.client.put(f"{web.shopify}/_sandbox/shops/{SHOP}", json={"installed": False, "catalogue": "sample"})
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        yield Walk(client, web)


async def test_a_supplier_approves_in_the_shop_and_the_application_works(walk: Walk) -> None:
    install = await walk.start()
    assert (install["state"], install["application_id"]) == ("waiting", None)

    await walk.open(install["url"])
    assert walk.url.startswith(f"{walk.web.shopify}/shops/{SHOP}/admin/oauth/authorize?")
    await walk.press("Install app")
    assert walk.url == f"{walk.web.url}/install/shopify"
    assert "Connecting" in walk.text
    await walk.web.work()
    await walk.reload()
    assert "Connected The shop is connected, and its catalogue is being imported." in walk.text

    done = await walk.look(install)
    assert done["state"] == "done"
    application = (await walk.web.call("GET", f"/v1/applications/{done['application_id']}")).json()
    assert (application["state"], application["shop"]) == ("active", SHOP)
    assert application["counters"]["products"]["published"] > 0
    assert all(each["health"] == "active" for each in application["subscriptions"])


async def test_a_supplier_who_begins_at_orderchamp_chooses_and_approves_twice(walk: Walk) -> None:
    await walk.open(f"{walk.web.url}/install/orderchamp")
    assert walk.url.startswith(f"{walk.web.orderchamp}/oauth/authorize?")
    await walk.press("Grant Access")
    assert "Connect your shop" in walk.text

    await walk.press("Continue", platform="shopify", shop="evil.example", price_kind="wholesale")
    assert "It must be the shop's name at Shopify, such as my-shop.myshopify.com." in walk.text
    await walk.press("Continue", shop="oak-and-ash")
    assert walk.url.startswith(f"{walk.web.shopify}/shops/{SHOP}/admin/oauth/authorize?")
    await walk.press("Install app")
    await walk.web.work()
    assert "Connected" in (await walk.reload()).text

    [application] = (await walk.web.call("GET", "/v1/applications")).json()["items"]
    assert application["supplier_id"] == application["orderchamp_account"]
    assert application["state"] == "active"


async def test_a_supplier_without_a_token_is_asked_at_both(walk: Walk) -> None:
    install = await walk.start(orderchamp={})

    await walk.open(install["url"])
    await walk.press("Grant Access")
    await walk.press("Install app")
    await walk.web.work()

    assert (await walk.look(install))["state"] == "done"
    counted = (await walk.web.call("GET", "/metrics", key=None)).text
    assert 'oca_orderchamp_calls_total{operation="access_token",result="ok"} 1.0' in counted


async def test_a_supplier_may_refuse_at_orderchamp(walk: Walk) -> None:
    install = await walk.start(orderchamp={})
    await walk.open(install["url"])
    await walk.press("Refuse")

    assert "Not installed You did not let the app into your Orderchamp account" in walk.text
    refused = await walk.look(install)
    assert (refused["state"], refused["application_id"]) == ("refused", None)
    assert "Start the installation again" in refused["way_on"]

    await walk.open(f"{walk.web.url}/install/orderchamp")
    await walk.press("Refuse")
    assert "so nothing was installed." in walk.text


async def test_an_install_that_is_abandoned_goes_on_where_it_was(walk: Walk) -> None:
    install = await walk.start()
    await walk.open(install["url"])
    await walk.press("Cancel")
    assert walk.url.startswith(walk.web.shopify)  # Shopify sends nobody back who cancels.

    await walk.open(f"{walk.web.url}/install/shopify")
    assert "Almost there" in walk.text
    await walk.press("Continue")
    await walk.press("Install app")
    await walk.web.work()

    assert (await walk.look(install))["state"] == "done"


async def test_scopes_that_were_not_granted_end_the_install_with_their_names(walk: Walk) -> None:
    install = await walk.start()
    await walk.open(install["url"])
    await walk.press("Install app", scope="read_products")

    assert "Not installed The app was approved without the scope(s) read_inventory." in walk.text
    assert (await walk.look(install))["state"] == "failed"


async def test_the_callback_works_once_and_shows_the_same_afterwards(walk: Walk) -> None:
    install = await walk.start()
    await walk.open(install["url"])
    await walk.press("Install app")
    callback = next(each for each in walk.visited if "/install/shopify/callback?" in each)

    await walk.open(callback)
    assert "Connecting" in walk.text
    await walk.web.work()
    await walk.open(callback)

    assert "Connected" in walk.text
    calls = (await walk.web.client.get(f"{walk.web.shopify}/_sandbox/calls")).json()["by_operation"]
    assert calls["access_token"] == 1


async def test_a_callback_that_was_changed_is_not_accepted(walk: Walk) -> None:
    install = await walk.start()
    asked = dict(parse_qsl(urlsplit((await walk.raw(install["url"])).headers["location"]).query))

    forged = f"{walk.web.url}/install/shopify/callback?code=x&shop={SHOP}&state={asked['state']}&timestamp=1&hmac=00"
    answer = await walk.raw(forged)
    assert answer.status_code == 401
    assert "Nothing was changed." in answer.text
    as_problem = await walk.raw(forged, Accept="application/json")
    assert as_problem.json()["type"] == "/problems/invalid-signature"
    assert (await walk.look(install))["state"] == "waiting"


async def test_another_browser_gets_nothing_from_a_callback(walk: Walk) -> None:
    install = await walk.start()
    await walk.open(install["url"])
    asked = dict(parse_qsl(urlsplit(walk.url).query))
    sent = await walk._client.post(
        walk.url,
        content="answer=install&scope=read_products&scope=read_inventory"
        + "".join(f"&{name}={asked[name]}" for name in ("client_id", "redirect_uri", "state")),
    )
    callback = sent.headers["location"]

    async with httpx.AsyncClient(trust_env=False) as other:
        stranger = await other.get(callback, headers={"Accept": "text/html"})
    assert stranger.status_code == 403
    assert "begun in another browser" in stranger.text
    assert (await walk.look(install))["state"] == "waiting"

    await walk.open(callback)
    assert "Connecting" in walk.text


async def test_pages_keep_to_themselves(walk: Walk) -> None:
    install = await walk.start()
    sent_off = await walk.raw(install["url"])
    page = await walk.raw(f"{walk.web.url}/install/shopify")

    assert sent_off.status_code == 303
    [cookie] = sent_off.headers.get_list("set-cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/install" in cookie
    assert "Secure" not in cookie  # Only on this machine.
    for answer in (sent_off, page):
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http" not in page.text.replace("http-equiv", "")
    assert "<script" not in page.text
    for secret in (urlsplit(install["url"]).query, ORDERCHAMP_TOKEN, cookie.partition(";")[0].partition("=")[2]):
        assert secret not in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/install/shopify", 404),
        ("/install/shopify?key=made-up", 404),
        ("/install/unknown", 404),
        ("/install/shopify/keys", 404),
        ("/install/orderchamp/choice", 404),
        ("/install/shopify/callback", 404),
        ("/install/shopify/callback?state=made-up", 404),
        ("/install/unknown/callback", 404),
        ("/install/orderchamp/callback", 404),
        ("/install/orderchamp/callback?state=made-up&code=x", 404),
    ],
)
async def test_what_was_never_begun_is_told_on_a_page_with_the_way_on(walk: Walk, path: str, status: int) -> None:
    answer = await walk.raw(walk.web.url + path)

    assert answer.status_code == status
    assert "Start the installation again in Orderchamp" in answer.text


async def test_what_a_supplier_enters_is_shown_as_text_and_keys_are_not_shown_at_all(walk: Walk) -> None:
    await walk.open(f"{walk.web.url}/install/orderchamp")
    await walk.press("Grant Access")
    await walk.press("Continue", platform="shopify", shop='"><script>alert(1)</script>', price_kind="wholesale")
    page = await walk._client.post(
        f"{walk.web.url}/install/orderchamp/choice",
        content="platform=shopify&shop=%22%3E%3Cscript%3E&price_kind=consumer",
    )
    assert "<script" not in page.text
    assert page.status_code == 422

    await walk.press("Continue", shop="oak-and-ash")
    await walk.open(f"{walk.web.url}/install/shopify")
    assert "enter the keys of the shop by hand" in walk.text
    await walk.open(f"{walk.web.url}/install/shopify/keys")
    await walk.press("Connect", access_token="shpat_wrong_canary")
    assert "The access token is not accepted" in walk.text
    assert "canary" not in walk.text


async def test_keys_by_hand_connect_a_shop_too(walk: Walk) -> None:
    shop = f"{walk.web.shopify}/_sandbox/shops/{SHOP}"
    await walk.web.client.put(shop, json={"credentials": {"access_token": "shpat_by_hand"}})
    await walk.open(f"{walk.web.url}/install/orderchamp")
    await walk.press("Grant Access")
    await walk.press("Continue", platform="shopify", shop="oak-and-ash", price_kind="wholesale")

    await walk.open(f"{walk.web.url}/install/shopify/keys")
    await walk.press("Connect", access_token="shpat_by_hand")
    await walk.web.work()

    assert "Connected" in (await walk.reload()).text


async def test_a_key_that_is_bound_to_a_supplier_sees_their_installs_alone(walk: Walk) -> None:
    install = await walk.start()
    assert (await walk.web.call("GET", f"/v1/installs/{install['id']}", key="bound")).status_code == 200
    answer = await walk.web.call(
        "POST",
        "/v1/suppliers/another/installs",
        {"platform": "shopify", "shop": "other", "settings": {"price_kind": "wholesale"}},
    )
    other = answer.json()
    assert (await walk.web.call("GET", f"/v1/installs/{other['id']}", key="bound")).status_code == 404
    for key, status in (("read", 403), ("operate", 403), ("nobody", 401)):
        refused = await walk.web.call("POST", "/v1/suppliers/oak-and-ash/installs", {}, key=key)
        assert refused.status_code == status
    assert json.dumps(other).count("key=") == 1


async def test_the_scripted_browser_says_what_a_page_is_instead(walk: Walk) -> None:
    await walk.open(f"{walk.web.url}/install/shopify")
    with pytest.raises(NotThere, match=r"There is no button “Approve” .* Not known here"):
        await walk.press("Approve")


async def test_an_app_that_was_removed_at_orderchamp_pauses_and_installing_again_goes_on(walk: Walk) -> None:
    async def install() -> None:
        await walk.open(f"{walk.web.url}/install/orderchamp")
        await walk.press("Grant Access")
        await walk.press("Continue", platform="shopify", shop=SHOP, price_kind="wholesale")
        await walk.press("Install app")
        await walk.web.work()

    await install()
    [application] = (await walk.web.call("GET", "/v1/applications")).json()["items"]
    account = application["orderchamp_account"]
    removed = await walk.web.client.delete(f"{walk.web.orderchamp}/_sandbox/apps/{account}")
    assert removed.json() == {"died": 1}
    shop = f"{walk.web.shopify}/_sandbox/shops/{SHOP}"
    product = (await walk.web.client.get(f"{shop}/products")).json()[0]
    await walk.web.client.patch(f"{shop}/products/{product['id']}", json={"title": "Changed meanwhile"})
    await walk.web.quiet(shop)
    await walk.web.work()

    paused = (await walk.web.call("GET", f"/v1/applications/{application['id']}")).json()
    assert paused["state"] == "paused"
    assert "Perhaps the app was removed there, under Apps & Integrations." in paused["why"]

    await install()
    again = (await walk.web.call("GET", f"/v1/applications/{application['id']}")).json()
    assert again["state"] == "active"
    assert (await walk.web.shown(product["variants"][0]["sku"]))["title"] == "Changed meanwhile"
