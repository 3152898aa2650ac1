"""Receiving: verify, name, keep, and only then say thank you. Nothing leaves the service meanwhile.

Deliveries that arrive together are kept by one statement (group commit): whoever arrives while a batch is on its way to
the disk waits for the next one. Each is answered only after the commit that holds it.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog

from app.domain.application import Application
from app.domain.errors import NotStored, UnknownApplication
from app.domain.http import Delivery
from app.domain.ids import ApplicationId, Topic
from app.flows.lane import shop_credentials
from app.flows.services import Services
from app.platforms.adapter import Adapter, Secret, Webhooks
from app.ports import Arrival, Store

logger = structlog.get_logger(__name__)

BATCH = 200
"""Deliveries that one statement keeps at most."""


class Intake:
    """Collects deliveries while a batch is being kept, so that the next batch keeps them all at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._running: asyncio.Task[None] | None = None

    async def keep(self, arrival: Arrival) -> None:
        """Return once ``arrival`` is committed; NotStored if it could not be."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, kept))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._drain())
        await kept

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            await self._keep_batch(batch)

    async def _keep_batch(self, batch: Sequence[tuple[Arrival, asyncio.Future[None]]]) -> None:
        try:
            await self._store.accept([arrival for arrival, _ in batch])
        except NotStored as error:
            if len(batch) == 1 or error.database_away:
                _answer(batch, error)
                return
            # One poisonous row must not cost its neighbours: each is tried once alone.
            for each in batch:
                await self._keep_batch([each])
            return
        _answer(batch, None)


def _answer(batch: Sequence[tuple[Arrival, asyncio.Future[None]]], error: NotStored | None) -> None:
    for _, kept in batch:
        if kept.done():  # The caller went away; what it brought is kept all the same.
            continue
        if error is None:
            kept.set_result(None)
        else:
            kept.set_exception(error)


class Reception:
    """Takes deliveries in."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._intake = Intake(services.store)

    async def receive(self, platform: str, application_id: str, delivery: Delivery) -> None:
        """Keep a delivery that a shop sent to its Application's own address.

        UnknownApplication, InvalidSignature or NotStored; after any of them nothing was stored.
        """
        application, webhooks, secrets = await self._application(platform, application_id)
        webhooks.verify(delivery, secrets)
        event_id, topic = webhooks.identify(delivery)
        await self._intake.keep(
            Arrival(application_id=application.id, event_id=event_id, topic=topic, delivery=delivery)
        )

    async def receive_for_app(self, platform: str, delivery: Delivery) -> None:
        """Keep a delivery that a platform sent to the one address of our app, for every Application that it is about.

        One that is about a shop of which nothing is held is kept as well, with that as its outcome.
        """
        webhooks = _webhooks(self._services.adapters.get(platform))
        webhooks.verify(delivery, self._services.app_secrets(platform))
        event_id, topic = webhooks.identify(delivery)
        shop = webhooks.shop_of(delivery)
        try:
            async with self._services.store.transaction() as tx:
                applications = await tx.applications.of_shop(platform, shop) if shop is not None else ()
                if not applications:
                    unowned = Arrival(application_id=None, event_id=event_id, topic=topic, delivery=delivery)
                    await tx.inbox.keep_unowned(unowned, reason="Nothing is held about this shop.")
        except self._services.store.unavailable as error:
            raise NotStored("The database is not available.") from error
        for application in applications:
            await self._intake.keep(
                Arrival(application_id=application.id, event_id=event_id, topic=Topic(topic), delivery=delivery)
            )

    async def _application(
        self, platform: str, application_id: str
    ) -> tuple[Application, Webhooks, tuple[Secret, ...]]:
        adapter = self._services.adapters.get(platform)
        webhooks = _webhooks(adapter)
        assert adapter is not None  # noqa: S101 - it has webhooks
        try:
            identity = ApplicationId(UUID(application_id))
        except ValueError:
            raise UnknownApplication from None
        try:
            async with self._services.store.transaction() as tx:
                application = await tx.applications.one(identity)
                # Asked for an unknown Application, too: the answer must not tell by its time which ones exist.
                secrets = await tx.vault.get(str(identity))
        except self._services.store.unavailable as error:
            raise NotStored("The Application could not be looked up, because the database is not available.") from error
        if application is None or application.platform != platform or application.state == "uninstalled":
            raise UnknownApplication
        own = adapter.installation.secrets(shop_credentials(secrets))
        return application, webhooks, (*own, *self._services.app_secrets(platform))


def _webhooks(adapter: Adapter | None) -> Webhooks:
    if adapter is None or adapter.webhooks is None:
        raise UnknownApplication
    return adapter.webhooks
