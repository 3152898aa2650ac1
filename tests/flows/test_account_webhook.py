"""Our webhook at an Orderchamp account: one for all its Applications, mended when it is gone, and never in anybody's way."""

import pytest

from app.domain.application import Application
from app.domain.errors import CredentialsRefused, OrderchampRejected, OrderchampUnavailable
from app.flows.operate import Revision, change, pause, uninstall
from app.flows.run_lane import claim_lane, run_lane
from app.ports import AccountWebhook
from tests.fakes.marketplace import ACCOUNT
from tests.fakes.shop import product
from tests.fakes.stage import Stage

FIRST = "token"
OURS = "https://test/webhooks/orderchamp/"


async def webhook(stage: Stage) -> AccountWebhook | None:
    async with stage.store.transaction() as tx:
        return await tx.webhooks.of(ACCOUNT)


async def found(stage: Stage) -> tuple[str, str]:
    now = await webhook(stage)
    assert now is not None
    return now.health, now.message


async def installed(stage: Stage, shop: str = "shop.example", token: str = FIRST) -> Application:
    stage.orderchamp.tokens.add(token)
    application = await stage.install(shop=shop, orderchamp_token=token)
    await stage.settle()
    return application


async def test_an_install_registers_one_that_ends_in_a_secret(stage: Stage) -> None:
    await installed(stage)
    address = stage.orderchamp.rings_at
    assert address.startswith(OURS)
    assert len(address.removeprefix(OURS)) == 64
    assert await found(stage) == ("active", "")
    assert await stage.execute("SELECT count(*) FROM account_webhook WHERE digest IS NOT NULL") == 1


async def test_all_applications_of_an_account_share_it_and_one_looks_after_it(stage: Stage) -> None:
    await installed(stage, token="first")
    await installed(stage, "second.example", token="second")
    await stage.keep_appointment("webhook")
    assert len(stage.orderchamp.webhooks) == 1
    assert set(stage.orderchamp.webhook_tokens) == {"first"}


@pytest.mark.parametrize("trouble", ["missing", "doubled", "at another address", "half of the events"])
async def test_what_is_wrong_with_it_is_mended_at_the_next_look_and_told(stage: Stage, trouble: str) -> None:
    await installed(stage)
    foreign = stage.orderchamp.add_webhook("https://erp.example/orderchamp")
    address = next(each.address for each in stage.orderchamp.webhooks.values() if each.address.startswith(OURS))
    ours = [key for key, each in stage.orderchamp.webhooks.items() if each.address == address]
    if trouble != "doubled":
        del stage.orderchamp.webhooks[ours[0]]
    if trouble == "doubled":
        stage.orderchamp.add_webhook(address)
    if trouble == "at another address":
        stage.orderchamp.add_webhook(f"{OURS}former")
    if trouble == "half of the events":
        stage.orderchamp.add_webhook(address, complete=False)
    await stage.keep_appointment("webhook")
    del stage.orderchamp.webhooks[foreign]
    assert stage.orderchamp.rings_at == address
    (ours_now,) = stage.orderchamp.webhooks.values()
    assert ours_now.complete
    health, message = await found(stage)
    assert health == "active"
    assert message
    await stage.keep_appointment("webhook")
    assert await found(stage) == ("active", message), "it is told until something else happens"


@pytest.mark.parametrize(
    "trouble",
    [OrderchampRejected(["Url is not allowed (url)"]), CredentialsRefused("orderchamp", "403: it may not do this.")],
)
async def test_where_it_may_not_be_registered_everything_else_goes_on(stage: Stage, trouble: Exception) -> None:
    stage.orderchamp.webhook_trouble = trouble
    stage.shop.put(product("1"))
    application = await installed(stage)
    assert (await stage.application(application.id)).state == "active"
    assert stage.orderchamp.stock("1-A") == 5
    health, message = await found(stage)
    assert health == "refused"
    assert message.endswith("Changes made on Orderchamp are found by sweeps alone.")
    assert await stage.problems(application) == ()
    stage.orderchamp.webhook_trouble = None
    await stage.keep_appointment("webhook")
    assert (await found(stage))[0] == "active"


async def test_an_orderchamp_that_does_not_answer_is_asked_again(stage: Stage) -> None:
    stage.orderchamp.webhook_trouble = OrderchampUnavailable("away")
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.run_lanes()
    assert stage.orderchamp.stock("1-A") == 5
    stage.orderchamp.webhook_trouble = None
    await stage.settle()
    assert len(stage.orderchamp.webhooks) == 1
    assert (await stage.application(application.id)).state == "active"


