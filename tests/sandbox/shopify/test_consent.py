"""The stand-in's tokens: given once for a code, ended by the clock, renewed in pairs."""

from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.sandbox.shopify.standin import SECRET, SHOP, StandIn

ASKED = {
    "client_id": "sandbox",
    "scope": "read_products,read_inventory",
    "redirect_uri": "http://127.0.0.1/install/shopify/callback",
    "state": "s",
}
AUTHORIZE = f"/shops/{SHOP}/admin/oauth/authorize"
QUERY = {"query": "{ shop { name } }"}


async def approve(shopify: StandIn) -> str:
    fields = "&".join(f"{name}={value}" for name, value in ASKED.items() if name != "scope")
    content = f"{fields}&answer=install&scope=read_products&scope=read_inventory"
    answer = await shopify.client.post(AUTHORIZE, content=content)
    assert answer.status_code == 302
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]


async def exchange(shopify: StandIn, **asked: str) -> httpx.Response:
    body = {"client_id": "sandbox", "client_secret": SECRET, **asked}
    return await shopify.client.post(f"/shops/{SHOP}/admin/oauth/access_token", json=body)


async def lets_in(shopify: StandIn, token: str) -> bool:
    answer = await shopify.client.post(
        f"/shops/{SHOP}/admin/api/2026-10/graphql.json", json=QUERY, headers={"X-Shopify-Access-Token": token}
    )
    return answer.status_code == 200


async def test_a_code_works_once_and_only_for_who_knows_the_app(shopify: StandIn) -> None:
    code = await approve(shopify)
    assert (await exchange(shopify, code=code, client_secret="wrong")).json() == {"error": "invalid_client"}
    given = (await exchange(shopify, code=code, expiring="1")).json()
    assert (await exchange(shopify, code=code, expiring="1")).status_code == 400

    assert given["scope"] == "read_products,read_inventory"
    assert await lets_in(shopify, given["access_token"])
    assert not await lets_in(shopify, given["refresh_token"])


async def test_a_token_that_ended_is_renewed_and_the_former_refresh_token_lasts_until_the_new_one_is_used(
    shopify: StandIn,
) -> None:
    first = (await exchange(shopify, code=await approve(shopify), expiring="1")).json()
    await shopify.do("POST", "/tokens/expire")
    assert not await lets_in(shopify, first["access_token"])

    async def renew(refresh: str) -> httpx.Response:
        return await exchange(shopify, grant_type="refresh_token", refresh_token=refresh)

    lost = (await renew(first["refresh_token"])).json()
    again = (await renew(first["refresh_token"])).json()
    assert await lets_in(shopify, again["access_token"])
    assert (await renew(lost["refresh_token"])).json() == {"error": "invalid_grant"}
    assert (await renew(again["refresh_token"])).status_code == 200
    assert (await renew(first["refresh_token"])).json() == {"error": "invalid_grant"}


async def test_tokens_die_with_the_uninstall(shopify: StandIn) -> None:
    given = (await exchange(shopify, code=await approve(shopify), expiring="1")).json()
    await shopify.do("POST", "/uninstall")

    assert not await lets_in(shopify, given["access_token"])
    answer = await exchange(shopify, grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert answer.json() == {"error": "invalid_grant"}


async def test_an_app_that_nobody_knows_is_not_asked_about(shopify: StandIn) -> None:
    for wrong in ({"client_id": "other"}, {"redirect_uri": "ftp://evil.example"}):
        assert (await shopify.client.get(AUTHORIZE, params={**ASKED, **wrong})).status_code == 400
    page = await shopify.client.get(AUTHORIZE, params={**ASKED, "state": '"><script>'})
    assert "<script>" not in page.text
