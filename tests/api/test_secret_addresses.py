"""Addresses that are secrets, for shops that sign nothing: they prove a delivery, and are left behind nowhere."""

from dataclasses import dataclass, replace
from uuid import uuid4

import httpx
import pytest
from sqlmodel import SQLModel

from app.domain.ids import SupplierId
from app.domain.settings import ApplicationSettings
from app.flows.install import Installation, install
from app.flows.receive_delivery import Reception
from app.flows.services import Services
from app.flows.webhook_secret import CHOSEN
from app.store.database import PostgresStore
from tests.api.conftest import ORDERCHAMP_TOKEN, Web
from tests.fakes.shop import FakeShop, delivery, product

SENT = delivery(product("1"), event="e1")


@dataclass
class Door:
    """A shop that signs nothing, installed in the web process; ``address`` is its own without the secret."""

    web: Web
    services: Services
    application_id: str
    token: str

    @property
    def address(self) -> str:
        return f"{self.web.url}/webhooks/fake/{self.application_id}"

    async def post(self, url: str) -> httpx.Response:
        headers = {name: SENT.headers[name] for name in ("topic", "event")}
        return await self.web.client.post(url, content=SENT.body, headers=headers)

    async def kept(self) -> list[tuple[str, str, str]]:
        """Method, address and event id of what is stored."""
        store = self.services.store
        assert isinstance(store, PostgresStore)
        async with store.pool.connection() as connection:
            found = await connection.execute("SELECT method, url, event_id FROM delivery ORDER BY id")
            return [tuple(row) for row in found]


@pytest.fixture
async def door(web: Web) -> Door:
    shop = FakeShop(secret_kind="address")
    services = replace(web.services, adapters={"fake": shop.adapter()}, shop_url=lambda _, each: f"https://{each}")
    web.app.state.reception = Reception(services)
    wanted = Installation(
        supplier_id=SupplierId("oak-and-ash"),
        platform="fake",
        shop="shop.example",
        credentials={"token": shop.token},
        orderchamp_token=ORDERCHAMP_TOKEN,
        storefront_id=None,
        settings=ApplicationSettings(price_kind="wholesale"),
    )
    application, _ = await install(services, wanted)
    async with services.store.reading() as tx:
        token = (await tx.vault.get(str(application.id)))[CHOSEN]
    return Door(web, services, str(application.id), token)


async def test_the_secret_is_made_of_many_letters_and_digits(door: Door) -> None:
    assert door.token.isascii()
    assert door.token.isalnum()
    assert len(door.token) >= 32


async def test_a_delivery_at_the_secret_address_is_stored_without_the_secret(door: Door) -> None:
    answer = await door.post(f"{door.address}/{door.token}?type=products")

    assert (answer.status_code, answer.content) == (200, b"")
    assert await door.kept() == [("POST", f"{door.address}?type=products", "e1")]


async def test_a_call_without_a_body_is_taken_as_well(door: Door) -> None:
    answer = await door.web.client.get(f"{door.address}/{door.token}?type=products", headers={"event": "e2"})

    assert (answer.status_code, answer.content) == (200, b"")
    assert await door.kept() == [("GET", f"{door.address}?type=products", "e2")]


async def test_the_documented_route_answers_as_the_quick_one_does(door: Door) -> None:
    transport = httpx.ASGITransport(app=door.web.app.routes)
    async with httpx.AsyncClient(transport=transport, base_url=door.web.url) as client:
        for name, method in (("e1", "POST"), ("e2", "GET")):
            url = f"/webhooks/fake/{door.application_id}/{door.token}"
            answer = await client.request(method, url, headers={"event": name, "topic": "unknown"})
            assert (answer.status_code, answer.content) == (200, b"")
        refused = await client.post(f"/webhooks/fake/{door.application_id}/wrong")
    assert refused.status_code == 401
    assert await door.kept() == [("POST", door.address, "e1"), ("GET", door.address, "e2")]


@pytest.mark.parametrize("end", ["/wrong", "", "/{token}x", "/{token}/", "//{token}", "/x/{token}", "/%00"])
async def test_any_other_address_proves_nothing(door: Door, end: str) -> None:
    answer = await door.post(door.address + end.replace("{token}", door.token))

    assert answer.status_code in (401, 404)
    assert door.token not in answer.text
    assert await door.kept() == []


async def test_the_secret_written_in_another_way_is_left_behind_nowhere_either(door: Door) -> None:
    answer = await door.post(f"{door.address}/%{ord(door.token[0]):02X}{door.token[1:]}")

    assert answer.status_code == 200
    assert [url for _, url, _ in await door.kept()] == [door.address]


async def test_an_application_that_is_not_there_is_not_found_as_ever(door: Door) -> None:
    unknown = [await door.post(f"{door.web.url}/webhooks/fake/{each}/{door.token}") for each in (uuid4(), "no-id")]
    elsewhere = await door.post(f"{door.web.url}/webhooks/shopify/{door.application_id}/{door.token}")

    assert {each.status_code for each in (*unknown, elsewhere)} == {404}
    assert len({each.content for each in (*unknown, elsewhere)}) == 1


async def test_only_reading_and_posting_are_known_there(door: Door) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = await door.web.client.request(method, f"{door.address}/{door.token}")
        assert answer.status_code == 405
    assert (await door.web.client.get(door.address)).status_code == 405


async def test_a_greeting_is_answered_and_not_kept(door: Door) -> None:
    answer = await door.web.client.post(door.address, content=b"hello")

    assert (answer.status_code, answer.content) == (200, b"")
    assert await door.kept() == []


async def test_no_row_but_the_encrypted_one_knows_the_secret(door: Door, capfd: pytest.CaptureFixture[str]) -> None:
    await door.post(f"{door.address}/{door.token}")
    await door.post(f"{door.address}/{door.token}x")

    store = door.services.store
    assert isinstance(store, PostgresStore)
    async with store.pool.connection() as connection:
        for table in SQLModel.metadata.tables:
            for (row,) in await connection.execute(f"SELECT t::text FROM {table} t"):  # noqa: S608
                assert door.token not in row
    assert door.token not in "".join(capfd.readouterr())


async def test_the_documentation_tells_of_both_ways(door: Door) -> None:
    document = (await door.web.client.get(f"{door.web.url}/openapi.json")).json()

    assert sorted(document["paths"]["/webhooks/{platform}/{application_id}/{token}"]) == ["get", "post"]


async def test_the_secret_is_exchanged_on_request_and_the_answer_tells_how_far_that_is(door: Door) -> None:
    door.web.app.state.services = door.services
    path = f"/v1/applications/{door.application_id}"
    first = await door.web.call("POST", f"{path}/rotate-secret")
    again = await door.web.call("POST", f"{path}/rotate-secret")
    shown = (await door.web.call("GET", path)).json()

    assert first.status_code == again.status_code == 202
    assert first.json() == again.json() == shown["secret_rotation"] == {"handed_over": False, "former_until": None}
    assert door.token not in first.text
    assert (await door.post(f"{door.address}/{door.token}")).status_code == 200
    assert (await door.web.call("POST", f"{path}/rotate-secret", key="read")).status_code == 403


async def test_what_the_platform_chooses_is_not_exchanged_here(web: Web, shop: str) -> None:
    assert shop
    application_id = (await web.install()).json()["id"]

    answer = await web.call("POST", f"/v1/applications/{application_id}/rotate-secret")

    assert answer.status_code == 409
    assert "chosen on the side of shopify" in answer.json()["detail"]
