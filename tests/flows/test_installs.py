"""Installing in a browser: begun in the back office or at Orderchamp, ended as any install by hand."""

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import (
    AlreadyInstalled,
    ConsentRefused,
    CredentialsRefused,
    InstallNotFound,
    InvalidInstallation,
    InvalidSignature,
    NotPossibleNow,
    OrderchampUnavailable,
    PlatformUnavailable,
    TemporaryError,
    WrongBrowser,
)
from app.domain.http import Response
from app.domain.ids import InstallId, StorefrontId, SupplierId
from app.domain.installing import PendingInstall
from app.domain.structs import replace
from app.flows.erase import erase_supplier
from app.flows.housekeeping import Periods, keep_house
from app.flows.installs.choose import Choice, choose, enter_keys
from app.flows.installs.finish import finish_install
from app.flows.installs.hear_orderchamp import begin_at_orderchamp, hear_orderchamp
from app.flows.installs.hear_shop import hear_shop
from app.flows.installs.start import Start, start_install
from app.flows.installs.travel import arrive, continue_, look
from app.flows.operate import uninstall
from tests.fakes.handshake import FakeHandshake, FakeOrderchampApp, call, told
from tests.fakes.stage import WHOLESALE, Stage

SHOP = "shop.example"
CALLBACK = "https://test/install/fake/callback"
BACK_FROM_ORDERCHAMP = "https://test/install/orderchamp/callback"
PAGE = "https://test/install/fake"
MINE, OTHER = "a" * 64, "b" * 64
"""Two browsers."""


@dataclass
class Journey:
    """A stage on which shops and Orderchamp can be asked, and short words for what a supplier's browser does."""

    stage: Stage
    handshake: FakeHandshake
    orderchamp: FakeOrderchampApp

    async def start(self, **changes: Any) -> tuple[InstallId, str]:
        """The back office begins an install; return it and the key in its address."""
        wanted = Start(
            supplier_id=SupplierId("supplier"),
            platform="fake",
            shop=SHOP,
            orderchamp_token="token",
            storefront_id=None,
            settings=WHOLESALE,
        )
        install, address = await start_install(self.stage.services, dataclasses.replace(wanted, **changes))
        assert address.startswith("https://test/install/fake?key=")
        return install.id, told(address)["key"]

    async def arrive(self, key: str, *, browser: str = MINE) -> str:
        return await arrive(self.stage.services, "fake", key, browser=browser)

    async def agree(self, at: str, *, browser: str = MINE, code: str = "shop-token", **more: str) -> Response | str:
        """The shop, which was asked at the address ``at``, lets us in and sends the browser back."""
        answer = call(CALLBACK, {"state": told(at)["state"], "code": code, "signed": "secret", **more})
        return await hear_shop(self.stage.services, "fake", answer, browser=browser)

    async def shop_calls(self, body: bytes = b"{}", *, signed: str = "secret", **more: str) -> Response:
        """The shop calls by itself."""
        answer = call(CALLBACK, {"signed": signed, **more}, body=body)
        heard = await hear_shop(self.stage.services, "fake", answer, browser=OTHER)
        assert isinstance(heard, Response)
        return heard

    async def let_in(self, at: str, *, browser: str = MINE, code: str = "token") -> str:
        """Orderchamp, which was asked at the address ``at``, sends the browser back with a code."""
        answer = call(BACK_FROM_ORDERCHAMP, {"state": told(at)["state"], "code": code, "signed": "yes"})
        return await hear_orderchamp(self.stage.services, answer, browser=browser)

    async def one(self, install_id: InstallId) -> PendingInstall:
        async with self.stage.store.transaction() as tx:
            found = await tx.installs.one(install_id)
        assert found is not None
        return found

    async def mine(self) -> PendingInstall:
        async with self.stage.store.transaction() as tx:
            found = await tx.installs.of_browser(MINE, None)
        assert found is not None
        return found

    async def finish(self) -> None:
        while await finish_install(self.stage.services):
            pass

    async def secrets(self, install_id: InstallId) -> dict[str, str]:
        async with self.stage.store.transaction() as tx:
            return dict(await tx.vault.get(f"install/{install_id}"))


