"""Exchanging the secret of a shop's deliveries: none of them is refused meanwhile, wherever it breaks off."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from app.domain.application import Application
from app.domain.errors import InvalidSignature, NotPossibleNow, PlatformRejected
from app.flows.operate import pause, uninstall
from app.flows.rotate_secret import Rotation, rotate_secret, rotation_of
from app.flows.run_lane import claim_lane, run_lane
from app.flows.webhook_secret import CHOSEN, FORMER
from app.platforms.adapter import SecretKind
from app.ports import Claim, Store, Transaction
from tests.fakes.killing import Killer, run_until_killed
from tests.fakes.killing_shop import killing
from tests.fakes.shop import product
from tests.fakes.stage import Stage

OURS: tuple[SecretKind, ...] = ("ours", "address")
SOLD = product("1")


@pytest.fixture(params=OURS)
async def application(stage: Stage, request: pytest.FixtureRequest) -> Application:
    stage.shop.secret_kind = request.param
    installed = await stage.install()
    await stage.settle()
    return installed


class Meanwhile:
    """The store, to which somebody else comes just before a lane first writes something down."""

    def __init__(self, store: Store, act: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._act = act
        self.acted = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextlib.asynccontextmanager
    async def transaction(
        self, claim: Claim | None = None, *, renewed_for: timedelta | None = None
    ) -> AsyncIterator[Transaction]:
        if claim is not None and not self.acted:
            self.acted = True
            await self._act()
        async with self._store.transaction(claim, renewed_for=renewed_for) as tx:
            yield tx


async def secrets(stage: Stage, application: Application) -> dict[str, str]:
    async with stage.store.transaction() as tx:
        found = await tx.vault.get(str(application.id))
    return {name: found[name] for name in (CHOSEN, FORMER) if name in found}


async def rotation(stage: Stage, application: Application) -> Rotation | None:
    async with stage.store.reading() as tx:
        return await rotation_of(tx, application.id)


async def test_the_shop_is_told_the_new_one_and_both_are_accepted_for_a_while(
    stage: Stage, application: Application
) -> None:
    (sent_before,) = stage.shop.tell(SOLD, event="before")
    former = (await secrets(stage, application))[CHOSEN]

    begun = await rotate_secret(stage.services, application.id)
    assert begun == Rotation(handed_over=False, former_until=None)
    await stage.carry(*stage.shop.tell(SOLD, event="not told yet"))
    await stage.settle()

    kept = await secrets(stage, application)
    assert kept[FORMER] == former
    assert kept[CHOSEN] != former
    handed_over = await rotation(stage, application)
    assert handed_over is not None
    assert handed_over.handed_over
    assert handed_over.former_until is not None
    left = handed_over.former_until - stage.services.clock()
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    (sent_after,) = stage.shop.tell(SOLD, event="after")
    await stage.carry(sent_before, sent_after)
    assert set(await stage.outcomes(application)) == {"before", "not told yet", "after"}
    assert await stage.count("import") == 1, "no notice was missed"


async def test_the_former_one_is_forgotten_when_its_time_is_over(stage: Stage, application: Application) -> None:
    (sent_before,) = stage.shop.tell(SOLD, event="before")
    await rotate_secret(stage.services, application.id)
    await stage.settle()

    await stage.keep_appointment("old secret")

    assert list(await secrets(stage, application)) == [CHOSEN]
    assert await rotation(stage, application) is None
    with pytest.raises(InvalidSignature):
        await stage.carry(sent_before)
    await stage.carry(*stage.shop.tell(SOLD, event="after"))


async def test_asking_again_makes_no_further_secret_until_the_former_one_has_ended(
    stage: Stage, application: Application
) -> None:
    await rotate_secret(stage.services, application.id)
    first = await secrets(stage, application)
    await rotate_secret(stage.services, application.id)
    await stage.settle()
    again = await rotate_secret(stage.services, application.id)

    assert await secrets(stage, application) == first
    assert again == await rotation(stage, application)
    await stage.keep_appointment("old secret")
    await rotate_secret(stage.services, application.id)
    assert (await secrets(stage, application))[FORMER] == first[CHOSEN]


async def test_installing_again_meanwhile_keeps_both(stage: Stage, application: Application) -> None:
    await rotate_secret(stage.services, application.id)
    before = await secrets(stage, application)

    await stage.install()
    await stage.settle()

    assert await secrets(stage, application) == before
    assert (await rotation(stage, application)) is not None
    await stage.keep_appointment("old secret")
    await stage.carry(*stage.shop.tell(SOLD, event="after"))


async def test_while_the_shop_refuses_the_new_one_the_former_one_does_not_end(stage: Stage) -> None:
    stage.shop.secret_kind = "ours"
    application = await stage.install()
    await stage.settle()
    stage.shop.refuses = {"order": PlatformRejected("Not now.")}

    await rotate_secret(stage.services, application.id)
    await stage.settle()

    assert await rotation(stage, application) == Rotation(handed_over=False, former_until=None)
    assert len(await stage.problems(application, kind="subscription_refused")) == 2
    await stage.carry(*stage.shop.tell(SOLD, event="e"))
    stage.shop.refuses = {}
    await stage.keep_appointment("subscriptions")
    assert (await rotation(stage, application)) != Rotation(handed_over=False, former_until=None)
    assert await stage.problems(application) == ()


async def test_it_is_not_possible_where_the_platform_chooses_or_the_shop_is_not_called(
    stage: Stage, application: Application
) -> None:
    stage.shop.secret_kind = "theirs"
    with pytest.raises(NotPossibleNow, match="chosen on the side of fake"):
        await rotate_secret(stage.services, application.id)
    await pause(stage.services, application.id)
    with pytest.raises(NotPossibleNow, match="is paused"):
        await rotate_secret(stage.services, application.id)
    await uninstall(stage.services, application.id, unpublish=False)
    with pytest.raises(NotPossibleNow, match="is uninstalling"):
        await rotate_secret(stage.services, application.id)


async def test_a_change_of_secret_while_the_lane_looks_at_the_subscriptions_is_not_lost(
    stage: Stage, application: Application
) -> None:
    await stage.execute("UPDATE appointment SET due_at = now()")
    await stage.execute("UPDATE lane SET due_at = now()")
    held = await claim_lane(stage.services)
    assert held is not None

    store = Meanwhile(stage.store, lambda: rotate_secret(stage.services, application.id))

    await run_lane(replace(stage.services, store=cast("Store", store)), held)
    await stage.settle()

    assert store.acted
    handed_over = await rotation(stage, application)
    assert handed_over is not None
    assert handed_over.handed_over
    await stage.keep_appointment("old secret")
    await stage.carry(*stage.shop.tell(SOLD, event="after"))


async def test_a_worker_killed_anywhere_loses_no_delivery(stage: Stage, application: Application) -> None:
    await rotate_secret(stage.services, application.id)
    await stage.remember()
    shop = deepcopy(stage.shop.__dict__)

    async def work(killer: Killer) -> None:
        for n in range(20):
            killed = await run_until_killed(stage, killer, fake=killing(stage.shop.adapter(), killer))
            if killed:
                await stage.carry(*stage.shop.tell(SOLD, event=f"killed {n}"))
            if not await stage.hurry() and not killed:
                return

    async def live_on(killer: Killer) -> None:
        await stage.go_back()
        stage.shop.__dict__.update(deepcopy(shop))
        await work(killer)
        await stage.carry(*stage.shop.tell(SOLD, event="told"))
        await stage.execute("UPDATE appointment SET due_at = now() WHERE duty = 'old secret'")
        await stage.execute("UPDATE lane SET due_at = now()")
        await work(killer)
        assert list(await secrets(stage, application)) == [CHOSEN], f"killed at await {killer.at}"
        await stage.carry(*stage.shop.tell(SOLD, event="after"))

    counting = Killer()
    await live_on(counting)
    assert counting.awaits > 20
    for at in range(1, counting.awaits + 1):
        await live_on(Killer(at=at))
