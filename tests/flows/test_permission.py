"""No call for an Application starts later than a second after it was paused, and none after it was uninstalled.

Every way out is tried: the marketplace's calls, and each kind of request to a shop. Somebody changes the Application
while a call is being made, and time goes on; the next call must not start.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.application import Application
from app.domain.errors import AddressRefused, LeaseLost, LeaseTooShort, PlatformUnavailable
from app.domain.event import Incomplete, Uninstalled
from app.domain.http import Reading, Request, Response
from app.domain.ids import ApplicationId, Cursor, SourceId, Topic
from app.flows.operate import pause, resume, start_import, uninstall
from app.flows.run_lane import claim_lane, run_lane
from app.flows.services import Services
from app.flows.tenure import PermittedBudget, PermittedTransport, Stopping, Tenure
from app.platforms.adapter import Adapter
from app.store.accounts import Unmetered
from tests.fakes.gated import Gated
from tests.fakes.interrupting import Interrupted
from tests.fakes.shop import product
from tests.fakes.stage import Stage

MANY = 5
NEARLY_A_SECOND = 0.9
Happening = Callable[[Services, ApplicationId], Awaitable[object]]


async def paused(services: Services, application_id: ApplicationId) -> None:
    await pause(services, application_id)


async def uninstalled(services: Services, application_id: ApplicationId) -> None:
    await uninstall(services, application_id, unpublish=False)


async def gone(services: Services, application_id: ApplicationId) -> None:
    """Another worker has taken the lane over and finished the uninstall."""
    async with services.store.transaction() as tx:
        await tx.applications.set_state(application_id, "uninstalled", "Gone.")


HAPPENINGS = (paused, uninstalled, gone)


@dataclass
class World:
    """Counts calls. During the first one of a run something happens to the Application, and most of a second passes."""

    stage: Stage
    happening: Happening
    application: Application | None = None
    calls: list[str] = field(default_factory=list)
    ahead: float = 0.0

    async def call(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) == 1 and self.application is not None:
            await self.happening(self.stage.services, self.application.id)
        self.ahead += NEARLY_A_SECOND

    async def send(self, request: Request, *, within: timedelta) -> Response:
        await self.call(request.operation)
        return Response(status=200, headers={}, body=b"")

    def services(self) -> Services:
        """The stage's services, on this world's transport, with readings of many requests, and a clock of its own."""
        adapters = {"fake": talkative(self.stage.services.adapters["fake"])}
        return replace(
            self.stage.services,
            transport=self,
            marketplaces=Gated(self.stage.orderchamp, self.call),
            adapters=adapters,
            monotonic=lambda: time.monotonic() + self.ahead,
        )

    async def run(self, application: Application) -> list[str]:
        """Run the Application's lane once and return the calls that were made."""
        self.application = application
        held = await claim_lane(self.services())
        assert held is not None
        await run_lane(self.services(), held)
        return self.calls


def many_requests(kind: str, reading: Reading[object]) -> Reading[object]:
    for _ in range(MANY):
        yield Request(method="GET", url="https://shop.example/", operation=kind)
    return (yield from reading)


def talkative(adapter: Adapter) -> Adapter:
    """Return an adapter each of whose readings takes many requests."""

    class Catalogue:
        def product(self, connection: object, source_id: SourceId) -> Reading[object]:
            return many_requests("read", adapter.catalogue.product(connection, source_id))  # type: ignore[union-attr, arg-type]

        def page(self, connection: object, cursor: Cursor | None) -> Reading[object]:
            return many_requests("page", adapter.catalogue.page(connection, cursor))  # type: ignore[union-attr, arg-type]

    class Subscriptions:
        topics: tuple[Topic, ...] = adapter.subscriptions.topics  # type: ignore[union-attr]

        def all(self, connection: object) -> Reading[object]:
            return many_requests("subscriptions", adapter.subscriptions.all(connection))  # type: ignore[union-attr, arg-type]

        def change(self, connection: object, change: object) -> Reading[object]:
            return many_requests("change", adapter.subscriptions.change(connection, change))  # type: ignore[union-attr, arg-type]

    class Installation:
        def probe(self, connection: object) -> Reading[object]:
            return many_requests("probe", adapter.installation.probe(connection))  # type: ignore[arg-type]

        def __getattr__(self, name: str) -> object:
            return getattr(adapter.installation, name)

    return replace(
        adapter,
        catalogue=Catalogue(),  # type: ignore[arg-type]
        subscriptions=Subscriptions(),  # type: ignore[arg-type]
        installation=Installation(),  # type: ignore[arg-type]
    )