@pytest.fixture
async def journey(stage: Stage) -> Journey:
    handshake, orderchamp = FakeHandshake(stage.shop), FakeOrderchampApp()
    stage.adapters["fake"] = dataclasses.replace(stage.adapters["fake"], handshake=handshake)
    stage.services = dataclasses.replace(
        stage.services,
        adapters=stage.adapters,
        apps={"fake": {"secret": "secret"}},
        orderchamp_app=orderchamp,
        jitter=lambda: 0.0,
    )
    return Journey(stage, handshake, orderchamp)


async def test_an_install_ends_as_one_by_hand_does_once_the_shop_has_agreed(journey: Journey) -> None:
    install_id, key = await journey.start()

    asked = await journey.arrive(key)
    assert asked.startswith(f"https://{SHOP}/let-in?state=")
    assert told(asked)["back"] == CALLBACK
    assert await journey.agree(asked) == PAGE
    assert (await journey.one(install_id)).state == "agreed"

    await journey.finish()
    done = await journey.one(install_id)
    assert (done.state, done.way_on) == ("done", "")
    assert done.application_id is not None
    application = await journey.stage.application(done.application_id)
    assert (application.supplier_id, application.shop, application.state) == ("supplier", SHOP, "installing")
    await journey.stage.settle()
    assert (await journey.stage.application(done.application_id)).state == "active"
    assert await journey.secrets(install_id) == {}


async def test_a_supplier_without_a_token_is_asked_at_orderchamp_first(journey: Journey) -> None:
    install_id, key = await journey.start(orderchamp_token=None)

    at_orderchamp = await journey.arrive(key)
    assert at_orderchamp.startswith("https://orderchamp.example/authorize?")
    at_shop = await journey.let_in(at_orderchamp)
    assert at_shop.startswith(f"https://{SHOP}/let-in?")
    assert await journey.agree(at_shop) == PAGE

    await journey.finish()
    assert (await journey.one(install_id)).state == "done"


async def test_an_install_begun_at_orderchamp_lets_the_supplier_choose(journey: Journey) -> None:
    at_orderchamp = begin_at_orderchamp(journey.stage.services, browser=MINE)
    assert await journey.stage.count("pending_install") == 0

    assert await journey.let_in(at_orderchamp) == "https://test/install/orderchamp/choice"
    choice = Choice(platform="fake", shop=SHOP, storefront_id=StorefrontId("front-1"), settings=WHOLESALE)
    at_shop = await choose(journey.stage.services, choice, browser=MINE)
    assert await journey.agree(at_shop) == PAGE

    await journey.finish()
    install = await journey.mine()
    assert install.state == "done"
    assert install.application_id is not None
    application = await journey.stage.application(install.application_id)
    assert application.supplier_id == str(journey.stage.orderchamp.account_id)  # Nobody had this account before.
    assert application.storefront_id == "front-1"


async def test_an_account_that_somebody_brought_keeps_its_supplier(journey: Journey) -> None:
    await journey.stage.install(shop="another.example")

    await journey.let_in(begin_at_orderchamp(journey.stage.services, browser=MINE))

    assert (await journey.mine()).supplier_id == "supplier"


async def test_a_state_gets_credentials_once(journey: Journey) -> None:
    install_id, key = await journey.start()
    asked = await journey.arrive(key)

    assert await journey.agree(asked) == PAGE
    assert await journey.agree(asked, code="another") == PAGE

    assert journey.handshake.exchanged == ["shop-token"]
    await journey.finish()
    assert await journey.agree(asked, code="another") == PAGE
    assert (await journey.one(install_id)).state == "done"
    assert journey.handshake.exchanged == ["shop-token"]


async def test_a_state_of_orderchamp_gets_a_token_once(journey: Journey) -> None:
    asked = begin_at_orderchamp(journey.stage.services, browser=MINE)
    await journey.let_in(asked)

    assert await journey.let_in(asked, code="another") == "https://test/install/orderchamp/choice"

    assert journey.orderchamp.exchanged == ["token"]
    assert await journey.stage.count("pending_install") == 1


