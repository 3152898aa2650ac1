"""Exchanging the secret by which a shop's deliveries are proven, without losing one of them.

Whoever asks writes down the new secret beside the former one, and both are accepted from then on. The lane tells the new
one to the shop (``subscribe``). Once every subscription has it, the former one is accepted for a while longer, for what the
shop sent before, and then forgotten. Until then asking again changes nothing, so that no second exchange takes the secret
away with which the shop may still deliver.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.application import Application
from app.domain.errors import ApplicationNotFound, NotPossibleNow
from app.domain.ids import ApplicationId
from app.flows.lane import LaneRun, shop_credentials
from app.flows.services import Services
from app.flows.webhook_secret import CHOSEN, FORMER
from app.ports import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """How far an exchange has come.

    ``handed_over``: the shop delivers with the new secret. ``former_until``: when the former one ends; None until then.
    """

    handed_over: bool
    former_until: datetime | None


async def rotate_secret(services: Services, application_id: ApplicationId) -> Rotation:
    """Begin to exchange the secret, or return how far that has come already.

    NotPossibleNow where the platform chooses the secret, or the shop is not to be called.
    """
    async with services.store.transaction() as tx:
        application = await tx.applications.one(application_id, lock=True)
        if application is None:
            raise ApplicationNotFound
        secrets = await tx.vault.get(str(application_id))
        _refuse_unless_possible(services, application, secrets)
        if FORMER not in secrets:
            await tx.vault.put(str(application_id), {FORMER: secrets[CHOSEN], CHOSEN: services.new_secret()})
            await tx.applications.touch(application_id)
            await tx.applications.want_secret_told(application_id, due=True)
            await tx.appointments.make(application_id, "subscriptions")
            await tx.lanes.wake(application_id)
        return await _rotation(tx, application_id)


async def rotation_of(tx: Transaction, application_id: ApplicationId) -> Rotation | None:
    """Return how far an exchange of the secret has come; None when none is under way."""
    under_way = FORMER in await tx.vault.names(str(application_id))
    return await _rotation(tx, application_id) if under_way else None


async def retire_secret(run: LaneRun) -> bool:
    """Accept the former secret no longer."""
    async with run.services.store.transaction(run.claim) as tx:
        await run.require_current(tx)
        await tx.vault.forget(str(run.application.id), FORMER)
        await tx.applications.touch(run.application.id)
        await tx.appointments.cancel(run.application.id, "old secret")
    run.ended = True
    return True


async def _rotation(tx: Transaction, application_id: ApplicationId) -> Rotation:
    ends = await tx.appointments.of(application_id, "old secret")
    to_tell = await tx.applications.secret_to_tell(application_id)
    return Rotation(handed_over=not to_tell, former_until=None if ends is None or to_tell else ends.due_at)


def _refuse_unless_possible(services: Services, application: Application, secrets: Mapping[str, str]) -> None:
    if application.state not in ("installing", "active"):
        raise NotPossibleNow(
            f"The Application is {application.state}, so its shop is not told of a new secret; have it work again first."
        )
    adapter = services.adapters[application.platform]
    if CHOSEN not in secrets or adapter.installation.secret_kind(shop_credentials(secrets)) == "theirs":
        raise NotPossibleNow(
            f"What the deliveries of this shop are signed with is chosen on the side of {application.platform}, not by us: "
            "exchange it there, and bring the new credentials if it is one of them."
        )
