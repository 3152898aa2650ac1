"""Receiving while things go wrong: the database is slow or away, clients drip, and several web processes work at once."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from tests.api.conftest import SHOP_TOKEN, Web, settings
from tests.api.test_receiving import BODY, address, deliveries, signed
from tests.fakes.machine import watched
from tests.fakes.relay import Relay, relay
from tests.fakes.serving import serving

__all__ = ["address"]

A_SECOND = 1.0


@pytest.fixture
async def way(database_url: str) -> AsyncIterator[Relay]:
    async with relay(database_url) as opened:
        yield opened


@pytest.fixture
async def beyond(way: Relay, web: Web) -> AsyncIterator[str]:
    """A second web process, whose way to the database can be cut; its base URL."""
    async with serving(create_app(_like(web, way.url))) as url:
        yield url


def _like(web: Web, database_url: str) -> Settings:
    return settings(database_url, public_url=web.url)


async def timed(client: httpx.AsyncClient, url: str, *, event: str) -> tuple[httpx.Response, float]:
    """Deliver; the answer, and the seconds that it took, without those in which others had the processor."""
    async with watched() as machine:
        answer = await client.post(url, content=BODY, headers=signed(BODY, event=event))
        return answer, machine.ours()


def beside(address: str, url: str) -> str:
    """The address of the same Application at another web process."""
    return url + address[address.index("/webhooks") :]


@pytest.mark.parametrize("silent", [True, False])
@pytest.mark.parametrize("remembered", [True, False])
async def test_a_database_that_is_away_costs_a_shop_less_than_a_second_and_it_recovers(
    web: Web, address: str, way: Relay, beyond: str, silent: bool, remembered: bool
) -> None:
    there = beside(address, beyond)
    if remembered:
        assert (await timed(web.client, there, event="before"))[0].status_code == 200
    await (_fall_silent(way) if silent else way.cut())
    # The client's connections are open already: its own work is not what is timed.
    await asyncio.gather(*(web.client.get(f"{beyond}/healthz") for _ in range(10)))
    for answer, took in await asyncio.gather(*(timed(web.client, there, event=f"e{n}") for n in range(10))):
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["type"] == "/problems/not-stored"
        assert took < A_SECOND
    assert (await web.client.get(f"{beyond}/readyz")).status_code == 503
    assert (await web.client.get(f"{beyond}/healthz")).status_code == 200
    if silent:
        way.flowing.set()
    else:
        await way.open()
    async with asyncio.timeout(10):
        while (await timed(web.client, there, event="after"))[0].status_code != 200:
            pass
    assert (await web.client.get(f"{beyond}/readyz")).status_code == 200
    assert "after" in {each["event_id"] for each in await deliveries(web, address)}


async def _fall_silent(way: Relay) -> None:
    way.flowing.clear()


async def test_every_web_process_honours_a_new_secret_and_an_uninstall_at_once(
    web: Web, address: str, beyond: str
) -> None:
    async def deliver(secret: str, event: str) -> int:
        headers = signed(BODY, secret=secret, event=event)
        return (await web.client.post(beside(address, beyond), content=BODY, headers=headers)).status_code

    application = f"/v1/applications/{address.rsplit('/', 1)[-1]}"
    for secret in ("one", "two"):
        change = {"credentials": {"access_token": SHOP_TOKEN, "client_secret": secret}}
        assert (await web.call("PATCH", application, change)).status_code == 200
        assert await deliver(secret, secret) == 200
    assert await deliver("one", "forged") == 401
    assert (await web.call("DELETE", application)).status_code in (202, 204)
    await web.work()
    assert await deliver("two", "late") == 404
    assert {each["event_id"] for each in await deliveries(web, address)} == {"one", "two"}


async def test_several_web_processes_keep_an_event_once(web: Web, address: str, beyond: str) -> None:
    targets = [address, beside(address, beyond)]
    for _ in range(4):
        waiting = list(range(40))
        async with asyncio.timeout(30):
            while waiting:
                # On a busy machine some are told to come back, as a shop does then.
                answers = await asyncio.gather(
                    *(timed(web.client, targets[n % 2], event=f"e{n // 4}") for n in waiting)
                )
                assert {answer.status_code for answer, _ in answers} <= {200, 503}
                waiting = [n for n, (answer, _) in zip(waiting, answers, strict=True) if answer.status_code == 503]
    assert len(await deliveries(web, address)) == 10


async def test_a_body_that_drips_is_given_up_and_keeps_nobody_waiting(web: Web, address: str) -> None:
    web.app.state.body_seconds = 0.2
    port = int(web.url.rsplit(":", 1)[-1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = address[address.index("/webhooks") :]
    head = "".join(f"{name}: {value}\r\n" for name, value in signed(BODY).items())
    writer.write(f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(BODY)}\r\n{head}\r\n".encode() + BODY[:5])
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"retry-after" in answer.lower()
    assert await deliveries(web, address) == []


async def test_a_body_in_many_pieces_is_stored_whole(web: Web, address: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for n in range(len(BODY)):
            yield BODY[n : n + 1]

    assert (await web.client.post(address, content=pieces(), headers=signed(BODY))).status_code == 200
    (stored,) = await deliveries(web, address)
    assert (await web.call("GET", f"/v1/deliveries/{stored['id']}")).json()["body"].encode() == BODY


async def test_the_largest_body_is_stored(web: Web, address: str) -> None:
    body = bytes(web.app.state.max_body_bytes)
    web.app.state.body_seconds = 60.0
    async with asyncio.timeout(60):
        # A busy machine may not store it in time; then a shop sends it again, as often as it takes.
        while (status := (await web.client.post(address, content=body, headers=signed(body))).status_code) == 503:
            pass
    assert status == 200
    assert len(await deliveries(web, address)) == 1


async def test_the_documented_route_answers_as_the_short_way_does(web: Web, address: str) -> None:
    path = address[address.index("/webhooks") :]
    stranger = f"/webhooks/shopify/{uuid4()}"
    async with serving(web.app.routes) as documented:
        for target, secret in ((path, None), (path, "wrong"), (stranger, None)):
            headers = signed(BODY) if secret is None else signed(BODY, secret=secret)
            answers = [
                await web.client.post(base + target, content=BODY, headers=headers) for base in (web.url, documented)
            ]
            assert len({(each.status_code, each.content) for each in answers}) == 1
    assert len(await deliveries(web, address)) == 1


async def test_unknown_and_uninstalled_get_the_same_answer(web: Web, address: str) -> None:
    await web.call("DELETE", f"/v1/applications/{address.rsplit('/', 1)[-1]}")
    await web.work()
    answers = [
        await web.client.post(url, content=BODY, headers=signed(BODY))
        for url in (address, f"{web.url}/webhooks/shopify/{uuid4()}")
    ]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].content == answers[1].content
