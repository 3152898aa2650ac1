"""The service's inside for measurements: real PostgreSQL, the real worker, and an Orderchamp that costs nothing."""

import asyncio
import contextlib
import os
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from app.bench.bodies import Product
from app.domain.application import Account, Application, Storefront
from app.domain.http import Delivery, Request, Response
from app.domain.ids import (
    AccountId,
    ApplicationId,
    EventId,
    Sku,
    StorefrontId,
    SupplierId,
    TargetId,
    TargetVariantId,
    Topic,
)
from app.domain.images import MOST_SHOWN
from app.domain.plan import Applied, Change, Outcome
from app.domain.settings import ApplicationSettings
from app.domain.state import Observed, ObservedVariant
from app.domain.webhook import Registered
from app.flows.services import Pace, Services
from app.local.patience import until
from app.platforms.registry import ADAPTERS
from app.ports import Arrival, Budget, Marketplace, Ring
from app.store import migrations
from app.store.database import PostgresStore
from app.store.vault import Keyring
from app.worker import Worker

FRONT = Storefront(id=StorefrontId("front"), name="Main", live=True)

PRODUCTION = Pace(
    lease=timedelta(seconds=20),
    run=timedelta(seconds=2),
    run_products=500,
    call=timedelta(seconds=10),
    settle=timedelta(seconds=5),
    coalesce=timedelta(seconds=3),
)


class FreeOrderchamp:
    """Every account of an Orderchamp whose answers cost no time. It knows the products that it was given.

    Changes are counted by kind and not carried out: what was sent is what the service takes as shown.
    """

    def __init__(self) -> None:
        self.products: dict[str, dict[Sku, Observed]] = {}
        self.changes: dict[str, int] = {}

    def open(self, token: str, budget: Budget) -> Marketplace:  # noqa: ARG002 - nothing costs anything
        """Return the account behind the token, which is its id."""
        return FreeAccount(self, token)


class FreeAccount:
    """One account."""

    def __init__(self, orderchamp: FreeOrderchamp, token: str) -> None:
        self._orderchamp = orderchamp
        self._by_sku = orderchamp.products.setdefault(token, {})
        self._id = AccountId(token)

    async def account(self) -> Account:
        return Account(id=self._id, name="Free", storefronts=(FRONT,))

    async def find(self, skus: Sequence[Sku]) -> tuple[Observed, ...]:
        found = {product.id: product for sku in skus if (product := self._by_sku.get(sku)) is not None}
        return tuple(found.values())

    async def read(self, ids: Sequence[TargetId]) -> Mapping[TargetId, Observed | None]:
        known = {product.id: product for product in self._by_sku.values()}
        return {each: known.get(each) for each in ids}

    async def count_images(self, ids: Sequence[TargetId]) -> Mapping[TargetId, int]:
        return dict.fromkeys(ids, MOST_SHOWN)

    async def webhooks(self) -> tuple[Registered, ...]:
        return ()

    async def add_webhook(self, address: str) -> str:
        return address

    async def remove_webhook(self, webhook_id: str) -> None:
        """Forget nothing, since nothing was kept."""

    async def apply(self, changes: Sequence[Change], *, before: datetime) -> tuple[Outcome, ...]:  # noqa: ARG002
        for change in changes:
            kind = type(change).__name__
            self._orderchamp.changes[kind] = self._orderchamp.changes.get(kind, 0) + 1
        return (Applied(),) * len(changes)


class Silent:
    """A bell that nobody rings."""

    def is_signed(self, delivery: Delivery) -> bool:  # noqa: ARG002
        return False

    def read(self, delivery: Delivery) -> Ring:  # noqa: ARG002
        return Ring(account_id=None, target_id=TargetId(""), changed_at=None)


class NoShop:
    """A transport behind which there is nothing: full events need no reading."""

    async def send(self, request: Request, *, within: timedelta) -> Response:
        raise AssertionError(f"{request.operation} was sent {within}")


