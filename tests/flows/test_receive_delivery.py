"""Receiving: what is remembered of an Application never counts longer than it is true."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytest

from app.domain.application import Application
from app.domain.errors import InvalidSignature, NotStored, UnknownApplication
from app.domain.structs import replace
from app.flows.operate import Revision, change
from app.flows.receive_delivery import Reception
from app.platforms.adapter import Secret
from app.ports import Store
from tests.fakes.shop import FakeShop, delivery, product
from tests.fakes.stage import Stage


@dataclass
class CountingStore:
    """The real store, and how many Applications it was asked for."""

    store: Store
    asked: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def addressees(self, application_ids: Any) -> Any:
        self.asked += len(application_ids)
        return await self.store.addressees(application_ids)


class SignsWithToken:
    """An installation whose shop signs with the token that the supplier entered."""

    def __init__(self, installation: Any) -> None:
        self._installation = installation

    def __getattr__(self, name: str) -> Any:
        return getattr(self._installation, name)

    def secrets(self, credentials: Mapping[str, str]) -> tuple[Secret, ...]:
        return tuple(Secret(value.encode()) for value in credentials.values())


class SignedByTheShop:
    """Webhooks of a platform at whose one address every shop signs with its own secret."""

    app_topics_signed_by = "shop"

    def __init__(self, webhooks: Any) -> None:
        self._webhooks = webhooks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._webhooks, name)


@dataclass
class Desk:
    """A web process that remembers, and an installed Application."""

    stage: Stage
    store: CountingStore
    reception: Reception
    application: Application

    async def hand_in(self, event: str, *, secret: str, platform: str = "fake") -> None:
        signed = delivery(product("1"), event=event, secret=secret.encode())
        await self.reception.receive(platform, str(self.application.id), signed)

    async def kept(self) -> list[str]:
        return sorted(await self.stage.outcomes(self.application))


@pytest.fixture
async def desk(stage: Stage) -> Desk:
    adapter = stage.services.adapters["fake"]
    signing = dataclasses.replace(adapter, installation=cast("Any", SignsWithToken(adapter.installation)))
    store = CountingStore(stage.store)
    stage.services = dataclasses.replace(stage.services, adapters={"fake": signing}, store=cast("Store", store))
    return Desk(stage, store, Reception(stage.services), await stage.install())


async def test_an_application_is_looked_up_once_for_many_deliveries(desk: Desk) -> None:
    for n in range(5):
        await desk.hand_in(f"e{n}", secret="shop-token")
    assert len(await desk.kept()) == 5
    assert desk.store.asked == 1


async def test_a_new_secret_counts_at_once_and_the_old_one_no_longer(desk: Desk) -> None:
    await desk.hand_in("before", secret="shop-token")
    desk.stage.shop.token = "another"
    await change(desk.stage.services, desk.application.id, Revision(credentials={"token": "another"}))
    with pytest.raises(InvalidSignature):
        await desk.hand_in("old", secret="shop-token")
    await desk.hand_in("new", secret="another")
    assert await desk.kept() == ["before", "new"]


async def test_the_first_delivery_under_a_new_secret_is_not_refused(desk: Desk) -> None:
    await desk.hand_in("before", secret="shop-token")
    desk.stage.shop.token = "another"
    await change(desk.stage.services, desk.application.id, Revision(credentials={"token": "another"}))
    await desk.hand_in("new", secret="another")
    assert await desk.kept() == ["before", "new"]


async def test_an_uninstalled_application_is_unknown_at_once(desk: Desk) -> None:
    await desk.hand_in("before", secret="shop-token")
    async with desk.stage.store.transaction() as tx:
        await tx.applications.set_state(desk.application.id, "uninstalled", "Gone.")
    with pytest.raises(UnknownApplication):
        await desk.hand_in("after", secret="shop-token")
    assert await desk.kept() == ["before"]


async def test_an_application_that_was_erased_is_unknown_at_once(desk: Desk) -> None:
    await desk.hand_in("before", secret="shop-token")
    async with desk.stage.store.transaction() as tx:
        await tx.erasures.finish(desk.application.id)
    with pytest.raises(UnknownApplication):
        await desk.hand_in("after", secret="shop-token")


async def test_a_change_that_leaves_the_secret_alone_costs_one_look(desk: Desk) -> None:
    await desk.hand_in("before", secret="shop-token")
    async with desk.stage.store.transaction() as tx:
        await tx.applications.set_state(desk.application.id, "paused", "Paused.", paused_by="person")
    for event in ("first", "second"):
        await desk.hand_in(event, secret="shop-token")
    assert await desk.kept() == ["before", "first", "second"]
    assert desk.store.asked == 2


async def test_a_stranger_is_asked_for_every_time_just_like_one_who_left(desk: Desk) -> None:
    async with desk.stage.store.transaction() as tx:
        await tx.applications.set_state(desk.application.id, "uninstalled", "Gone.")
    for identity in (str(desk.application.id), str(desk.stage.services.new_id())):
        before = desk.store.asked
        for _ in range(3):
            with pytest.raises(UnknownApplication):
                await desk.reception.receive("fake", identity, delivery(product("1")))
        assert desk.store.asked == before + 3


@pytest.mark.parametrize("remembered", [True, False])
async def test_an_application_is_not_found_on_another_platform(desk: Desk, remembered: bool) -> None:
    if remembered:
        await desk.hand_in("before", secret="shop-token")
    with pytest.raises(UnknownApplication):
        await desk.hand_in("e", secret="shop-token", platform="other")


async def test_secrets_that_cannot_be_opened_are_our_fault_and_the_shop_comes_back(desk: Desk) -> None:
    async with desk.stage.store.transaction() as tx:
        await tx.vault.put(str(desk.application.id), {"shop.token": "x"})
    async with desk.stage.store.pool.transaction() as connection:
        await connection.execute("UPDATE secret SET key_id = 'lost'")
    with pytest.raises(NotStored):
        await desk.hand_in("e", secret="shop-token")


@pytest.fixture
def shared_desk(desk: Desk) -> Desk:
    """A desk whose platform delivers to one address for all shops, each with a signature of its own."""
    adapter = desk.stage.services.adapters["fake"]
    shared = dataclasses.replace(adapter, webhooks=cast("Any", SignedByTheShop(adapter.webhooks)))
    desk.reception = Reception(dataclasses.replace(desk.stage.services, adapters={"fake": shared}))
    return desk


async def at_the_shared_address(desk: Desk, event: str, *, shop: str, secret: str) -> None:
    signed = delivery(product("1"), event=event, secret=secret.encode())
    await desk.reception.receive_for_app("fake", replace(signed, headers={**signed.headers, "shop": shop}))


async def test_at_an_address_of_all_shops_a_delivery_is_kept_for_the_shop_that_signed_it(shared_desk: Desk) -> None:
    await at_the_shared_address(shared_desk, "e1", shop=shared_desk.application.shop, secret="shop-token")

    assert await shared_desk.kept() == ["e1"]


async def test_at_an_address_of_all_shops_nobody_signs_for_another_one(shared_desk: Desk) -> None:
    with pytest.raises(InvalidSignature):
        await at_the_shared_address(shared_desk, "e1", shop=shared_desk.application.shop, secret="another")
    for shop in ("nobodys.example", ""):
        with pytest.raises(InvalidSignature):
            await at_the_shared_address(shared_desk, "e2", shop=shop, secret="shop-token")

    assert await shared_desk.kept() == []


async def test_at_the_address_of_another_platform_there_is_nobody(stage: Stage) -> None:
    """Remembered or not: what one platform signs is not to be read as another one's."""
    stage.adapters["other"] = FakeShop().adapter()
    application = await stage.install()
    reception = Reception(stage.services)
    for kept in range(2):
        with pytest.raises(UnknownApplication):
            await reception.receive("other", str(application.id), delivery(product("1", at=kept)))
        assert await stage.count("delivery") == kept
        await reception.receive("fake", str(application.id), delivery(product("1", at=kept)))
