"""What a person does while a run is at it stands: a run that began before it never writes over it.

Each time somebody acts while the last call is being made, after which nobody asks for permission any more.
"""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.domain.application import Application
from app.domain.event import Erasure, Uninstalled
from app.domain.http import Reading, Request, Response
from app.domain.plan import Refused
from app.domain.resolution import Approve
from app.domain.settings import ApplicationSettings, GuardSettings
from app.domain.structs import replace
from app.flows.operate import pause, uninstall
from app.flows.receive_delivery import Reception
from app.flows.resolve import resolve
from app.flows.run_lane import claim_lane, run_lane
from app.flows.services import Services
from app.platforms.adapter import Connection
from tests.fakes.gated import Gated
from tests.fakes.interrupting import Interrupted
from tests.fakes.shop import FakeShop, delivery, product, variant
from tests.fakes.stage import Stage

Act = Callable[[], Awaitable[object]]


@dataclass
class Meanwhile:
    """Somebody acts, once, while one call is being made: "probe" of the shop, or one of the marketplace's."""

    stage: Stage
    during: str
    act: Act
    acted: bool = False

    async def call(self, name: str) -> None:
        if name == self.during and not self.acted:
            self.acted = True
            await self.act()

    async def send(self, request: Request, *, within: timedelta) -> Response:
        await self.call(request.operation)
        return Response(status=200, headers={}, body=b"")

    def services(self) -> Services:
        adapter = self.stage.services.adapters["fake"]

        class Installation:
            def probe(self, connection: Connection) -> Reading[Mapping[str, str]]:
                yield Request(method="GET", url="https://shop.example/", operation="probe")
                return (yield from adapter.installation.probe(connection))

            def __getattr__(self, name: str) -> object:
                return getattr(adapter.installation, name)

        return dataclasses.replace(
            self.stage.services,
            transport=self,
            adapters={**self.stage.adapters, "fake": dataclasses.replace(adapter, installation=Installation())},  # type: ignore[arg-type]
            marketplaces=Gated(self.stage.orderchamp, self.call),
        )

    async def run(self) -> None:
        """Run the lane once, in the midst of which somebody acts."""
        held = await claim_lane(self.services())
        assert held is not None
        await run_lane(self.services(), held)
        assert self.acted
        assert await self.stage.execute("SELECT max(leased_until) FROM lane") is None


@pytest.fixture
async def application(stage: Stage) -> Application:
    stage.shop.put(product("1"))
    installed = await stage.install(settings=ApplicationSettings(price_kind="wholesale", failure_limit=1))
    await stage.settle()
    await stage.enrich()
    return installed


async def stands(stage: Stage, application: Application) -> tuple[str, str | None]:
    now = await stage.application(application.id)
    return now.state, now.paused_by


@pytest.mark.parametrize(("wanted", "state", "by"), [("pause", "paused", "person"), ("leave", "uninstalling", None)])
@pytest.mark.parametrize(("trouble", "during"), [("dead credentials", "account"), ("many refusals", "UpdateProduct")])
async def test_a_pause_of_the_system_never_takes_the_place_of_what_a_person_wanted(
    stage: Stage, application: Application, trouble: str, during: str, wanted: str, state: str, by: str | None
) -> None:
    if trouble == "dead credentials":
        stage.orderchamp.tokens = set()
    stage.orderchamp.verdict = lambda _: Refused(("no",))

    async def act() -> None:
        if wanted == "pause":
            await pause(stage.services, application.id)
        else:
            await uninstall(stage.services, application.id, unpublish=False)

    await stage.hear(application, product("1", at=1, title="New"))
    await Meanwhile(stage, during, act).run()
    assert await stands(stage, application) == (state, by)


