"""A working token of an account serves the account's other Applications whose own is dead, and only those."""

import pytest

from app.domain.application import Application
from app.domain.errors import CredentialsRefused
from app.domain.ids import AccountId
from app.flows.operate import Revision, change, pause, uninstall
from tests.fakes.shop import product
from tests.fakes.stage import Stage

FIRST, SECOND, NEW = "first", "second", "new"
OTHER_SHOP = "second.example"


async def two(stage: Stage, *, second: str = SECOND) -> tuple[Application, Application]:
    """Two Applications of one account, each with a token of its own."""
    stage.orderchamp.tokens = {FIRST, second}
    stage.shop.put(product("1"))
    one = await stage.install(orderchamp_token=FIRST)
    other = await stage.install(orderchamp_token=second, shop=OTHER_SHOP)
    await stage.settle()
    return one, other


async def die(stage: Stage, *tokens: str) -> None:
    """Orderchamp accepts these tokens no more, and every Application notices."""
    stage.orderchamp.tokens -= set(tokens)
    await stage.execute("UPDATE target SET observed = NULL")
    await stage.execute("UPDATE source_product SET due_at = now()")
    await stage.execute("UPDATE appointment SET due_at = now() WHERE duty = 'webhook'")
    await stage.execute("UPDATE account_webhook SET keeper = NULL")
    await stage.execute("UPDATE lane SET due_at = now()")
    await stage.settle()


async def state(stage: Stage, application: Application) -> str:
    return (await stage.application(application.id)).state


async def token(stage: Stage, application: Application) -> str | None:
    async with stage.store.transaction() as tx:
        return (await tx.vault.get(str(application.id))).get("orderchamp.token")


@pytest.mark.parametrize("way", ["installed again", "changed"])
async def test_one_that_is_brought_for_one_application_wakes_the_other_one_whose_own_is_dead(
    stage: Stage, way: str
) -> None:
    one, other = await two(stage)
    await die(stage, FIRST, SECOND)
    assert [await state(stage, each) for each in (one, other)] == ["paused", "paused"]
    stage.orderchamp.tokens.add(NEW)
    if way == "changed":
        await change(stage.services, one.id, Revision(orderchamp_token=NEW))
    else:
        await stage.install(orderchamp_token=NEW)
    await stage.settle()
    assert [await state(stage, each) for each in (one, other)] == ["active", "active"]
    assert await token(stage, other) == NEW
    assert await stage.problems(other, kind="credentials_refused") == ()


async def test_a_token_that_works_is_left_alone(stage: Stage) -> None:
    one, other = await two(stage)
    stage.orderchamp.tokens.add(NEW)
    await change(stage.services, one.id, Revision(orderchamp_token=NEW))
    assert await token(stage, other) == SECOND


async def test_a_persons_pause_stays_and_so_does_one_for_the_shop(stage: Stage) -> None:
    one, other = await two(stage)
    await die(stage, FIRST, SECOND)
    await pause(stage.services, other.id)
    stage.orderchamp.tokens.add(NEW)
    await change(stage.services, one.id, Revision(orderchamp_token=NEW))
    assert await token(stage, other) == NEW
    assert await state(stage, other) == "paused"


async def test_another_account_gets_nothing(stage: Stage) -> None:
    one, other = await two(stage)
    await stage.execute("INSERT INTO account (id, supplier_id, name, storefronts) VALUES ('b', 'x', 'B', '[]')")
    await die(stage, FIRST, SECOND)
    await stage.execute("UPDATE application SET account_id = 'b' WHERE id = :id", id=other.id)
    stage.orderchamp.tokens.add(NEW)
    await change(stage.services, one.id, Revision(orderchamp_token=NEW))
    assert await token(stage, other) == SECOND
    assert await state(stage, other) == "paused"


@pytest.mark.parametrize("installed", [True, False])
async def test_a_token_of_another_account_of_the_same_supplier_is_refused(stage: Stage, installed: bool) -> None:
    """What is bound is bound there, and nothing of it may reach another account."""
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    if not installed:
        await uninstall(stage.services, application.id, unpublish=False)
        await stage.settle()
    before = await stage.application(application.id)
    stage.orderchamp.account_id = AccountId("another")
    with pytest.raises(CredentialsRefused, match="another account"):
        await stage.install()
    assert await stage.application(application.id) == before
    if installed:
        with pytest.raises(CredentialsRefused, match="another account"):
            await change(stage.services, application.id, Revision(orderchamp_token="token"))
        assert await stage.application(application.id) == before


async def test_new_credentials_do_not_end_a_pause_that_a_person_wanted(stage: Stage) -> None:
    application = await stage.install()
    await stage.settle()
    await pause(stage.services, application.id)
    await change(
        stage.services, application.id, Revision(orderchamp_token="token", credentials={"token": "shop-token"})
    )
    await stage.settle()
    now = await stage.application(application.id)
    assert (now.state, now.paused_by) == ("paused", "person")