async def test_going_on_makes_the_states_before_void(journey: Journey) -> None:
    _, key = await journey.start()
    first = await journey.arrive(key)
    second = await continue_(journey.stage.services, "fake", browser=MINE)

    assert await journey.agree(first) == PAGE, "of another tab, say: the supplier sees how it stands"
    assert journey.handshake.exchanged == []
    assert await journey.agree(second) == PAGE


async def test_only_the_browser_that_was_sent_off_counts(journey: Journey) -> None:
    install_id, key = await journey.start()
    asked = await journey.arrive(key)

    with pytest.raises(WrongBrowser):
        await journey.agree(asked, browser=OTHER)
    with pytest.raises(InstallNotFound):
        await look(journey.stage.services, "fake", browser=OTHER)

    assert (await journey.one(install_id)).state == "waiting"
    assert await journey.agree(asked) == PAGE


async def test_opening_the_address_elsewhere_takes_the_install_along(journey: Journey) -> None:
    _, key = await journey.start()
    first = await journey.arrive(key)
    second = await journey.arrive(key, browser=OTHER)

    with pytest.raises(InstallNotFound):
        await journey.agree(first)
    assert await journey.agree(second, browser=OTHER) == PAGE


async def test_a_state_of_orderchamp_counts_only_in_its_browser(journey: Journey) -> None:
    asked = begin_at_orderchamp(journey.stage.services, browser=MINE)

    with pytest.raises(InstallNotFound):
        await journey.let_in(asked, browser=OTHER)

    assert await journey.stage.count("pending_install") == 0
    assert journey.orderchamp.exchanged == []


@pytest.mark.parametrize("state", ["", "x", "x" * 96, "ü" * 96, "\udce4" * 40])
async def test_a_made_up_state_is_refused(journey: Journey, state: str) -> None:
    answer = replace(call(BACK_FROM_ORDERCHAMP, {}), url=f"{BACK_FROM_ORDERCHAMP}?code=token&signed=yes&state={state}")
    with pytest.raises(InstallNotFound):
        await hear_orderchamp(journey.stage.services, answer, browser=MINE)
    with pytest.raises(InstallNotFound):
        await hear_shop(journey.stage.services, "fake", replace(answer, url=f"{CALLBACK}?state={state}"), browser=MINE)


async def test_an_unsigned_call_changes_nothing(journey: Journey) -> None:
    install_id, key = await journey.start()
    asked = await journey.arrive(key)

    with pytest.raises(InvalidSignature):
        await hear_shop(
            journey.stage.services,
            "fake",
            call(CALLBACK, {"state": told(asked)["state"], "code": "evil"}),
            browser=MINE,
        )
    at_orderchamp = begin_at_orderchamp(journey.stage.services, browser=MINE)
    unsigned = call(BACK_FROM_ORDERCHAMP, {"state": told(at_orderchamp)["state"], "code": "evil"})
    with pytest.raises(InvalidSignature):
        await hear_orderchamp(journey.stage.services, unsigned, browser=MINE)

    assert (await journey.one(install_id)).state == "waiting"
    assert await journey.stage.count("pending_install") == 1
    assert await journey.agree(asked) == PAGE


async def test_a_shop_that_says_no_ends_the_install(journey: Journey) -> None:
    install_id, key = await journey.start()
    asked = await journey.arrive(key)

    no = call(CALLBACK, {"state": told(asked)["state"], "signed": "secret", "refused": "yes"})
    assert await hear_shop(journey.stage.services, "fake", no, browser=MINE) == PAGE

    ended = await journey.one(install_id)
    assert (ended.state, ended.why) == ("refused", "The shop said no.")
    assert "Start the installation again" in ended.way_on
    assert await journey.secrets(install_id) == {}
    assert await journey.agree(asked) == PAGE
    assert await journey.arrive(key) == PAGE
    assert (await journey.one(install_id)).state == "refused"


@pytest.mark.parametrize("brings_state", [True, False])
async def test_a_supplier_who_says_no_at_orderchamp_ends_the_install(journey: Journey, brings_state: bool) -> None:
    install_id, key = await journey.start(orderchamp_token=None)
    asked = await journey.arrive(key)

    no = call(BACK_FROM_ORDERCHAMP, {"state": told(asked)["state"]} if brings_state else {})
    assert await hear_orderchamp(journey.stage.services, no, browser=MINE) == PAGE

    assert (await journey.one(install_id)).state == "refused"


