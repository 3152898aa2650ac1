"""Shops side by side, over HTTP: two on different platforms of one supplier, and one that two suppliers want."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.sandbox.woocommerce.server import create_app as create_woocommerce
from tests.api.conftest import ORDERCHAMP_TOKEN, SHOP, SHOP_TOKEN, Web, town
from tests.fakes.serving import serving

WOO = "oak-and-ash.example"
KEYS = {"consumer_key": "ck_" + "1" * 40, "consumer_secret": "cs_" + "2" * 40}


def goods(title: str, **skus: int) -> dict[str, Any]:
    variants = [{"sku": sku, "price": "9.50", "quantity": quantity} for sku, quantity in skus.items()]
    return {"title": title, "variants": variants}


@dataclass
class Street:
    """Two shops, a Shopify and a WooCommerce one, before they are installed."""

    web: Web
    woo: str

    async def shopify(self, *catalogue: dict[str, Any]) -> str:
        controls = f"{self.web.shopify}/_sandbox/shops/{SHOP}"
        await self.web.client.put(
            controls, json={"credentials": {"access_token": SHOP_TOKEN}, "catalogue": list(catalogue)}
        )
        return controls

    async def woocommerce(self, *catalogue: dict[str, Any]) -> str:
        controls = f"{self.woo}/_sandbox/shops/{WOO}"
        await self.web.client.put(controls, json={"credentials": KEYS, "catalogue": list(catalogue)})
        return controls

    async def install_woocommerce(self, supplier: str = "oak-and-ash") -> str:
        answer = await self.web.install(
            supplier, changes={"platform": "woocommerce", "shop": WOO, "credentials": dict(KEYS)}
        )
        assert answer.status_code == 201, answer.text
        await self.web.work()
        return str(answer.json()["id"])

    async def install_shopify(self) -> str:
        answer = await self.web.install()
        assert answer.status_code == 201, answer.text
        await self.web.work()
        return str(answer.json()["id"])

    async def hear(self, controls: str) -> None:
        """Let everything arrive that a shop tells, and bring it about."""
        await self.web.quiet(controls)
        await self.web.work()

    async def get(self, path: str) -> Any:
        answer = await self.web.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def count(self, title: str) -> int:
        found = (await self.web.client.get(f"{self.web.orderchamp}/_sandbox/products?token={ORDERCHAMP_TOKEN}")).json()
        return sum(each["title"] == title for each in found)


@pytest.fixture
async def street(database_url: str) -> AsyncIterator[Street]:
    async with (
        serving(create_woocommerce()) as woo,
        town(database_url, shops={"woocommerce": woo + "/shops/{shop}"}) as web,
    ):
        yield Street(web, woo)


def stock(shown: dict[str, Any], sku: str) -> int | None:
    return next((each["quantity"] for each in shown["variants"] if each["sku"] == sku), None)


async def test_a_supplier_s_shops_on_two_platforms_each_keep_to_their_own_products(street: Street) -> None:
    shopify = await street.shopify(goods("Oak board", OAK=12))
    woo = await street.woocommerce(goods("Ash bowl", ASH=5))
    first, second = await street.install_shopify(), await street.install_woocommerce()
    installed = (await street.get("/v1/suppliers/oak-and-ash/applications"))["items"]
    assert {(each["id"], each["platform"], each["state"]) for each in installed} == {
        (first, "shopify", "active"),
        (second, "woocommerce", "active"),
    }
    for application, title in ((first, "Oak board"), (second, "Ash bowl")):
        products = (await street.get(f"/v1/applications/{application}/products"))["items"]
        assert [(each["title"], each["state"]) for each in products] == [(title, "published")]

    for controls, sku in ((shopify, "OAK"), (woo, "ASH")):
        (product,) = (await street.web.client.get(f"{controls}/products")).json()
        variant = product["variants"][0]["id"]
        await street.web.client.put(
            f"{controls}/products/{product['id']}/variants/{variant}/stock", json={"quantity": 3}
        )
        await street.hear(controls)
        assert stock(await street.web.shown(sku), sku) == 3

    answer = await street.web.call("DELETE", f"/v1/applications/{first}?products=unpublish")
    assert answer.status_code == 202
    await street.web.work()
    assert (await street.web.shown("OAK"))["status"] == "unpublished"
    assert (await street.web.shown("ASH"))["status"] == "published"
    assert (await street.get(f"/v1/applications/{second}"))["state"] == "active"


async def test_an_sku_that_both_shops_have_is_left_alone_until_a_person_says_whose_it_is(street: Street) -> None:
    await street.shopify(goods("Oak board", OAK=12))
    await street.woocommerce(goods("Oak board, again", OAK=5))
    first, second = await street.install_shopify(), await street.install_woocommerce()
    conflicts = {}
    for application in (first, second):
        (problem,) = (await street.get(f"/v1/applications/{application}/problems?kind=sku_conflict"))["items"]
        candidates = problem["details"]["candidates"]["shop"]
        assert {each["application_id"] for each in candidates} == {first, second}
        conflicts[application] = problem
    assert await street.count("Oak board, again") == 0
    assert stock(await street.web.shown("OAK"), "OAK") == 12, "what is bound goes on"

    mine = next(each for each in conflicts[second]["details"]["candidates"]["shop"] if each["application_id"] == second)
    answer = await street.web.call(
        "POST",
        f"/v1/problems/{conflicts[second]['id']}/resolve",
        {"action": "bind", "source_variant_id": mine["source_variant_id"]},
    )
    assert answer.status_code == 200, answer.text
    await street.web.work()
    shown = await street.web.shown("OAK")
    assert stock(shown, "OAK") == 5
    for application in (first, second):
        left = (await street.get(f"/v1/applications/{application}/problems?kind=sku_conflict"))["items"]
        assert [each["state"] for each in left] in ([], ["closed"])


async def test_a_shop_belongs_to_one_supplier_at_a_time(street: Street) -> None:
    web = street.web
    await street.shopify(goods("Oak board", OAK=12))
    first = await street.install_shopify()
    await web.client.put(f"{web.orderchamp}/_sandbox/accounts/other-token", json={"name": "Birch & Beech"})
    theirs = {"orderchamp": {"token": "other-token"}}

    refused = await web.install("birch-and-beech", changes=theirs)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/already-installed")
    await web.client.put(
        f"{web.shopify}/_sandbox/shops/birch.myshopify.com", json={"credentials": {"access_token": SHOP_TOKEN}}
    )
    with_our_token = await web.install("birch-and-beech", changes={"shop": "birch.myshopify.com"})
    assert (with_our_token.status_code, with_our_token.json()["type"]) == (422, "/problems/credentials-refused")
    assert (await web.call("GET", f"/v1/applications/{first}", key="bound")).status_code == 200

    await web.call("DELETE", f"/v1/applications/{first}")
    await web.work()
    second = await web.install("birch-and-beech", changes=theirs)
    assert second.status_code == 201, second.text
    assert second.json()["id"] != first
    await web.work()
    assert (await web.call("GET", f"/v1/applications/{second.json()['id']}", key="bound")).status_code == 404
    for token in (ORDERCHAMP_TOKEN, "other-token"):
        found = (await web.client.get(f"{web.orderchamp}/_sandbox/products?token={token}&sku=OAK")).json()
        assert [each["status"] for each in found] == ["published"], "each account has its own"

    back = await web.install()
    assert back.status_code == 409, "it is the other supplier's now"
    await web.call("DELETE", f"/v1/applications/{second.json()['id']}")
    await web.work()
    again = await web.install()
    assert (again.status_code, again.json()["id"]) == (200, first)
