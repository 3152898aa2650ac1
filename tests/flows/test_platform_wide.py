"""The platform-wide address: what the shop that is named has signed itself, and strangers who learn nothing."""

import pytest

from app.domain.errors import DeliveryError, InvalidSignature
from app.domain.event import Uninstalled
from app.domain.http import Delivery
from app.domain.structs import replace
from app.flows.operate import uninstall
from app.flows.receive_delivery import NOBODYS, Reception
from app.platforms.adapter import Secret
from tests.fakes.shop import delivery
from tests.fakes.stage import Stage

OURS, THEIRS = Secret(b"secret"), Secret(b"another")


@pytest.fixture
def stage(stage: Stage) -> Stage:
    stage.shop.signs_app_topics = True
    stage.adapters["fake"] = stage.shop.adapter()
    return stage


def notice(shop: str | None, secret: Secret = OURS) -> Delivery:
    made = delivery(Uninstalled(), event="e1", secret=secret.value)
    return replace(made, headers={**made.headers, **({} if shop is None else {"shop": shop})})


async def refusal(stage: Stage, given: Delivery) -> tuple[type[DeliveryError], str]:
    with pytest.raises(DeliveryError) as refused:
        await Reception(stage.services).receive_for_app("fake", given)
    return type(refused.value), str(refused.value)


async def test_what_the_shop_signed_is_kept_for_its_application(stage: Stage) -> None:
    application = await stage.install()

    await Reception(stage.services).receive_for_app("fake", notice("shop.example"))

    assert await stage.outcomes(application) == {"e1": None}


async def test_strangers_and_wrong_signatures_are_refused_alike(stage: Stage) -> None:
    application = await stage.install()
    left = await stage.install(shop="left.example")
    await uninstall(stage.services, left.id, unpublish=False)
    await stage.settle()

    refusals = {
        await refusal(stage, given)
        for given in (
            notice("shop.example", THEIRS),
            notice("stranger.example"),
            notice("stranger.example", NOBODYS),
            notice("left.example"),
            notice(None),
        )
    }

    assert [kind for kind, _ in refusals] == [InvalidSignature]
    assert await stage.outcomes(application) == {}
    assert await stage.count("delivery") == 0


async def test_a_shop_does_not_speak_for_another_one(stage: Stage) -> None:
    stage.shop.secret_kind = "ours"
    application = await stage.install()
    other = await stage.install(shop="other.example")
    async with stage.store.transaction() as tx:
        own = (await tx.vault.get(str(other.id)))["webhook.secret"]

    await refusal(stage, notice("shop.example", Secret(own.encode())))
    await Reception(stage.services).receive_for_app("fake", notice("other.example", Secret(own.encode())))

    assert await stage.outcomes(application) == {}
    assert await stage.outcomes(other) == {"e1": None}


async def test_a_greeting_is_let_pass(stage: Stage) -> None:
    greeting = replace(notice(None), headers={}, body=b"hello")

    await Reception(stage.services).receive_for_app("fake", greeting)

    assert await stage.count("delivery") == 0