async def test_a_supplier_who_began_at_orderchamp_and_says_no_leaves_nothing_behind(journey: Journey) -> None:
    asked = begin_at_orderchamp(journey.stage.services, browser=MINE)

    no = call(BACK_FROM_ORDERCHAMP, {"state": told(asked)["state"], "error": "access_denied"})
    with pytest.raises(ConsentRefused):
        await hear_orderchamp(journey.stage.services, no, browser=MINE)

    assert await journey.stage.count("pending_install") == 0
    assert await journey.stage.count("secret") == 0


async def test_an_install_that_nobody_finishes_expires_and_its_secrets_go(journey: Journey) -> None:
    install_id, key = await journey.start()
    asked = await journey.arrive(key)
    await journey.stage.execute("UPDATE pending_install SET expires_at = now()")

    assert (await journey.one(install_id)).state == "expired"
    assert await journey.agree(asked) == PAGE
    assert journey.handshake.exchanged == []
    assert await journey.arrive(key) == PAGE

    day = timedelta(days=1)
    await keep_house(journey.stage.services, Periods(bodies=day, keys=day, timeline=day, finished=day))
    ended = await journey.one(install_id)
    assert (ended.state, ended.why) == ("expired", "It was not finished in time, so nothing was installed.")
    assert await journey.secrets(install_id) == {}
    await journey.stage.execute("UPDATE pending_install SET ended_at = now() - interval '2 days'")
    await keep_house(journey.stage.services, Periods(bodies=day, keys=day, timeline=day, finished=day))
    assert await journey.stage.count("pending_install") == 0


async def test_a_shop_that_is_down_for_a_moment_is_asked_again_with_the_same_answer(journey: Journey) -> None:
    _, key = await journey.start()
    asked = await journey.arrive(key)

    assert (await journey.mine()).why == "Fake has yet to let the app in."
    journey.stage.shop.down = True
    with pytest.raises(PlatformUnavailable):
        await journey.agree(asked)
    waits = await journey.mine()
    assert (waits.state, waits.why) == ("waiting", "The shop is down.")
    assert waits.way_on == "Load the page that told you so again in a moment, or go on from here."
    journey.stage.shop.down = False
    assert await journey.agree(asked) == PAGE

    assert journey.handshake.exchanged == ["shop-token"]


async def test_orderchamp_that_is_down_for_a_moment_is_asked_again_with_the_same_answer(journey: Journey) -> None:
    asked = begin_at_orderchamp(journey.stage.services, browser=MINE)

    journey.orderchamp.down = True
    with pytest.raises(TemporaryError):
        await journey.let_in(asked)
    journey.orderchamp.down = False

    assert await journey.let_in(asked) == "https://test/install/orderchamp/choice"
    assert await journey.stage.count("pending_install") == 1


async def test_a_code_that_was_exchanged_counts_though_orderchamp_did_not_say_whose_account_it_is(
    journey: Journey,
) -> None:
    asked = begin_at_orderchamp(journey.stage.services, browser=MINE)

    journey.stage.orderchamp.account_trouble = [OrderchampUnavailable("It is away.")]
    with pytest.raises(TemporaryError):
        await journey.let_in(asked)
    waits = await journey.mine()
    assert (waits.state, waits.why) == ("waiting", "It is away.")

    assert await journey.let_in(asked) == "https://test/install/orderchamp/choice"
    assert journey.orderchamp.exchanged == ["token"]
    assert set(await journey.secrets(waits.id)) == {"secret", "orderchamp.token"}


async def test_a_code_that_works_no_more_ends_the_install_with_the_way_on(journey: Journey) -> None:
    install_id, key = await journey.start()

    assert await journey.agree(await journey.arrive(key), code="used") == PAGE

    ended = await journey.one(install_id)
    assert (ended.state, ended.why) == ("failed", "The code was used already.")
    assert ended.way_on


