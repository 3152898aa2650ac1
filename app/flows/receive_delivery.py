"""Receiving: verify, name, keep, and only then say thank you. Nothing leaves the service meanwhile."""

import asyncio
from collections.abc import Awaitable, Sequence

from app.domain.errors import InvalidSignature, NotStored, UnknownApplication
from app.domain.http import Delivery
from app.flows.directory import Directory, Recipient
from app.flows.intake import Intake
from app.flows.lane import shop_credentials
from app.flows.services import Services
from app.flows.webhook_secret import accepted_secrets
from app.platforms.adapter import Adapter, Secret, Webhooks
from app.ports import Addressee, Arrival, Entrance

ANSWER_SECONDS = 0.9
"""How long keeping a delivery may take, so that the shop is answered within a second whatever the database does."""

NOBODYS = Secret(b"no shop is known by this secret, and nothing is kept that it signs")
UNPROVEN = "The delivery is not signed with the secret of a shop that is installed here."

LOOKS = 3
"""How often an Application is looked up that changes whenever a delivery for it has been verified."""


class Reception:
    """Takes deliveries in, through the store's ``entrance`` if another way to it is not given."""

    def __init__(self, services: Services, entrance: Entrance | None = None) -> None:
        self._services = services
        self._directory = Directory(entrance or services.store, self._secrets_of)
        self._intake = Intake(entrance or services.store)

    async def receive(self, platform: str, application_id: str, delivery: Delivery) -> None:
        """Keep a delivery that a shop sent to its Application's own address.

        UnknownApplication, InvalidSignature or NotStored; after any of them nothing was stored. The Application is looked
        up only where it is not remembered, where what is remembered did not sign the delivery, or where it has changed
        meanwhile: so a new secret, and an uninstall, count from the moment at which they are committed. A greeting, which
        the platform sends unsigned by design, is let pass, and nothing of it is stored.
        """
        webhooks = _webhooks(self._services.adapters.get(platform))
        deadline = asyncio.get_running_loop().time() + ANSWER_SECONDS
        recipient = self._directory.remembered(application_id)
        if recipient is not None and recipient.platform == platform:
            try:
                webhooks.verify(delivery, recipient.secrets)
            except InvalidSignature:
                pass
            else:
                if await self._keep(recipient, webhooks, delivery, deadline):
                    return
        for _ in range(LOOKS):
            recipient = await self._directory.look_up(application_id, deadline=deadline)
            if recipient is None or recipient.platform != platform:
                raise UnknownApplication
            if not _proven(webhooks, delivery, recipient.secrets):
                return
            if await self._keep(recipient, webhooks, delivery, deadline):
                return
        raise NotStored("The Application is being changed.", concerns="application")

    def _keep(self, recipient: Recipient, webhooks: Webhooks, delivery: Delivery, deadline: float) -> Awaitable[bool]:
        event_id, topic = webhooks.identify(delivery)
        arrival = Arrival(
            application_id=recipient.id,
            revision=recipient.revision,
            event_id=event_id,
            topic=topic,
            delivery=delivery,
        )
        return self._intake.keep(arrival, deadline=deadline)

    def _secrets_of(self, addressee: Addressee) -> tuple[Secret, ...]:
        """Return the keys that may sign for an Application: its own, those of our choice, and the app's.

        None for a platform that is not known.
        """
        if addressee.secrets is None:
            raise NotStored("The secrets of the Application cannot be opened.", concerns="application")
        adapter = self._services.adapters.get(addressee.platform)
        if adapter is None:
            return ()
        own = adapter.installation.secrets(shop_credentials(addressee.secrets))
        return (*own, *accepted_secrets(addressee.secrets), *self._services.app_secrets(addressee.platform))

    async def receive_for_app(self, platform: str, delivery: Delivery) -> None:
        """Keep a delivery that a platform sent to the one address of our app, for every Application that it is about.

        One that is about a shop of which nothing is held is kept as well, with that as its outcome.
        """
        webhooks = _webhooks(self._services.adapters.get(platform))
        if webhooks.app_topics_signed_by == "shop":
            await self._receive_of_a_shop(platform, webhooks, delivery)
            return
        if not _proven(webhooks, delivery, self._services.app_secrets(platform)):
            return
        deadline = asyncio.get_running_loop().time() + ANSWER_SECONDS
        event_id, topic = webhooks.identify(delivery)
        shop = webhooks.shop_of(delivery)
        try:
            async with self._services.store.transaction() as tx:
                applications = await tx.applications.of_shop(platform, shop) if shop is not None else ()
                if not applications:
                    await tx.inbox.keep_unowned(event_id, topic, delivery, reason="Nothing is held about this shop.")
        except self._services.store.unavailable as error:
            raise NotStored("The database is not available.") from error
        for application in applications:
            arrival = Arrival(
                application_id=application.id, revision=None, event_id=event_id, topic=topic, delivery=delivery
            )
            if not await self._intake.keep(arrival, deadline=deadline):
                raise NotStored("An Application of this shop is being erased.", concerns="application")

    async def _receive_of_a_shop(self, platform: str, webhooks: Webhooks, delivery: Delivery) -> None:
        """Keep a delivery to the platform-wide address that the shop which it names has signed itself.

        A shop that is not known and a signature that is not right are refused alike, after the same work, so that nobody
        learns who is installed.
        """
        deadline = asyncio.get_running_loop().time() + ANSWER_SECONDS
        shop = webhooks.shop_of(delivery) or ""
        for _ in range(LOOKS):
            recipient = await self._recipient_of(platform, shop, deadline)
            secrets = (NOBODYS,) if recipient is None else recipient.secrets
            try:
                if not _proven(webhooks, delivery, secrets):
                    return
            except InvalidSignature:
                raise InvalidSignature(UNPROVEN) from None
            if recipient is None:
                raise InvalidSignature(UNPROVEN)
            if await self._keep(recipient, webhooks, delivery, deadline):
                return
        raise NotStored("The Application is being changed.", concerns="application")

    async def _recipient_of(self, platform: str, shop: str, deadline: float) -> Recipient | None:
        try:
            async with self._services.store.reading() as tx:
                found = await tx.applications.of_shop(platform, shop)
        except self._services.store.unavailable as error:
            raise NotStored("The database is not available.") from error
        installed = next((each.id for each in found if each.state != "uninstalled"), None)
        # A stranger is looked up as well, by an id that nobody has.
        return await self._directory.look_up(str(installed or self._services.new_id()), deadline=deadline)


def _proven(webhooks: Webhooks, delivery: Delivery, secrets: Sequence[Secret]) -> bool:
    """Tell a proven delivery, which is to be kept, from a greeting; InvalidSignature for what is neither."""
    try:
        webhooks.verify(delivery, secrets)
    except InvalidSignature:
        if webhooks.is_greeting(delivery):
            return False
        raise
    return True


def _webhooks(adapter: Adapter | None) -> Webhooks:
    if adapter is None or adapter.webhooks is None:
        raise UnknownApplication
    return adapter.webhooks