async def reconciling(stage: Stage, application: Application) -> None:
    await stage.hear(application, *(product(str(n), at=1, title="New") for n in range(MANY)))


async def creating(stage: Stage, application: Application) -> None:
    await stage.hear(application, *(product(f"new {n}") for n in range(MANY)))


async def importing(stage: Stage, application: Application) -> None:
    await start_import(stage.services, application.id)


async def reading(stage: Stage, application: Application) -> None:
    await stage.hear(application, Incomplete(source_id=SourceId("1"), reason="it is thin"))


async def subscribing(stage: Stage, application: Application) -> None:
    async with stage.store.transaction() as tx:
        await tx.appointments.make(application.id, "subscriptions")
        await tx.lanes.wake(application.id)


async def hearing_of_removal(stage: Stage, application: Application) -> None:
    await stage.hear(application, Uninstalled())


Work = Callable[[Stage, Application], Awaitable[None]]
WORKS: tuple[Work, ...] = (reconciling, creating, importing, reading, subscribing, hearing_of_removal)


@pytest.fixture
async def application(stage: Stage) -> Application:
    stage.shop.put(*(product(str(n)) for n in range(MANY)))
    stage.shop.page_size = MANY
    installed = await stage.install()
    await stage.settle()
    await stage.enrich()
    return installed


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("work", WORKS, ids=lambda each: each.__name__)
async def test_no_further_call_starts(stage: Stage, application: Application, work: Work, happening: Happening) -> None:
    await work(stage, application)
    calls = await World(stage, happening).run(application)
    assert len(calls) == 1, calls
    assert await stage.execute("SELECT leased_until FROM lane") is None
    assert await stage.execute("SELECT max(attempts) FROM source_product") == 0, "a pause counts as a failed attempt"


@pytest.mark.parametrize("work", WORKS, ids=lambda each: each.__name__)
async def test_otherwise_many_calls_are_made(stage: Stage, application: Application, work: Work) -> None:
    async def nothing(services: Services, application_id: ApplicationId) -> None:
        pass

    await work(stage, application)
    assert len(await World(stage, nothing).run(application)) > 1


async def test_once_a_pause_is_committed_no_batch_begins_wherever_it_comes(
    stage: Stage, application: Application
) -> None:
    for at in range(1, 15):
        await stage.hear(application, product("1", at=at, title=f"New {at}"))
        before: list[int] = []

        async def happening(before: list[int] = before) -> None:
            await pause(stage.services, application.id)
            before.append(len(stage.orderchamp.applied))

        held = await claim_lane(stage.services)
        assert held is not None
        await run_lane(replace(stage.services, store=Interrupted(stage.store, at=at, happening=happening)), held)
        if not before:
            break
        assert len(stage.orderchamp.applied) == before[0], f"paused before transaction {at}"
        await resume(stage.services, application.id)
        await stage.settle()
    else:
        pytest.fail("the run never came to its end before the pause")


async def test_a_lane_that_somebody_else_holds_by_now_makes_no_call(stage: Stage, application: Application) -> None:
    async def taken_over(services: Services, application_id: ApplicationId) -> None:
        await stage.execute("UPDATE lane SET lease_token = lease_token + 1")

    await reading(stage, application)
    assert len(await World(stage, taken_over).run(application)) == 1


