"""Credentials that expire: renewed in the lane, kept before they are used, and dead only when the shop says so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.application import Application
from app.domain.errors import CredentialsRefused, PlatformUnavailable
from app.domain.event import Incomplete
from app.domain.ids import SourceId
from app.flows.operate import Revision, change, uninstall
from tests.fakes.killing import Killer, run_until_killed
from tests.fakes.killing_shop import killing
from tests.fakes.shop import product
from tests.fakes.stage import Stage

LATER = (datetime.now(UTC) + timedelta(days=1)).isoformat()
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC).isoformat()
THIN = Incomplete(source_id=SourceId("1"), reason="it is thin")


@pytest.fixture
async def application(stage: Stage) -> Application:
    stage.shop.put(product("1"))
    installed = await stage.install(credentials={"token": stage.shop.token, "renew_at": LATER, "extra": "x"})
    await stage.settle()
    assert stage.shop.renewals == 0
    return installed


async def end(stage: Stage, application: Application) -> None:
    """Let the token's time be over; the shop accepts it no more."""
    async with stage.store.transaction() as tx:
        await tx.vault.put(str(application.id), {"shop.renew_at": LONG_AGO})
    stage.shop.token = "none"


async def kept(stage: Stage, application: Application) -> dict[str, str]:
    async with stage.store.transaction() as tx:
        found = await tx.vault.get(str(application.id))
    return {name: value for name, value in found.items() if name.startswith("shop.")}


async def test_a_token_is_renewed_before_the_shop_is_called_and_what_it_replaces_is_gone(
    stage: Stage, application: Application
) -> None:
    await end(stage, application)
    before = (await stage.application(application.id)).revision
    stage.shop.put(product("1", at=1, title="New"))

    await stage.hear(application, THIN)
    await stage.settle()

    assert (await stage.product(application, "1")).title == "New"
    found = await kept(stage, application)
    assert set(found) == {"shop.token", "shop.renew_at"}
    assert found["shop.token"] == "token-1"
    assert stage.shop.renewals == 1
    assert (await stage.application(application.id)).revision == before, "whoever receives need not look it up again"


async def test_what_the_shop_signs_with_counts_at_once_when_it_comes_with_a_renewal(
    stage: Stage, application: Application
) -> None:
    plain = stage.adapters["fake"].installation

    class Signing:
        def __getattr__(self, name: str) -> object:
            return getattr(plain, name)

        def secrets(self, credentials: dict[str, str]) -> tuple[str, ...]:
            return (credentials["token"],)

    signing = replace(stage.adapters["fake"], installation=Signing())  # type: ignore[arg-type]
    stage.adapters["fake"] = signing
    await end(stage, application)
    before = (await stage.application(application.id)).revision

    await stage.keep_appointment("subscriptions")

    assert (await stage.application(application.id)).revision > before
    assert (await stage.application(application.id)).state == "active"


async def test_a_shop_that_gives_none_for_now_holds_up_only_what_needs_the_shop(
    stage: Stage, application: Application
) -> None:
    await end(stage, application)
    stage.shop.refuses = {"renew": PlatformUnavailable("Not now.", retry_after=timedelta(minutes=10))}

    await stage.hear(application, product("2"), THIN)
    assert await stage.run_lanes() < 5, "the lane runs in circles"

    assert (await stage.product(application, "2")).state == "published"
    assert (await stage.application(application.id)).state == "active"
    assert stage.shop.reads == []
    stage.shop.refuses = {}
    await stage.settle()
    assert stage.shop.reads == ["1"]


async def test_a_shop_that_gives_none_any_more_pauses_until_new_ones_arrive(
    stage: Stage, application: Application
) -> None:
    await end(stage, application)
    stage.shop.refuses = {"renew": CredentialsRefused("shop", "The app was removed.")}
    await stage.keep_appointment("subscriptions")
    assert (await stage.application(application.id)).state == "paused"
    await stage.problem(application, "credentials_refused")

    stage.shop.refuses = {}
    stage.shop.token = "new"
    await change(stage.services, application.id, Revision(credentials={"token": "new", "renew_at": LATER}))
    await stage.settle()

    assert (await stage.application(application.id)).state == "active"
    assert await stage.problems(application) == ()


async def test_an_uninstall_ends_though_no_credentials_are_given_any_more(
    stage: Stage, application: Application
) -> None:
    await end(stage, application)
    stage.shop.refuses = {"renew": CredentialsRefused("shop", "The app was removed.")}

    await uninstall(stage.services, application.id, unpublish=False)
    await stage.settle()

    assert (await stage.application(application.id)).state == "uninstalled"


async def test_credentials_that_are_over_when_they_are_brought_are_renewed_before_they_are_tried(stage: Stage) -> None:
    application = await stage.install(credentials={"token": "over", "renew_at": LONG_AGO})
    assert (await kept(stage, application))["shop.token"] == "token-1"

    await change(stage.services, application.id, Revision(credentials={"token": "over", "renew_at": LONG_AGO}))

    assert (await kept(stage, application))["shop.token"] == "token-2"


async def test_a_worker_killed_anywhere_asks_again(stage: Stage, application: Application) -> None:
    for at in range(1, 25):
        await end(stage, application)
        await stage.execute("UPDATE lane SET wake = wake + 1")
        killer = Killer(at=at)
        if await run_until_killed(stage, killer, fake=killing(stage.shop.adapter(), killer)):
            await stage.hurry()
        await stage.execute("UPDATE lane SET wake = wake + 1")
        await stage.settle()

        assert (await kept(stage, application))["shop.token"] == stage.shop.token, f"killed at await {at}"
        assert (await stage.application(application.id)).state == "active"