@dataclass(slots=True)
class Inside:
    """The service without its edges."""

    services: Services
    store: PostgresStore
    orderchamp: FreeOrderchamp

    async def install(self, number: int) -> Application:
        """Put an active Application with an account of its own into the database."""
        token = f"account-{number}"
        application = Application(
            id=ApplicationId(uuid4()),
            supplier_id=SupplierId(f"supplier-{number}"),
            platform="shopify",
            shop=f"shop-{number}.myshopify.com",
            state="active",
            state_reason="Installed.",
            state_since=datetime.now(UTC),
            settings=ApplicationSettings(price_kind="wholesale"),
            account_id=AccountId(token),
            details={"currency": "EUR", "timezone": "Europe/Amsterdam"},
            created_at=datetime.now(UTC),
        )
        account = Account(id=application.account_id, name=token, storefronts=(FRONT,))
        async with self.store.transaction() as tx:
            await tx.accounts.save(account, application.supplier_id)
            await tx.applications.save(application)
            await tx.vault.put(str(application.id), {"orderchamp.token": token, "shop.access_token": "token"})
            await tx.lanes.add(application.id)
        self.orderchamp.products.setdefault(token, {})
        return application

    async def know(self, application: Application, products: Sequence[Product]) -> None:
        """Have these products on Orderchamp and in our tables, in step with each other."""
        by_sku = self.orderchamp.products[application.account_id]
        for product in products:
            shown = _shown(product)
            by_sku.update(dict.fromkeys((each.sku for each in shown.variants.values()), shown))
        await self.hear(application, "products/update", [(each.id, each.body()) for each in products])

    async def hear(self, application: Application, topic: str, bodies: Sequence[tuple[object, bytes]]) -> None:
        """Keep deliveries as the web process does, in batches; each with its event id."""
        arrivals = [
            Arrival(
                application_id=application.id,
                revision=None,
                event_id=EventId(f"{name}-{uuid4()}"),
                topic=Topic(topic),
                delivery=_delivery(topic, body),
            )
            for name, body in bodies
        ]
        for start in range(0, len(arrivals), 200):
            await self.store.accept(arrivals[start : start + 200])

    async def waiting(self) -> int:
        """Return how many deliveries and products nothing has become of yet."""
        async with self.store.pool.connection() as connection:
            found = await connection.execute(
                "SELECT (SELECT count(*) FROM delivery WHERE outcome IS NULL)"
                " + (SELECT count(*) FROM source_product WHERE due_at IS NOT NULL OR read_due_at IS NOT NULL)"
            )
            return int(found.scalar())

    async def until_settled(self, application: Application) -> None:
        """Return once nothing waits for this Application any more."""

        async def look() -> tuple[bool, object]:
            async with self.store.reading() as tx:
                waiting, _ = await tx.products.backlog(application.id)
            return not waiting, waiting

        await until(look, f"What waits for {application.shop}", patience=120, every=0.01)

    @contextlib.asynccontextmanager
    async def working(self, *, slots: int = 8) -> AsyncIterator[None]:
        """Have one worker work, as its process does."""
        worker = Worker(self.services, self.store, slots=slots, look=timedelta(seconds=3))
        running = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            worker.stop()
            await running

    async def until_quiet(self) -> None:
        """Return once nothing waits any more."""

        async def look() -> tuple[bool, object]:
            waiting = await self.waiting()
            return not waiting, waiting

        await until(look, "What waits for the worker", patience=120, every=0.02)


@contextlib.asynccontextmanager
async def inside(database_url: str, *, coalesce: timedelta = PRODUCTION.coalesce) -> AsyncIterator[Inside]:
    """Open the service on this database, at production settings but for ``coalesce``."""
    await asyncio.to_thread(migrations.upgrade, database_url)
    keyring = Keyring(keys={"bench": os.urandom(32)}, active="bench")
    store = PostgresStore(database_url, keyring=keyring, random_bytes=os.urandom, pool=20)
    orderchamp = FreeOrderchamp()
    services = Services(
        store=store,
        transport=NoShop(),
        marketplaces=orderchamp,
        bell=Silent(),
        adapters=ADAPTERS,
        shop_url=lambda _, shop: f"https://{shop}",
        apps={},
        public_url="https://bench",
        pace=replace(PRODUCTION, coalesce=coalesce),
        clock=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=asyncio.sleep,
        jitter=random.random,
        new_id=uuid4,
        new_secret=lambda: uuid4().hex,
    )
    try:
        yield Inside(services=services, store=store, orderchamp=orderchamp)
    finally:
        await store.close()


def _delivery(topic: str, body: bytes) -> Delivery:
    headers = {"x-shopify-topic": topic, "content-type": "application/json"}
    return Delivery(method="POST", url="/webhooks", headers=headers, body=body, received_at=datetime.now(UTC))


def _shown(product: Product) -> Observed:
    variants = {
        TargetVariantId(f"variant-{sku}"): ObservedVariant(
            id=TargetVariantId(f"variant-{sku}"), sku=Sku(sku), price=Decimal("1.00"), stock=1, policy="DENY"
        )
        for sku in product.skus
    }
    return Observed(id=TargetId(f"product-{product.id}"), title="Before", published=True, variants=variants)