async def test_a_call_that_is_written_down_does_not_start_when_it_might_outlast_what_was_written(stage: Stage) -> None:
    tenure = await tenure_of(stage)
    tenure.writes_end = datetime.now(UTC) + tenure.services.pace.call - timedelta(milliseconds=1)
    with pytest.raises(LeaseTooShort):
        await tenure.permit()
    tenure.writes_end = datetime.now(UTC) + tenure.services.pace.call + timedelta(seconds=1)
    await tenure.permit()


async def test_calls_that_are_written_down_end_by_then_though_the_lane_is_still_held(
    stage: Stage, application: Application
) -> None:
    """The first creation takes nearly as long as all of them may."""
    calls: list[str] = []
    ahead = timedelta(0)

    async def call(name: str) -> None:
        nonlocal ahead
        calls.append(name)
        if name == "CreateProduct":
            ahead += stage.services.pace.lease - stage.services.pace.call + timedelta(seconds=1)

    services = replace(
        stage.services,
        marketplaces=Gated(stage.orderchamp, call),
        clock=lambda: datetime.now(UTC) + ahead,
        monotonic=lambda: time.monotonic() + ahead.total_seconds(),
    )
    await creating(stage, application)
    held = await claim_lane(services)
    assert held is not None
    await run_lane(services, held)
    assert calls.count("CreateProduct") == 1


async def test_a_lease_that_is_too_short_for_a_call_is_renewed_or_known_to_be_lost(stage: Stage) -> None:
    tenure = await tenure_of(stage)
    tenure.lease_from -= tenure.services.pace.lease.total_seconds()
    await tenure.permit()
    assert tenure.lease_ends() - datetime.now(UTC) > tenure.services.pace.call
    tenure.lease_from -= tenure.services.pace.lease.total_seconds()
    await stage.execute("UPDATE lane SET lease_token = lease_token + 1")
    with pytest.raises(LeaseLost):
        await tenure.permit()


async def test_a_lease_lasts_from_before_it_was_asked_for(stage: Stage) -> None:
    """So that it is never taken for longer than the database holds it, however slow that is."""
    tenure = await tenure_of(stage)
    ahead, lease = 0.0, tenure.services.pace.lease

    async def slowly() -> None:
        nonlocal ahead
        ahead += 6.0

    def at_once(at: int) -> Services:
        store = Interrupted(stage.store, at=at, happening=slowly)
        return replace(stage.services, store=store, monotonic=lambda: time.monotonic() + ahead)

    tenure.services = at_once(1)
    await tenure.hold(lease)
    assert tenure.lease_ends() - datetime.now(UTC) < lease - timedelta(seconds=5)
    tenure.services = at_once(1)
    async with tenure.holding_on():
        pass
    assert tenure.lease_ends() - datetime.now(UTC) < lease - timedelta(seconds=5)


async def test_who_is_to_wait_for_the_budget_asks_for_no_permission_yet(stage: Stage) -> None:
    class Poor(Unmetered):
        async def draw(self, cost: int) -> timedelta:
            return timedelta(seconds=cost)

    asked: list[str] = []

    async def permit() -> None:
        asked.append("asked")

    assert await PermittedBudget(Poor(), permit).draw(3) == timedelta(seconds=3)
    assert asked == []
    assert await PermittedBudget(Unmetered(), permit).draw(3) == timedelta(0)
    assert asked == ["asked"]


async def test_an_address_that_must_not_be_called_is_a_shop_that_is_away_and_no_bug() -> None:
    class Guarded:
        async def send(self, request: Request, *, within: timedelta) -> Response:
            raise AddressRefused("shop.example has an address that is not public; it is not called.")

    async def permit() -> None:
        pass

    request = Request(method="GET", url="https://shop.example/", operation="read")
    with pytest.raises(PlatformUnavailable, match="not public"):
        await PermittedTransport(Guarded(), permit).send(request, within=timedelta(seconds=1))


async def tenure_of(stage: Stage) -> Tenure:
    application = await stage.install()
    held = await claim_lane(stage.services)
    assert held is not None
    return Tenure(
        services=stage.services,
        claim=held.claim,
        revision=application.revision,
        stopping=Stopping(),
        lease_from=held.lease_from,
        looked=held.lease_from,
    )
