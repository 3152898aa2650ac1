"""Replays, dead letters and erasure over HTTP: who may ask for what, and what is answered."""

from uuid import uuid4

from app.store.database import PostgresStore
from tests.api.conftest import Web


async def delivered(web: Web, shop: str) -> tuple[str, list[str]]:
    """An installed shop of which a product was unpublished: the Application's id, and its deliveries, newest first."""
    application = (await web.install()).json()["id"]
    await web.work()
    product = (await web.client.get(f"{shop}/products")).json()[0]
    await web.client.post(f"{shop}/products/{product['id']}/unpublish")
    await web.quiet(shop)
    await web.work()
    listed = (await web.call("GET", f"/v1/applications/{application}/deliveries")).json()["items"]
    assert listed
    return application, [each["id"] for each in listed]


async def test_a_replay_is_started_watched_and_told_beside_the_first_outcome(web: Web, shop: str) -> None:
    application, deliveries = await delivered(web, shop)
    answer = await web.call("POST", "/v1/replays", {"application_id": application}, key="operate")
    assert answer.status_code == 202
    replay = answer.json()
    assert (replay["state"], replay["selection"]["application_id"]) == ("running", application)
    assert replay["by"].startswith("the key ")
    await web.work()
    replay = (await web.call("GET", f"/v1/replays/{replay['id']}")).json()
    assert (replay["state"], replay["worked_through"], replay["estimated_total"], replay["progress"]) == (
        "done",
        len(deliveries),
        len(deliveries),
        1.0,
    )
    assert replay["finished_at"] is not None
    assert sum(replay["counters"].values()) == len(deliveries)
    shown = (await web.call("GET", f"/v1/deliveries/{deliveries[0]}")).json()
    assert [(each["replay_id"], each["by"]) for each in shown["replayed"]] == [(replay["id"], replay["by"])]
    assert "key-operate" not in str(shown)
    cancelled = await web.call("POST", f"/v1/replays/{replay['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "done")


async def test_a_key_of_one_supplier_replays_and_sees_its_own_alone(web: Web, shop: str) -> None:
    application, deliveries = await delivered(web, shop)
    own = await web.call("POST", "/v1/replays", {"delivery_ids": deliveries}, key="bound")
    assert own.status_code == 202
    everybody = (await web.call("POST", "/v1/replays", {"topic": "products/update"})).json()
    for method, path in (("GET", ""), ("POST", "/cancel")):
        assert (await web.call(method, f"/v1/replays/{everybody['id']}{path}", key="bound")).status_code == 404
        assert (await web.call(method, f"/v1/replays/{own.json()['id']}{path}", key="admin")).status_code == 200
        assert (await web.call(method, f"/v1/replays/{uuid4()}{path}")).status_code == 404
    assert (await web.call("POST", "/v1/replays", {"application_id": application}, key="read")).status_code == 403
    assert (await web.call("POST", "/v1/replays", {"delivery_ids": ["999999"]})).status_code == 404


async def test_a_replay_of_nothing_in_particular_is_refused(web: Web) -> None:
    wrong: tuple[dict[str, object], ...] = (
        {},
        {"delivery_ids": []},
        {"delivery_ids": ["x"]},
        {"shop": "x"},
        {"received_from": "2026-11-20T12:00:00"},
        {"received_from": "0001-01-01T00:00:00+03:00"},  # In UTC before there are years.
        {"received_until": "9999-12-31T23:59:59-03:00"},
    )
    for body in wrong:
        for path in ("/v1/replays", "/v1/deliveries/drop"):
            answer = await web.call("POST", path, body)
            assert answer.status_code == 422, body
            assert answer.json()["reasons"]


async def test_a_dead_letter_is_listed_and_dropped(web: Web, shop: str) -> None:
    application, deliveries = await delivered(web, shop)
    store = web.services.store
    assert isinstance(store, PostgresStore)
    async with store.pool.transaction() as connection:
        await connection.execute(
            "UPDATE delivery SET outcome = 'unreadable', reason = 'It is garbled.' WHERE id = :id",
            {"id": int(deliveries[0])},
        )
    path = f"/v1/applications/{application}/deliveries?outcome="
    for outcome in ("dead-letter", "unreadable"):
        assert [each["id"] for each in (await web.call("GET", path + outcome)).json()["items"]] == [deliveries[0]]
    dropped = await web.call("POST", f"/v1/deliveries/{deliveries[0]}/drop", key="operate")
    assert dropped.json()["outcome"] == "dropped"
    assert "It was unreadable: It is garbled." in dropped.json()["reason"]
    assert (await web.call("GET", path + "dead-letter")).json()["items"] == []
    assert (await web.call("POST", "/v1/deliveries/999999/drop")).status_code == 404


async def test_a_delivery_that_was_worked_through_cannot_be_dropped(web: Web, shop: str) -> None:
    _, deliveries = await delivered(web, shop)
    assert (await web.call("POST", f"/v1/deliveries/{deliveries[0]}/drop")).status_code == 409


async def test_a_supplier_is_erased_once_everything_is_uninstalled(web: Web, shop: str) -> None:
    application, deliveries = await delivered(web, shop)
    path = "/v1/suppliers/oak-and-ash"
    refused = await web.call("DELETE", path)
    assert (refused.status_code, application in refused.json()["detail"]) == (409, True)
    await web.call("DELETE", f"/v1/applications/{application}")
    await web.work()
    assert (await web.call("DELETE", path, key="operate")).status_code == 403
    assert (await web.call("DELETE", "/v1/suppliers/another", key="bound")).status_code == 404
    assert (await web.call("DELETE", path, key="bound")).status_code == 202
    assert (await web.install()).status_code == 409
    await web.work()
    assert (await web.call("DELETE", path, key="bound")).status_code == 401, "the supplier's keys are gone, too"
    assert (await web.call("DELETE", path)).status_code == 204
    assert (await web.call("GET", f"/v1/applications/{application}")).status_code == 404
    assert (await web.call("GET", f"/v1/deliveries/{deliveries[0]}")).status_code == 404
    assert (await web.client.post(f"{web.url}/webhooks/shopify/{application}", json={})).status_code == 404


async def test_dead_letters_are_dropped_in_bulk_by_what_they_have_in_common(web: Web, shop: str) -> None:
    application, deliveries = await delivered(web, shop)
    store = web.services.store
    assert isinstance(store, PostgresStore)
    async with store.pool.transaction() as connection:
        await connection.execute(
            "INSERT INTO delivery (application_id, event_id, topic, method, url, headers, outcome, reason) "
            "SELECT :id, 'dead-' || n, 'topic/' || n % 2, 'POST', '', '{}', "
            "CASE WHEN n < 4 THEN 'dead' ELSE 'unreadable' END, 'why' FROM generate_series(1, 6) n",
            {"id": application},
        )

    async def dead() -> list[str]:
        path = f"/v1/applications/{application}/deliveries?outcome=dead-letter"
        return sorted(each["event_id"] for each in (await web.call("GET", path)).json()["items"])

    async def drop(selection: dict[str, object], key: str = "operate") -> object:
        answer = await web.call("POST", "/v1/deliveries/drop", selection, key=key)
        return answer.json() if answer.status_code == 200 else answer.status_code

    assert await drop({"application_id": application}, key="read") == 403
    assert await drop({}) == 422
    assert await drop({"application_id": str(uuid4())}) == 404
    assert await drop({"delivery_ids": ["999999"]}) == 404
    assert await drop({"topic": "topic/1", "outcome": "dead"}) == {"dropped": 2, "more": False}
    assert await dead() == ["dead-2", "dead-4", "dead-5", "dead-6"]
    assert await drop({"received_until": "2020-01-01T00:00:00Z"}) == {"dropped": 0, "more": False}
    assert await drop({"topic": "topic/1"}, key="bound") == {"dropped": 1, "more": False}
    assert await drop({"application_id": application, "delivery_ids": deliveries}) == {"dropped": 0, "more": False}
    assert await drop({"application_id": application, "outcome": "dead-letter"}) == {"dropped": 3, "more": False}
    assert await dead() == []
    async with store.pool.transaction() as connection:
        reasons = await connection.execute("SELECT DISTINCT reason FROM delivery WHERE outcome = 'dropped'")
        assert all("It was " in each and each.startswith("Dropped by the key ") for (each,) in reasons)


async def test_a_key_of_another_supplier_drops_nothing(web: Web, shop: str) -> None:
    await web.install("another-supplier")
    store = web.services.store
    assert isinstance(store, PostgresStore)
    async with store.pool.transaction() as connection:
        await connection.execute(
            "INSERT INTO delivery (application_id, event_id, topic, method, url, headers, outcome) "
            "SELECT id, 'dead', 'topic', 'POST', '', '{}', 'dead' FROM application"
        )
    answer = await web.call("POST", "/v1/deliveries/drop", {"topic": "topic"}, key="bound")
    assert answer.json() == {"dropped": 0, "more": False}


async def test_replays_are_listed_newest_first_page_by_page(web: Web, shop: str) -> None:
    application, deliveries = await delivered(web, shop)
    started = [
        (await web.call("POST", "/v1/replays", selection, key=key)).json()["id"]
        for selection, key in (
            ({"application_id": application}, "admin"),
            ({"delivery_ids": deliveries}, "bound"),
            ({"topic": "nothing"}, "admin"),
        )
    ]

    async def listed(query: str = "", key: str = "read") -> list[str]:
        answer = await web.call("GET", f"/v1/replays?limit=2{query}", key=key)
        assert answer.status_code == 200
        page = answer.json()
        ids = [each["id"] for each in page["items"]]
        following = page["next_cursor"]
        return ids if following is None else ids + await listed(f"{query}&cursor={following}", key)

    assert await listed() == started[::-1]
    assert await listed(key="bound") == [started[1]]
    assert await listed(f"&application_id={application}") == started[::-1]
    assert await listed(f"&application_id={uuid4()}") == []
    await web.call("POST", f"/v1/replays/{started[0]}/cancel")
    assert await listed("&state=cancelled") == [started[0]]
    await web.work()
    assert await listed("&state=running") == []
    assert await listed("&state=done") == [started[2], started[1]]
    (first, *_) = (await web.call("GET", "/v1/replays")).json()["items"]
    assert (first["selection"]["topic"], "applications" in first) == ("nothing", False)
