"""Previews over HTTP, of a shop and an Orderchamp that answer over HTTP, too: not one mutation, and then what was foreseen."""

from collections import Counter
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from app.sandbox.orderchamp.schema import load_schema
from app.store.database import PostgresStore
from tests.api.conftest import Web

SENT = {"create_product": "productCreate", "publish": "productPublish", "unpublish": "productUnpublish"}
"""Operations that are a mutation each, and which."""


async def mutations(web: Web) -> Counter[str]:
    """How often Orderchamp was asked to change something, by mutation."""
    counted = (await web.client.get(f"{web.orderchamp}/_sandbox/calls")).json()["by_operation"]
    schema = load_schema()
    assert schema.mutation_type is not None
    return Counter({name: count for name, count in counted.items() if name in schema.mutation_type.fields})


async def previewed(web: Web, application: str, body: object = None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A preview that is done, and all its items, page after page."""
    before = await mutations(web)
    begun = await web.call("POST", f"{application}/preview", body, key="operate")
    assert (begun.status_code, begun.json()["state"]) == (202, "running"), begun.text
    await web.work()
    assert await mutations(web) == before, "something was changed on Orderchamp"
    path = f"{application}/previews/{begun.json()['id']}"
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await web.call("GET", f"{path}?limit=7{cursor}", key="read")).json()
        assert page["state"] == "done", page["reason"]
        found += page["items"]
        if page["next_cursor"] is None:
            return page, found
        cursor = f"&cursor={page['next_cursor']}"


async def settled(web: Web) -> None:
    """Let what was published be shown by now; before that, nobody looks at it anew."""
    store = web.services.store
    assert isinstance(store, PostgresStore)
    async with store.pool.transaction() as connection:
        await connection.execute("UPDATE target SET publishing_until = now()")


async def imported(web: Web, application: str) -> Counter[str]:
    """Import, and return the mutations that took."""
    before = await mutations(web)
    await web.call("POST", f"{application}/imports")
    await web.work()
    return await mutations(web) - before


def by_mutation(items: list[dict[str, Any]]) -> dict[str, int]:
    counted = Counter(each["operation"] for each in items)
    return {mutation: counted[operation] for operation, mutation in SENT.items() if counted[operation]}


async def test_a_preview_tells_what_an_import_sends_and_sends_nothing(web: Web, shop: str) -> None:
    application = f"/v1/applications/{(await web.install()).json()['id']}"
    (begun,) = (await web.call("GET", f"{application}/imports")).json()["items"]
    await web.call("POST", f"{application}/imports/{begun['id']}/cancel")
    await web.work()
    done, items = await previewed(web, application)
    assert (done["progress"], done["counters"]["read"]) == (1, 12)
    sent = await imported(web, application)
    assert {name: sent[name] for name in SENT.values() if sent[name]} == by_mutation(items)
    assert by_mutation(items)["productCreate"] == done["counters"]["create"] == 8
    _, nothing = await previewed(web, application)
    assert nothing == []

    board, _, _ = await web.change_unheard(shop)
    await settled(web)
    _, of_one = await previewed(web, application, {"source_id": str(board["id"])})
    _, items = await previewed(web, application)
    (renamed,) = [each for each in items if each["operation"] == "update_product"]
    assert renamed["fields"] == {"title": {"from": "Oak board", "to": "Oak board, large"}}
    assert of_one == [each for each in items if each["source_id"] == str(board["id"])]
    (sold,) = [each for each in items if each["operation"] == "set_stock"]
    assert (sold["sku"], sold["fields"]["stock"]["to"]) == ("ASH-BOWL", 3)
    sent = await imported(web, application)
    assert {name: sent[name] for name in SENT.values() if sent[name]} == by_mutation(items) == {"productUnpublish": 1}
    assert sent["inventoryLevelBulkAdjust"] == 1


async def test_a_preview_is_listed_filtered_and_cancelled(web: Web, shop: str) -> None:
    application = f"/v1/applications/{(await web.install()).json()['id']}"
    await web.work()
    there = (await web.client.get(f"{shop}/products")).json()
    await settled(web)
    done, items = await previewed(web, application, {"source_id": str(there[0]["id"])})
    path = f"{application}/previews/{done['id']}"
    for kind in ("skipped", "update"):
        filtered = (await web.call("GET", f"{path}?kind={kind}")).json()["items"]
        assert filtered == [each for each in items if each["kind"] == kind]
    assert (await web.call("GET", f"{path}?source_id=another")).json()["items"] == []
    begun = (await web.call("POST", f"{application}/preview")).json()
    assert (await web.call("POST", f"{application}/preview")).json()["id"] == begun["id"], "it is running already"
    cancelled = await web.call("POST", f"{application}/previews/{begun['id']}/cancel", key="operate")
    assert (cancelled.json()["state"], cancelled.json()["reason"]) == ("cancelled", "Cancelled by a person.")
    listed = (await web.call("GET", f"{application}/previews?limit=1")).json()
    rest = (await web.call("GET", f"{application}/previews?cursor={quote(listed['next_cursor'])}")).json()
    assert [each["id"] for each in (*listed["items"], *rest["items"])] == [begun["id"], done["id"]]


async def test_previews_are_for_those_who_may_and_of_what_is_there(web: Web, shop: str) -> None:
    application = f"/v1/applications/{(await web.install()).json()['id']}"
    assert (await web.call("POST", f"{application}/preview", key="read")).status_code == 403
    assert (await web.call("POST", f"/v1/applications/{uuid4()}/preview")).status_code == 404
    assert (await web.call("GET", f"{application}/previews/{uuid4()}")).status_code == 404
    assert (await web.call("POST", f"{application}/previews/{uuid4()}/cancel")).status_code == 404
    assert (await web.call("POST", f"{application}/preview", {"source_id": ""})).status_code == 422
    begun = (await web.call("POST", f"{application}/preview")).json()
    for wrong in ("kind=nothing", "cursor=nothing", "limit=0"):
        assert (await web.call("GET", f"{application}/previews/{begun['id']}?{wrong}")).status_code == 422
    await web.call("DELETE", application)
    assert (await web.call("POST", f"{application}/preview")).status_code == 409