async def test_a_process_that_dies_before_the_credentials_are_kept_leaves_a_way_on(journey: Journey) -> None:
    install_id, key = await journey.start()
    asked = await journey.arrive(key)
    await journey.stage.execute("UPDATE pending_install SET answered = true")  # It died right after this.

    assert await journey.agree(asked) == PAGE
    assert (await journey.one(install_id)).state == "waiting"
    assert await journey.agree(await continue_(journey.stage.services, "fake", browser=MINE)) == PAGE
    assert (await journey.one(install_id)).state == "agreed"


async def test_finishing_waits_for_what_cannot_be_reached_and_goes_on_by_itself(journey: Journey) -> None:
    install_id, key = await journey.start()
    await journey.agree(await journey.arrive(key))

    journey.stage.shop.down = True
    assert await finish_install(journey.stage.services)
    assert not await finish_install(journey.stage.services)
    waiting = await journey.one(install_id)
    assert (waiting.state, waiting.why) == ("agreed", "The shop is down. It is tried again by itself.")

    journey.stage.shop.down = False
    await journey.stage.execute("UPDATE pending_install SET due_at = now()")
    await journey.finish()
    assert (await journey.one(install_id)).state == "done"


async def test_finishing_gives_up_in_the_end(journey: Journey) -> None:
    install_id, key = await journey.start()
    await journey.agree(await journey.arrive(key))
    await journey.stage.execute("UPDATE pending_install SET expires_at = now()")

    journey.stage.shop.down = True
    await journey.finish()

    ended = await journey.one(install_id)
    assert (ended.state, ended.why) == ("failed", "It could not be finished in time: The shop is down.")


async def test_credentials_that_do_not_work_end_the_install_with_the_reason(journey: Journey) -> None:
    install_id, key = await journey.start()
    await journey.agree(await journey.arrive(key), code="wrong")

    await journey.finish()

    ended = await journey.one(install_id)
    assert (ended.state, ended.why) == ("failed", "The token is not known.")
    assert await journey.stage.count("application") == 0


async def test_a_worker_that_dies_after_installing_does_no_harm(journey: Journey) -> None:
    install_id, key = await journey.start()
    await journey.agree(await journey.arrive(key))
    await journey.finish()
    first = (await journey.one(install_id)).application_id

    # As if it had died before it wrote down that it was done: everything is still there.
    another, key = await journey.start()
    await journey.agree(await journey.arrive(key))
    await journey.finish()

    assert (await journey.one(another)).application_id == first
    assert await journey.stage.count("application") == 1


async def test_two_workers_do_not_finish_the_same_install_at_once(journey: Journey) -> None:
    _, key = await journey.start()
    await journey.agree(await journey.arrive(key))

    async with journey.stage.store.transaction() as one, journey.stage.store.transaction() as other:
        assert await one.installs.claim(timedelta(minutes=1)) is not None
        assert await other.installs.claim(timedelta(minutes=1)) is None


async def test_a_shop_that_calls_by_itself_needs_no_browser(journey: Journey) -> None:
    install_id, key = await journey.start()
    state = told(await journey.arrive(key))["state"]

    first = await journey.shop_calls(b'{"code": "shop-token"}', state=state)
    again = await journey.shop_calls(b'{"code": "shop-token"}', state=state)

    assert first == again
    assert len(first.body) == 64
    assert journey.handshake.exchanged == ["shop-token"]
    await journey.finish()
    assert (await journey.one(install_id)).state == "done"
    # The browser comes back later, and sees it.
    assert (
        await hear_shop(
            journey.stage.services, "fake", call(CALLBACK, {"state": state, "signed": "secret"}), browser=MINE
        )
        == PAGE
    )


async def test_what_a_call_leaves_is_remembered_until_the_next(journey: Journey) -> None:
    _, key = await journey.start()
    state = told(await journey.arrive(key))["state"]

    await journey.shop_calls(b"{}", state=state, keep="this")
    await journey.shop_calls(b'{"code": "shop-token"}', state=state)

    assert [each.kept for each in journey.handshake.tickets] == [{}, {"seen": "this"}]
    assert len({each.secret for each in journey.handshake.tickets}) == 1


