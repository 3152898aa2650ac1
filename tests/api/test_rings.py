"""Orderchamp rings over HTTP: registered by an install, signed where our app registered it, and refused when forged."""

from typing import Any

import httpx
import pytest

from app.store.database import PostgresStore
from tests.api.conftest import ORDERCHAMP_TOKEN, SHOP, Web

CATALOGUE = [{"title": "Oak board", "variants": [{"sku": "OAK", "price": "34.95", "quantity": 12}]}]


async def installed(web: Web, token: str = ORDERCHAMP_TOKEN) -> str:
    """Install a shop with one product and return the Application's id."""
    await web.client.put(
        f"{web.shopify}/_sandbox/shops/{SHOP}",
        json={"credentials": {"access_token": "shpat_canary"}, "catalogue": CATALOGUE},
    )
    answer = await web.install(changes={"orderchamp": {"token": token}})
    assert answer.status_code == 201, answer.text
    await web.work()
    await rest(web)
    return str(answer.json()["id"])


async def rest(web: Web) -> None:
    """Let everything ring that we have written, and then a minute pass."""
    await web.quiet(f"{web.orderchamp}/_sandbox")
    await web.work()
    await execute(web, "UPDATE target SET written_from = 'epoch', written_until = 'epoch', publishing_until = NULL")


async def execute(web: Web, statement: str) -> Any:
    store = web.services.store
    assert isinstance(store, PostgresStore)
    async with store.pool.transaction() as connection:
        return (await connection.execute(statement)).scalar()


async def hear(web: Web) -> None:
    """Wait until everything has rung, and look."""
    await web.quiet(f"{web.orderchamp}/_sandbox")
    await execute(web, "UPDATE appointment SET due_at = now() WHERE duty = 'rings' RETURNING 1")
    await execute(web, "UPDATE lane SET due_at = now() RETURNING 1")
    await web.work()


async def ring(web: Web, **headers: str) -> httpx.Response:
    """Ring where Orderchamp does, without knowing any key."""
    (address,) = [each["url"] for each in await webhooks(web)]
    product = await web.shown("OAK")
    body = {"data": {"product": {"id": product["id"], "updatedAt": "2030-01-01T00:00:00Z"}}}
    return await web.client.post(address, json=body, headers=headers)


async def webhooks(web: Web, token: str = ORDERCHAMP_TOKEN) -> list[dict[str, Any]]:
    query = "{ webhooks(first: 10) { nodes { id url events } } }"
    answer = await web.client.post(
        f"{web.orderchamp}/v1/graphql", json={"query": query}, headers={"Authorization": f"Bearer {token}"}
    )
    found: list[dict[str, Any]] = answer.json()["data"]["webhooks"]["nodes"]
    return found


async def test_what_is_unpublished_by_hand_on_orderchamp_is_held_within_seconds(web: Web) -> None:
    application = await installed(web)
    (webhook,) = await webhooks(web)
    assert webhook["events"] == ["PRODUCT_UPDATED", "PRODUCT_DELETED"]
    shown = await web.shown("OAK")
    await web.client.post(f"{web.orderchamp}/_sandbox/products/{shown['id']}/unpublish")
    await hear(web)
    problems = (await web.call("GET", f"/v1/applications/{application}/problems")).json()["items"]
    assert [each["kind"] for each in problems] == ["held"]
    told = (await web.call("GET", f"/v1/applications/{application}")).json()["orderchamp_webhook"]
    assert (told["health"], told["message"]) == ("active", "")


async def test_what_is_deleted_by_hand_on_orderchamp_is_known_within_seconds(web: Web) -> None:
    application = await installed(web)
    shown = await web.shown("OAK")
    await web.client.delete(f"{web.orderchamp}/_sandbox/products/{shown['id']}")
    await hear(web)
    (product,) = (await web.call("GET", f"/v1/applications/{application}/products")).json()["items"]
    assert product["state"] == "detached"