@pytest.mark.parametrize("why", ["a person wants it", "the shop removed the app", "Orderchamp's token is dead"])
async def test_who_is_installed_again_during_an_uninstall_stays_installed(
    stage: Stage, application: Application, why: str
) -> None:
    async def again() -> None:
        stage.orderchamp.tokens = {"new"}
        await stage.install(orderchamp_token="new")

    if why == "the shop removed the app":
        stage.shop.token = "another"
        await stage.hear(application, Uninstalled())
        await Meanwhile(stage, "probe", again).run()
    elif why == "a person wants it":
        await uninstall(stage.services, application.id, unpublish=False)
        await Meanwhile(stage, "remove_webhook", again).run()
    else:
        await uninstall(stage.services, application.id, unpublish=True)
        stage.orderchamp.tokens = set()
        await Meanwhile(stage, "account", again).run()
    await stage.settle()
    assert await stands(stage, application) == ("active", None)
    assert stage.orderchamp.by_sku("1-A").published
    assert stage.shop.subscriptions


async def test_who_is_installed_again_before_an_erasure_begins_is_not_erased(
    stage: Stage, application: Application
) -> None:
    await uninstall(stage.services, application.id, unpublish=False)
    await stage.settle()
    asked = delivery(Erasure(subject="shop"))
    to_the_app = replace(asked, headers={**asked.headers, "shop": application.shop})
    services = dataclasses.replace(stage.services, apps={"fake": {"secret": "secret"}})
    await Reception(services).receive_for_app("fake", to_the_app)
    held = await claim_lane(stage.services)
    assert held is not None
    # Its transactions are: what it works for, what waits, the deliveries, and what it makes of them.
    store = Interrupted(stage.store, at=4, happening=stage.install)
    await run_lane(dataclasses.replace(stage.services, store=store), held)
    assert store.left < 0, "it went on after that"
    await stage.settle()
    assert (await stage.application(application.id)).erasing is False
    assert await stands(stage, application) == ("active", None)


@pytest.mark.policy("guard")
async def test_an_approval_that_comes_while_the_product_is_being_reconciled_is_acted_on(stage: Stage) -> None:
    stage.shop.put(*(product(each) for each in ("1", "2", "3")))
    careful = ApplicationSettings(price_kind="wholesale", guard=GuardSettings(number=1, share=0.4))
    application = await stage.install(settings=careful)
    await stage.settle()
    await stage.enrich()
    hidden = {"published": False, "status": "draft"}
    await stage.hear(application, *(product(each, at=1, **hidden) for each in ("1", "2")))
    await stage.settle()
    problem = await stage.problem(application, "guard")
    await stage.hear(application, product("1", variant("1-A", stock=1), at=2, **hidden))
    await Meanwhile(stage, "SetStock", lambda: resolve(stage.services, problem.id, Approve())).run()
    await stage.settle()
    assert stage.orderchamp.stock("1-A") == 1
    assert not stage.orderchamp.by_sku("1-A").published


@pytest.mark.policy("sku_conflict")
async def test_a_conflict_that_another_application_ends_while_its_product_is_being_reconciled_is_over(
    stage: Stage,
) -> None:
    other = FakeShop()
    stage.adapters["other"] = other.adapter()
    other.put(product("9", variant("X", variant_id="x")))
    theirs = await stage.install(platform="other", shop="other.example")
    stage.shop.put(product("1", variant("1-A"), variant("X", variant_id="y")))
    ours = await stage.install()
    await stage.settle()
    await stage.enrich()
    assert await stage.problems(ours, kind="sku_conflict")

    async def they_give_it_up() -> None:
        said = delivery(product("9", variant("Y", variant_id="x"), at=1))
        await Reception(stage.services).receive("other", str(theirs.id), said)
        await stage.run_lanes()

    await stage.hear(ours, product("1", variant("1-A", stock=1), variant("X", variant_id="y"), at=1))
    await Meanwhile(stage, "SetStock", they_give_it_up).run()
    await stage.settle()
    assert await stage.problems(ours, kind="sku_conflict") == ()
    (matched,) = [each for each in (await stage.product(ours, "1")).variants if each[1] == "X"]
    assert matched[2] is not None, "it has the SKU for itself now, and is not on Orderchamp"