async def test_a_call_without_a_state_is_for_the_install_that_waits_for_its_shop(journey: Journey) -> None:
    install_id, key = await journey.start()
    with pytest.raises(InstallNotFound):
        await journey.shop_calls(b'{"code": "shop-token"}', of=SHOP.upper())  # Nobody has sent anybody there yet.

    await journey.arrive(key)
    await journey.shop_calls(b'{"code": "shop-token"}', of=SHOP.upper())

    assert (await journey.one(install_id)).state == "agreed"


async def test_a_shop_for_which_two_suppliers_wait_is_given_to_neither(journey: Journey) -> None:
    _, mine = await journey.start()
    _, theirs = await journey.start(supplier_id=SupplierId("another"))
    await journey.arrive(mine)
    await journey.arrive(theirs, browser=OTHER)

    with pytest.raises(InstallNotFound, match="More than one install waits"):
        await journey.shop_calls(b'{"code": "shop-token"}', of=SHOP)

    assert journey.handshake.exchanged == []


async def test_a_platform_that_tells_the_shop_by_the_browser_alone_is_matched_by_the_browser(journey: Journey) -> None:
    install_id, key = await journey.start(shop=None)
    await journey.arrive(key)

    heard = call(CALLBACK, {"code": "shop-token", "signed": "secret", "is": "Told.example"})
    assert await hear_shop(journey.stage.services, "fake", heard, browser=MINE) == PAGE

    await journey.finish()
    assert (await journey.one(install_id)).shop == "told.example"


async def test_another_shop_than_the_one_asked_ends_the_install(journey: Journey) -> None:
    install_id, key = await journey.start()

    await journey.agree(await journey.arrive(key), **{"is": "other.example"})

    ended = await journey.one(install_id)
    assert (ended.state, ended.why) == ("failed", f"The install was begun for {SHOP}, but other.example has answered.")
    assert journey.handshake.exchanged == []


async def test_a_shop_that_is_installed_may_register_again_by_itself(journey: Journey) -> None:
    application = await journey.stage.install()
    journey.stage.shop.token = "new-token"

    with pytest.raises(InvalidSignature):
        await journey.shop_calls(b'{"code": "new-token"}', signed="no", of=SHOP)
    assert await journey.stage.count("pending_install") == 0
    await journey.shop_calls(b'{"code": "new-token"}', of=SHOP)

    assert journey.handshake.tickets[-1].credentials == {"token": "shop-token"}
    await journey.finish()
    async with journey.stage.store.transaction() as tx:
        kept = await tx.vault.get(str(application.id))
    assert kept == {"shop.token": "new-token", "orderchamp.token": "token"}


async def test_a_shop_that_is_installed_nowhere_is_not_let_in_by_its_own_call(journey: Journey) -> None:
    application = await journey.stage.install()
    await uninstall(journey.stage.services, application.id, unpublish=False)
    await journey.stage.settle()

    with pytest.raises(InstallNotFound):
        await journey.shop_calls(b'{"code": "shop-token"}', of=SHOP)


async def test_only_digests_of_what_opens_an_install_are_kept(journey: Journey) -> None:
    _, key = await journey.start(orderchamp_token=None)
    state = told(await journey.arrive(key))["state"]

    async with journey.stage.store.reading() as tx:
        assert await tx.installs.of_key(key) is not None
    row = await journey.stage.execute("SELECT row_to_json(p)::text FROM pending_install p")
    secrets = await journey.stage.execute("SELECT json_agg(s)::text FROM secret s")

    for each in (key, state, MINE):
        assert each not in row + secrets
        assert each.encode().hex() not in row + secrets


async def test_nothing_is_begun_that_could_not_end_well(journey: Journey) -> None:
    await journey.stage.install()
    for changes, error in (
        ({"platform": "unknown"}, InvalidInstallation),
        ({"orderchamp_token": "wrong"}, CredentialsRefused),
        ({"storefront_id": StorefrontId("none")}, InvalidInstallation),
        ({"supplier_id": SupplierId("another")}, AlreadyInstalled),
        ({"shop": "nowhere.example"}, InvalidInstallation),
    ):
        with pytest.raises(error):
            await journey.start(**changes)
    journey.stage.services = dataclasses.replace(journey.stage.services, orderchamp_app=None)
    with pytest.raises(InvalidInstallation) as missing:
        await journey.start(orderchamp_token=None)
    assert [where for where, _ in missing.value.reasons] == ["orderchamp.token"]
    journey.stage.services = dataclasses.replace(journey.stage.services, apps={})
    with pytest.raises(InvalidInstallation) as by_hand:
        await journey.start()
    assert [where for where, _ in by_hand.value.reasons] == ["platform"]

    assert await journey.stage.count("pending_install") == 0