async def test_nobody_rings_without_the_address_and_every_refusal_is_alike(web: Web) -> None:
    await installed(web)
    (address,) = [each["url"] for each in await webhooks(web)]
    start, _, secret = address.rpartition("/")
    refused = [
        await web.client.post(f"{start}/{wrong}", content=b"{}")
        for wrong in (secret[:-1], secret.swapcase(), "x", "%00", "é" * 20)
    ]
    refused.append(await web.client.get(address))
    refused.append(await ring(web, **{"X-Orderchamp-Account-Id": "another"}))
    assert {each.status_code for each in refused if each.request.method == "POST"} == {404}
    assert len({each.content for each in refused if each.request.method == "POST"}) == 1
    assert refused[-2].status_code == 405
    assert await execute(web, "SELECT count(*) FROM ring") == 0
    assert (await web.client.post(address, content=b"nonsense")).status_code == 200
    assert (await ring(web)).status_code == 200
    counted = (await web.call("GET", "/metrics", key=None)).text
    assert 'oca_deliveries_total{answer="stored",platform="orderchamp"}' in counted


async def test_what_our_app_registered_rings_signed_and_what_is_not_signed_is_refused(web: Web) -> None:
    await web.client.put(f"{web.orderchamp}/_sandbox/accounts/{ORDERCHAMP_TOKEN}", json={"name": "Oak & Ash"})
    token = await granted(web)
    await installed(web, token)
    assert await execute(web, "SELECT signed FROM account_webhook"), "what we wrote has rung"
    shown = await web.shown("OAK")
    await web.client.post(f"{web.orderchamp}/_sandbox/products/{shown['id']}/unpublish")
    await web.quiet(f"{web.orderchamp}/_sandbox")
    assert await execute(web, "SELECT count(*) FROM ring") == 1
    await hear(web)
    assert (await ring(web)).status_code == 401
    assert (await ring(web, **{"X-Orderchamp-Signature": "0" * 64})).status_code == 401
    assert await execute(web, "SELECT count(*) FROM ring") == 0


async def granted(web: Web) -> str:
    """The token that an app gets from the supplier."""
    account = {"query": "{ account { id } }"}
    headers = {"Authorization": f"Bearer {ORDERCHAMP_TOKEN}"}
    told = (await web.client.post(f"{web.orderchamp}/v1/graphql", json=account, headers=headers)).json()
    given = {
        "response_type": "code",
        "client_id": "test-orderchamp-app",
        "redirect_uri": "http://127.0.0.1/back",
        "scope": "account_read",
        "state": "s",
        "account_id": told["data"]["account"]["id"],
        "answer": "grant",
    }
    answer = await web.client.post(f"{web.orderchamp}/oauth/authorize", data=given)
    code = httpx.URL(answer.headers["location"]).params["code"]
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": "test-orderchamp-app",
        "client_secret": "test-orderchamp-app-secret",
    }
    token: str = (await web.client.post(f"{web.orderchamp}/oauth/access_token", json=asked)).json()["access_token"]
    return token


@pytest.mark.parametrize("switches", [{"refuse_local_webhooks": True}])
async def test_an_address_that_orderchamp_does_not_accept_is_told_and_stops_nothing(
    web: Web, switches: dict[str, Any]
) -> None:
    await web.client.put(f"{web.orderchamp}/_sandbox/switches", json={"bucket": "unlimited", **switches})
    application = (await web.call("GET", f"/v1/applications/{await installed(web)}")).json()
    assert application["state"] == "active"
    assert application["orderchamp_webhook"]["health"] == "refused"
    assert "Url is not allowed" in application["orderchamp_webhook"]["message"]
    assert (await web.shown("OAK"))["status"] == "published"


async def test_an_uninstall_takes_the_webhook_away(web: Web) -> None:
    application = await installed(web)
    assert len(await webhooks(web)) == 1
    await web.call("DELETE", f"/v1/applications/{application}")
    await web.work()
    assert await webhooks(web) == []
    assert (await web.call("DELETE", f"/v1/applications/{application}")).status_code == 204
