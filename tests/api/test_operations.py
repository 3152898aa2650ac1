"""What operators see: metrics of a town in which something happened, logs of what went wrong, and no bug without a trace."""

import asyncio
import json
from uuid import uuid4

import pytest

from app.domain.http import Delivery
from app.platforms.adapter import Secret
from app.store.database import PostgresStore
from tests.api.conftest import Web
from tests.api.test_receiving import BODY, address, signed

__all__ = ["address"]


async def scraped(web: Web) -> dict[str, float]:
    answer = await web.call("GET", "/metrics", key=None)
    assert answer.headers["content-type"].startswith("text/plain")
    lines = [each.rsplit(" ", 1) for each in answer.text.splitlines() if not each.startswith("#")]
    return {name: float(value) for name, value in lines}


async def test_what_happened_is_counted(web: Web, address: str) -> None:
    await web.work()
    async with asyncio.timeout(30):
        # On a busy machine a delivery may be told to come back.
        while (await web.client.post(address, content=BODY, headers=signed(BODY))).status_code != 200:
            pass
    await web.client.post(address, content=BODY, headers=signed(BODY, secret="wrong"))
    await web.client.post(f"{web.url}/webhooks/{'x' * 50}/{uuid4()}", content=BODY)
    await web.work()
    metrics = await scraped(web)
    for name, least in {
        'oca_deliveries_total{answer="stored",platform="shopify"}': 1,
        'oca_deliveries_total{answer="invalid signature",platform="shopify"}': 1,
        'oca_deliveries_total{answer="unknown application",platform="unknown"}': 1,
        "oca_intake_commit_seconds_count": 1,
        'oca_product_outcomes_total{platform="shopify",state="published"}': 1,
        'oca_orderchamp_calls_total{operation="account",result="ok"}': 1,
        'oca_orderchamp_calls_total{operation="productPublish",result="ok"}': 1,
        'oca_orderchamp_cost_points_total{operation="find",result="ok"}': 1,
        "oca_orderchamp_call_seconds_count": 1,
        'oca_shop_calls_total{operation="subscribe",platform="shopify",result="ok"}': 8,
        'oca_applications{platform="shopify",state="active"}': 1,
        'oca_lanes{state="idle"}': 1,
        "oca_overview_up": 1,
    }.items():
        assert metrics.get(name, 0) >= least, name
    assert sum(value for name, value in metrics.items() if name.startswith("oca_delivery_outcomes_total{")) == 1


class Logs:
    """What was logged so far, warnings and errors."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def of(self, event: str) -> list[dict[str, object]]:
        told = [each.msg for each in self._caplog.records if isinstance(each.msg, dict)]
        return [each for each in told if each["event"] == event]


@pytest.fixture
def logs(web: Web, caplog: pytest.LogCaptureFixture) -> Logs:
    caplog.set_level("WARNING")
    return Logs(caplog)


async def test_refused_deliveries_are_logged_sparingly(web: Web, address: str, logs: Logs) -> None:
    application_id = address.rsplit("/", 1)[-1]
    for _ in range(3):
        await web.client.post(address, content=BODY, headers=signed(BODY, secret="wrong"))
    await web.client.post(f"{web.url}/webhooks/shopify/no-id", content=BODY)
    assert [(each["answer"], each["application_id"]) for each in logs.of("delivery_refused")] == [
        ("invalid signature", application_id),
        ("unknown application", None),
    ]
    assert (await scraped(web))['oca_log_events_total{event="delivery_refused",level="warning"}'] == 2


async def test_a_bug_in_receiving_has_the_shop_come_back_and_is_logged(
    web: Web, address: str, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, delivery: Delivery, secrets: tuple[Secret, ...]) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(type(web.services.adapters["shopify"].webhooks), "verify", broken)
    answer = await web.client.post(address, content=BODY, headers=signed(BODY))
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-stored")
    assert int(answer.headers["retry-after"]) > 0
    assert [each["application_id"] for each in logs.of("delivery_not_taken")] == [address.rsplit("/", 1)[-1]]


async def test_a_bug_in_a_route_is_answered_as_a_problem_and_logged_with_what_it_was_about(
    web: Web, address: str, logs: Logs
) -> None:
    store = web.services.store
    assert isinstance(store, PostgresStore)
    async with store.pool.transaction() as connection:
        await connection.execute("UPDATE application SET settings = 'no JSON'")
    application_id = address.rsplit("/", 1)[-1]
    answer = await web.call("GET", f"/v1/applications/{application_id}")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["type"] == "/problems/internal-error"
    (failed,) = logs.of("request_failed")
    assert (failed["route"], failed["application_id"], failed["level"]) == (
        "/v1/applications/{application_id}",
        application_id,
        "error",
    )


async def test_a_body_that_is_no_text_is_refused_as_any_other_that_is_not_as_documented(web: Web) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {web.keys['admin']}"}
    answer = await web.client.post(f"{web.url}/v1/replays", content=b"[\xff", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
    assert json.loads(answer.text)["reasons"] == [{"field": "body", "message": "It cannot be read as JSON."}]