async def test_an_account_of_another_supplier_ends_the_install(journey: Journey) -> None:
    await journey.stage.install(shop="another.example")
    install_id, key = await journey.start(supplier_id=SupplierId("thief"), orderchamp_token=None)

    assert await journey.let_in(await journey.arrive(key)) == PAGE

    ended = await journey.one(install_id)
    assert ended.state == "failed"
    assert "belongs to another supplier" in ended.why


async def test_a_choice_that_cannot_be_changes_nothing(journey: Journey) -> None:
    await journey.let_in(begin_at_orderchamp(journey.stage.services, browser=MINE))
    right = Choice(platform="fake", shop=SHOP, storefront_id=None, settings=WHOLESALE)

    for wrong in (
        dataclasses.replace(right, platform="unknown"),
        dataclasses.replace(right, storefront_id=StorefrontId("none")),
        dataclasses.replace(right, shop="nowhere.example"),
    ):
        with pytest.raises(InvalidInstallation):
            await choose(journey.stage.services, wrong, browser=MINE)
        assert (await journey.mine()).platform is None
    with pytest.raises(InstallNotFound):
        await choose(journey.stage.services, right, browser=OTHER)

    await choose(journey.stage.services, dataclasses.replace(right, shop="typo.example"), browser=MINE)
    at_shop = await choose(journey.stage.services, right, browser=MINE)
    assert at_shop.startswith(f"https://{SHOP}/let-in?")


async def test_keys_by_hand_are_tried_before_they_are_kept(journey: Journey) -> None:
    journey.stage.services = dataclasses.replace(journey.stage.services, apps={})  # No app there, so no handshake.
    await journey.let_in(begin_at_orderchamp(journey.stage.services, browser=MINE))
    choice = Choice(platform="fake", shop=None, storefront_id=None, settings=WHOLESALE)
    assert await choose(journey.stage.services, choice, browser=MINE) == "https://test/install/fake/keys"

    with pytest.raises(CredentialsRefused):
        await enter_keys(journey.stage.services, "fake", shop=SHOP, credentials={"token": "wrong"}, browser=MINE)
    assert (await journey.mine()).state == "waiting"
    given = {"token": "shop-token", "other": " "}
    assert await enter_keys(journey.stage.services, "fake", shop=SHOP, credentials=given, browser=MINE) == PAGE

    await journey.finish()
    assert (await journey.mine()).state == "done"


async def test_erasing_a_supplier_takes_their_installs_along(journey: Journey) -> None:
    install_id, _ = await journey.start()
    await journey.let_in(begin_at_orderchamp(journey.stage.services, browser=MINE))

    assert await erase_supplier(journey.stage.services, SupplierId("supplier"))

    assert await journey.secrets(install_id) == {}
    assert await journey.stage.count("pending_install") == 1
    assert await erase_supplier(journey.stage.services, SupplierId(journey.stage.orderchamp.account_id))
    assert await journey.stage.count("pending_install") == 0
    assert await journey.stage.count("secret") == 0
    assert await journey.stage.count("account") == 0


async def test_nothing_is_begun_for_a_supplier_who_is_being_erased(journey: Journey) -> None:
    application = await journey.stage.install()
    await uninstall(journey.stage.services, application.id, unpublish=False)
    await journey.stage.settle()
    await erase_supplier(journey.stage.services, SupplierId("supplier"))

    with pytest.raises(NotPossibleNow):
        await journey.start()
    await journey.let_in(begin_at_orderchamp(journey.stage.services, browser=MINE))
    ended = await journey.mine()
    assert ended.state == "failed"
    assert "is being erased" in ended.why