async def test_the_answer_to_a_registration_may_get_lost_without_leaving_two(stage: Stage) -> None:
    """The worker dies between the registration and writing it down."""
    application = await stage.install()
    held = await claim_lane(stage.services)
    assert held is not None
    await run_lane(stage.services, held)
    await stage.execute("UPDATE account_webhook SET remote_id = NULL, health = 'unknown'")
    await stage.keep_appointment("webhook")
    assert len(stage.orderchamp.webhooks) == 1
    assert (await stage.application(application.id)).state == "active"


async def test_another_application_looks_after_it_when_the_first_one_is_paused(stage: Stage) -> None:
    first = await installed(stage, token="first")
    await installed(stage, "second.example", token="second")
    await pause(stage.services, first.id)
    stage.orderchamp.webhook_tokens.clear()
    await stage.keep_appointment("webhook")
    assert set(stage.orderchamp.webhook_tokens) == {"second"}
    assert len(stage.orderchamp.webhooks) == 1


async def test_it_goes_with_the_last_application_and_not_before(stage: Stage) -> None:
    first = await installed(stage, token="first")
    second = await installed(stage, "second.example", token="second")
    await uninstall(stage.services, first.id, unpublish=False)
    await stage.settle()
    assert len(stage.orderchamp.webhooks) == 1
    kept = await webhook(stage)
    assert kept is not None
    assert kept.keeper == second.id, "the other one has looked after it at once"
    await uninstall(stage.services, second.id, unpublish=False)
    await stage.settle()
    assert stage.orderchamp.webhooks == {}
    assert await webhook(stage) is None
    assert await stage.count("secret") == 0


@pytest.mark.parametrize("trouble", ["dead token", "refused"])
async def test_an_uninstall_does_not_wait_for_a_token_that_is_dead_or_may_not(stage: Stage, trouble: str) -> None:
    application = await installed(stage)
    if trouble == "dead token":
        stage.orderchamp.tokens.clear()
    else:
        stage.orderchamp.webhook_trouble = OrderchampRejected(["no"])
    await uninstall(stage.services, application.id, unpublish=False)
    await stage.settle()
    assert (await stage.application(application.id)).state == "uninstalled"
    assert await webhook(stage) is None, "what still rings is not known any more"


async def test_an_uninstall_waits_an_hour_for_an_orderchamp_that_is_away_and_then_leaves(stage: Stage) -> None:
    application = await installed(stage)
    await uninstall(stage.services, application.id, unpublish=False)
    stage.orderchamp.webhook_trouble = OrderchampUnavailable("away")
    await stage.run_lanes()
    assert (await stage.application(application.id)).state == "uninstalling"
    await stage.execute("UPDATE application SET state_since = now() - interval '2 hours', revision = revision + 1")
    await stage.settle()
    assert (await stage.application(application.id)).state == "uninstalled"


async def test_one_who_comes_back_gets_another_address(stage: Stage) -> None:
    application = await installed(stage)
    before = stage.orderchamp.rings_at
    await uninstall(stage.services, application.id, unpublish=False)
    await stage.settle()
    await installed(stage)
    assert stage.orderchamp.rings_at != before


async def test_a_new_token_looks_after_it_at_once(stage: Stage) -> None:
    application = await installed(stage)
    stage.orderchamp.webhooks.clear()
    stage.orderchamp.tokens.add("new")
    await change(stage.services, application.id, Revision(orderchamp_token="new"))
    await stage.settle()
    assert stage.orderchamp.webhook_tokens[-1] == "new"
    assert len(stage.orderchamp.webhooks) == 1


async def test_an_account_that_is_erased_leaves_no_secret_behind(stage: Stage) -> None:
    stage.shop.put(product("1"))
    application = await installed(stage)
    assert await stage.count("source_product") == 1
    assert (await stage.application(application.id)).state == "active"
    await stage.execute("UPDATE application SET state = 'uninstalled', erasing = true, revision = revision + 1")
    await stage.execute("UPDATE lane SET wake = wake + 1")
    await stage.settle()
    assert await stage.count("account") == 0
    assert await stage.count("account_webhook") == 0
    assert await stage.count("secret") == 0
