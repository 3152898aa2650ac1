"""Imports and sweeps over HTTP, against stand-ins that answer over HTTP, too."""

from urllib.parse import quote
from uuid import uuid4

import pytest

from app.platforms.shopify import catalogue
from tests.api.conftest import Web


async def installed(web: Web) -> str:
    application: str = (await web.install()).json()["id"]
    await web.work()
    return f"/v1/applications/{application}"


async def test_a_sweep_names_what_was_dropped_and_makes_up_for_it(web: Web, shop: str) -> None:
    application = await installed(web)
    assert (await web.call("GET", application)).json()["last_sweep"] is None
    board, bowl, spoon = await web.change_unheard(shop)
    await web.work()
    assert (await web.shown("OAK-S"))["title"] == "Oak board"
    begun = await web.call("POST", f"{application}/sweeps", key="operate")
    assert (begun.status_code, begun.json()["state"]) == (202, "running")
    await web.work()
    sweep = (await web.call("GET", f"{application}/sweeps/{begun.json()['id']}", key="read")).json()
    assert (sweep["state"], sweep["counters"]["missed_deletion"]) == ("done", 1), sweep
    first = (await web.call("GET", f"{application}/sweeps/{sweep['id']}/findings?limit=2")).json()
    rest = await web.call("GET", f"{application}/sweeps/{sweep['id']}/findings?cursor={first['next_cursor']}")
    found = {each["source_id"]: each["kind"] for each in (*first["items"], *rest.json()["items"])}
    assert found == {
        str(board["id"]): "missed_change",
        str(bowl["id"]): "missed_change",
        str(spoon["id"]): "missed_deletion",
    }
    assert (await web.shown("OAK-S"))["title"] == "Oak board, large"
    assert [each["quantity"] for each in (await web.shown("ASH-BOWL"))["variants"]] == [3]
    assert (await web.shown("SPOON-W"))["status"] == "unpublished"
    details = (await web.call("GET", application)).json()
    assert details["last_sweep"]["id"] == sweep["id"]
    assert details["next_sweep_at"] is not None
    listed = (await web.call("GET", f"{application}/sweeps")).json()["items"]
    assert [each["id"] for each in listed] == [sweep["id"]]


async def test_only_active_applications_are_swept_and_only_by_those_who_may(web: Web, shop: str) -> None:
    application = await installed(web)
    assert (await web.call("POST", f"{application}/sweeps", key="read")).status_code == 403
    await web.call("POST", f"{application}/pause")
    assert (await web.call("POST", f"{application}/sweeps")).status_code == 409
    for path in (f"sweeps/{uuid4()}", f"sweeps/{uuid4()}/findings", f"imports/{uuid4()}"):
        assert (await web.call("GET", f"{application}/{path}")).status_code == 404
    for cursor in ("nothing", "2026-11-20", quote("0001-01-01T00:00:00+03:00")):
        assert (await web.call("GET", f"{application}/sweeps?cursor={cursor}")).status_code == 422, cursor


async def test_an_import_of_a_large_shop_reads_the_file_that_the_shop_writes(
    web: Web, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "MANY_PRODUCTS", 3)
    await web.client.put(f"{shop}/switches", json={"bulk_seconds": 0})
    application = await installed(web)
    by_name = (await web.client.get(f"{web.shopify}/_sandbox/calls")).json()["by_name"]
    assert by_name["bulkStart"] == 1
    assert "page" not in by_name
    (done,) = (await web.call("GET", f"{application}/imports")).json()["items"]
    assert (done["state"], done["progress"], done["estimated_total"], done["estimated_seconds"]) == (
        "done",
        1,
        12,
        None,
    )
    assert {name: done["counters"][name] for name in ("read", "wanted", "created", "skipped")} == {
        "read": 12,
        "wanted": 12,
        "created": 8,
        "skipped": 4,
    }
    assert (await web.call("GET", application)).json()["counters"]["products"] == {"published": 8, "skipped": 4}
