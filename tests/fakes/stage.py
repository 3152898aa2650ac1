"""A stage for flows: the real store on PostgreSQL, a fake shop, a fake Orderchamp, and nobody else."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Table
from sqlmodel import SQLModel

from app.domain.application import Application
from app.domain.event import Fact
from app.domain.http import Delivery, Request, Response
from app.domain.ids import ApplicationId, SourceId, StorefrontId, SupplierId
from app.domain.problem import Problem, ProblemKind, ProblemState
from app.domain.product import Snapshot
from app.domain.settings import ApplicationSettings
from app.domain.structs import replace
from app.flows.install import Installation, install
from app.flows.receive_delivery import Reception
from app.flows.run_lane import claim_lane, run_lane
from app.flows.services import Pace, Services
from app.orderchamp.rings import OrderchampRings
from app.platforms.adapter import Adapter
from app.ports import DutyName, ProductView
from app.store.database import PostgresStore
from app.store.vault import Keyring
from tests.fakes.marketplace import FakeOrderchamp
from tests.fakes.shop import FakeShop, delivery

APP_SECRET = "the secret of our app at Orderchamp"
WHOLESALE = ApplicationSettings(price_kind="wholesale")
PACE = Pace(
    lease=timedelta(seconds=20),
    run=timedelta(seconds=30),
    run_products=500,
    call=timedelta(seconds=5),
    settle=timedelta(0),
    coalesce=timedelta(0),
    gather=timedelta(0),
    retry_scale=0.001,
)


LANES_THAT_WAIT = (
    "UPDATE lane SET due_at = now() WHERE due_at IS NOT NULL AND NOT EXISTS ("
    "SELECT FROM appointment a WHERE a.application_id = lane.application_id AND a.due_at = lane.due_at) "
    "AND NOT EXISTS (SELECT FROM application a WHERE a.id = lane.application_id AND a.sweep_at = lane.due_at) RETURNING 1"
)
"""What makes every lane due that waits for more than a duty which comes again and again."""


class NoTransport:
    """Fakes answer by themselves; nothing is ever sent."""

    async def send(self, request: Request, *, within: timedelta) -> Response:
        raise AssertionError(f"{request.operation} was sent")


def _written(table: Table) -> str:
    """Return the columns of a table that PostgreSQL does not work out from others."""
    return ", ".join(column.name for column in table.columns if column.computed is None)


@dataclass
class Stage:
    """Everything a flow needs, and short words for what tests do."""

    services: Services
    store: PostgresStore
    shop: FakeShop
    orderchamp: FakeOrderchamp
    adapters: dict[str, Adapter]

    async def install(self, *, settings: ApplicationSettings = WHOLESALE, **changes: Any) -> Application:
        wanted: dict[str, Any] = {
            "supplier_id": SupplierId("supplier"),
            "platform": "fake",
            "shop": "shop.example",
            "credentials": {"token": self.shop.token},
            "orderchamp_token": "token",
            "storefront_id": StorefrontId("front-1"),
            "settings": settings,
        }
        application, _ = await install(self.services, Installation(**{**wanted, **changes}))
        return application

    async def install_and_lose(self, before: Snapshot, after: Fact) -> Application:
        """Install a shop, have a person delete what it brings to Orderchamp, and the shop change it: so that is found out."""
        self.shop.put(before)
        application = await self.install()
        await self.settle()
        self.orderchamp.products.clear()
        await self.hear(application, after)
        await self.settle()
        return application

    async def hear(self, application: Application, *facts: Fact, event: str | None = None) -> None:
        """The shop says these things, one delivery each."""
        reception = Reception(self.services)
        for fact in facts:
            await reception.receive("fake", str(application.id), delivery(fact, event=event))

    async def carry(self, *sent: Delivery) -> None:
        """Bring what the shop sends to the addresses at which it sends it."""
        reception = Reception(self.services)
        for each in sent:
            _, _, _, _, platform, application_id, *token = each.url.split("/")
            await reception.receive(platform, application_id, replace(each, token=token[0] if token else ""))

    async def run_lanes(self) -> int:
        """Run every lane that has work, once after the other, until none is left; return how many runs that took."""
        for runs in range(1000):
            held = await claim_lane(self.services)
            if held is None:
                return runs
            await run_lane(self.services, held)
        raise AssertionError("the lanes never come to rest")

    async def settle(self) -> None:
        """Run lanes until nothing is left, letting every wait pass at once."""
        for _ in range(200):
            await self.run_lanes()
            if not await self.hurry():
                return
        raise AssertionError("something always waits")

    async def hurry(self) -> bool:
        """Let every wait be over; tell whether there was one."""
        async with self.store.pool.transaction() as connection:
            for statement in (
                "UPDATE source_product SET due_at = now() WHERE due_at IS NOT NULL",
                "UPDATE source_product SET read_due_at = now() WHERE read_due_at IS NOT NULL",
                "UPDATE in_flight SET until = now()",
                "UPDATE replay_share SET due_at = now() WHERE state = 'running'",
                "UPDATE target SET publishing_until = now() WHERE publishing_until > now()",
                "UPDATE import SET due_at = now() WHERE state = 'running'",
                "UPDATE appointment SET due_at = now() WHERE attempts > 0",
                "UPDATE sweep SET due_at = now() WHERE state = 'running'",
                "UPDATE preview SET due_at = now() WHERE state = 'running'",
                "UPDATE lane SET leased_until = NULL",
                "UPDATE account SET blocked_until = NULL",
            ):
                await connection.execute(statement)
            done = await connection.execute(LANES_THAT_WAIT)
            return len(done) > 0

    async def keep_appointment(self, duty: DutyName) -> None:
        """Let the time come at which every lane looks after this duty, and have the lanes do so."""
        await self.execute("UPDATE appointment SET due_at = now() WHERE duty = :duty", duty=duty)
        await self.execute("UPDATE lane SET due_at = now()")
        await self.settle()

    async def application(self, application_id: ApplicationId) -> Application:
        async with self.store.transaction() as tx:
            found = await tx.applications.one(application_id)
        assert found is not None
        return found

    async def product(self, application: Application, source_id: str) -> ProductView:
        async with self.store.transaction() as tx:
            found = await tx.products.one(application.id, SourceId(source_id))
        assert found is not None
        return found

    async def story(self, application: Application, source_id: str) -> list[str]:
        async with self.store.transaction() as tx:
            found = await tx.timeline.of(application.id, SourceId(source_id), after=None, limit=1000)
        return [told.sentence for _, told in found]

    async def problems(
        self, application: Application, *, state: ProblemState | None = "open", kind: ProblemKind | None = None
    ) -> tuple[Problem, ...]:
        async with self.store.transaction() as tx:
            return await tx.problems.list(
                application.id, state=state, kind=kind, source_id=None, after=None, limit=1000
            )

    async def problem(self, application: Application, kind: ProblemKind) -> Problem:
        """The one open problem of this kind."""
        found = await self.problems(application, kind=kind)
        assert len(found) == 1, [each.sentence for each in found]
        return found[0]

    async def outcomes(self, application: Application) -> Mapping[str, str | None]:
        async with self.store.transaction() as tx:
            found = await tx.inbox.of(application.id, before=None, limit=1000, topic=None, outcome=None)
        return {each.event_id: each.outcome for each in found}

    async def remember(self) -> None:
        """Keep every row as it is now, for ``go_back``."""
        async with self.store.pool.transaction() as connection:
            await connection.execute("DROP SCHEMA IF EXISTS remembered CASCADE")
            await connection.execute("CREATE SCHEMA remembered")
            for table in SQLModel.metadata.tables.values():
                columns = _written(table)
                await connection.execute(
                    f"CREATE TABLE remembered.{table.name} AS SELECT {columns} FROM public.{table.name}"  # noqa: S608
                )

    async def go_back(self) -> None:
        """Have every row as it was remembered; far quicker than a new database."""
        async with self.store.pool.transaction() as connection:
            await connection.execute("SET LOCAL session_replication_role = replica")
            for table in SQLModel.metadata.tables.values():
                await connection.execute(f"DELETE FROM public.{table.name}")  # noqa: S608
                await connection.execute(
                    f"INSERT INTO public.{table.name} ({_written(table)}) OVERRIDING SYSTEM VALUE "
                    f"TABLE remembered.{table.name}"
                )

    async def enrich(self) -> None:
        """Let every account spend as much as it likes."""
        await self.execute("UPDATE account SET bucket_limit = 1e9, level = 1e9, restore_rate = 1e9, level_at = now()")

    async def execute(self, statement: str, **given: Any) -> Any:
        """Change rows behind the service's back; return the first value of what the statement returns, if any."""
        async with self.store.pool.transaction() as connection:
            found = await connection.execute(statement, given)
            return found.scalar()

    async def count(self, table: str) -> int:
        async with self.store.pool.connection() as connection:
            found = await connection.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            return int(found.scalar())


def open_stage(database_url: str, *, pace: Pace = PACE) -> Stage:
    """Return a stage on this database. Close its store."""
    store = PostgresStore(
        database_url, keyring=Keyring(keys={"test": bytes(32)}, active="test"), random_bytes=_counting, pool=5
    )
    shop, orderchamp = FakeShop(), FakeOrderchamp()
    adapters = {"fake": shop.adapter()}
    services = Services(
        store=store,
        transport=NoTransport(),
        marketplaces=orderchamp,
        bell=OrderchampRings(APP_SECRET),
        adapters=adapters,
        shop_url=lambda _, address: f"https://{address}",
        apps={},
        public_url="https://test",
        pace=pace,
        clock=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=lambda _: asyncio.sleep(0),
        jitter=lambda: 0.0,
        new_id=uuid4,
        new_secret=lambda: uuid4().hex * 2,
    )
    return Stage(services=services, store=store, shop=shop, orderchamp=orderchamp, adapters=adapters)


def _counting(length: int) -> bytes:
    return uuid4().bytes[:length].ljust(length, b"\0")
