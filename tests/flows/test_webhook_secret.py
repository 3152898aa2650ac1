"""Secrets that we choose: made at install, accepted, kept when it is installed again, and shown to nobody."""

import pytest

from app.domain.application import Application
from app.domain.errors import InvalidSignature
from app.domain.structs import replace
from app.flows.operate import Revision, change, uninstall
from app.flows.receive_delivery import Reception
from app.flows.webhook_secret import CHOSEN
from app.platforms.adapter import SecretKind, Subscription
from tests.fakes.shop import EPOCH, delivery, product
from tests.fakes.stage import Stage

OURS: tuple[SecretKind, ...] = ("ours", "address")


async def secret_of(stage: Stage, application: Application) -> str | None:
    async with stage.store.transaction() as tx:
        return (await tx.vault.get(str(application.id))).get(CHOSEN)


@pytest.mark.parametrize("kind", OURS)
async def test_a_shop_delivers_with_the_secret_that_was_made_for_it(stage: Stage, kind: SecretKind) -> None:
    stage.shop.secret_kind = kind
    application = await stage.install()
    await stage.settle()

    await stage.carry(*stage.shop.tell(product("1"), event="e1"))

    assert await stage.outcomes(application) == {"e1": None}


@pytest.mark.parametrize("kind", OURS)
async def test_a_delivery_with_another_secret_is_refused(stage: Stage, kind: SecretKind) -> None:
    stage.shop.secret_kind = kind
    application = await stage.install()
    await stage.settle()
    reception = Reception(stage.services)
    wrong = delivery(product("1"), secret=b"another")

    for given in (wrong, replace(wrong, token="another"), replace(wrong, token="")):
        with pytest.raises(InvalidSignature):
            await reception.receive("fake", str(application.id), given)

    assert await stage.outcomes(application) == {}


async def test_where_the_platform_chooses_none_is_made(stage: Stage) -> None:
    assert await secret_of(stage, await stage.install()) is None


@pytest.mark.parametrize("kind", OURS)
async def test_installing_again_keeps_the_secret_and_tells_it_to_the_shop_again(stage: Stage, kind: SecretKind) -> None:
    stage.shop.secret_kind = kind
    application = await stage.install()
    await stage.settle()
    before = await secret_of(stage, application)
    # Somebody meddled with what the shop signs with.
    stage.shop.signs_with.clear()

    await stage.install()
    await stage.settle()

    assert await secret_of(stage, application) == before
    await stage.carry(*stage.shop.tell(product("1"), event="e1"))
    assert await stage.outcomes(application) == {"e1": None}


async def test_installing_again_after_an_uninstall_makes_a_new_secret(stage: Stage) -> None:
    stage.shop.secret_kind = "ours"
    application = await stage.install()
    await stage.settle()
    before = await secret_of(stage, application)
    await uninstall(stage.services, application.id, unpublish=False)
    await stage.settle()
    assert await secret_of(stage, application) is None

    await stage.install()

    assert await secret_of(stage, application) not in (None, before)


async def test_installing_again_is_possible_though_the_stored_secrets_cannot_be_opened(stage: Stage) -> None:
    stage.shop.secret_kind = "ours"
    application = await stage.install()
    await stage.execute("UPDATE secret SET key_id = 'lost'")

    await stage.install()
    await stage.settle()

    await stage.carry(*stage.shop.tell(product("1"), event="e1"))
    assert await stage.outcomes(application) == {"e1": None}


@pytest.mark.parametrize(("before", "after"), [("ours", "address"), ("address", "ours"), ("theirs", "address")])
async def test_credentials_that_deliver_in_another_way_have_the_shop_told_so(
    stage: Stage, before: SecretKind, after: SecretKind
) -> None:
    stage.shop.secret_kind = before
    application = await stage.install()
    await stage.settle()

    stage.shop.secret_kind = after
    await change(stage.services, application.id, Revision(credentials={"token": stage.shop.token}))
    await stage.settle()

    sent = stage.shop.tell(product("1"), event="e1")
    assert len(sent) == 1
    await stage.carry(*sent)
    assert await stage.outcomes(application) == {"e1": None}


async def test_new_credentials_leave_none_of_the_old_ones_behind(stage: Stage) -> None:
    application = await stage.install(credentials={"token": stage.shop.token, "extra": "x"})

    await change(stage.services, application.id, Revision(credentials={"token": stage.shop.token}))

    async with stage.store.transaction() as tx:
        assert sorted(await tx.vault.get(str(application.id))) == ["orderchamp.token", "shop.token"]


async def test_an_uninstall_cancels_the_subscriptions_at_the_secret_address(stage: Stage) -> None:
    stage.shop.secret_kind = "address"
    application = await stage.install()
    await stage.settle()
    others = Subscription(id="x", topic=next(iter(stage.shop.subscriptions.values())).topic, address="https://other/")
    stage.shop.subscriptions["x"] = others

    await uninstall(stage.services, application.id, unpublish=False)
    await stage.settle()

    assert tuple(stage.shop.subscriptions.values()) == (others,)


@pytest.mark.parametrize("kind", OURS)
async def test_what_people_see_of_the_subscriptions_holds_no_secret(stage: Stage, kind: SecretKind) -> None:
    stage.shop.secret_kind = kind
    stage.shop.refused_topics = {"gone"}
    application = await stage.install()
    await stage.settle()
    secret = await secret_of(stage, application)
    assert secret is not None

    async with stage.store.reading() as tx:
        shown = await tx.applications.subscriptions(application.id)
    told = [repr(each) for each in (*shown, *await stage.problems(application, state=None))]

    assert [each.health for each in shown] == ["refused", "active"]
    assert all(each.address == f"https://test/webhooks/fake/{application.id}" for each in shown)
    assert not any(secret in each for each in told)


async def test_a_greeting_is_let_pass_and_not_kept(stage: Stage) -> None:
    application = await stage.install()
    greeting = replace(delivery(product("1")), headers={}, body=b"hello", received_at=EPOCH)

    await Reception(stage.services).receive("fake", str(application.id), greeting)
    await Reception(stage.services).receive_for_app("fake", greeting)

    assert await stage.count("delivery") == 0
