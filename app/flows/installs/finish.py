"""Finishing an install on which both sides have agreed, as a worker does it: the same install as one by hand."""

from datetime import timedelta

from app.domain.errors import ApplicationError, InvalidInstallation, PermanentError, TemporaryError
from app.domain.ids import ApplicationId
from app.domain.installing import START_AGAIN, InstallState, PendingInstall
from app.domain.retry import rest_after
from app.flows.install import Installation, install
from app.flows.installs.kept import Kept, end, kept
from app.flows.services import Services

LEASE = timedelta(minutes=2)
"""How long finishing one install may take before another worker tries it. Doing it twice does no harm."""

DONE = "The shop is connected, and its catalogue is being imported."


async def finish_install(services: Services) -> bool:
    """Finish one install that is due; False when none is.

    What cannot be reached is tried again until the install expires; what cannot be ends it, with the reason.
    """
    async with services.store.transaction() as tx:
        pending = await tx.installs.claim(LEASE)
        if pending is None:
            return False
        remembered = await kept(tx, pending)
    try:
        application, _ = await install(services, _wanted(pending, remembered))
    except TemporaryError as error:
        await _put_off(services, pending, error)
    except (ApplicationError, PermanentError) as error:
        await _end(services, pending, "failed", _told(error), way_on=START_AGAIN)
    else:
        await _end(services, pending, "done", DONE, way_on="", application_id=application.id)
    return True


async def _put_off(services: Services, pending: PendingInstall, error: TemporaryError) -> None:
    """Try again later, unless the install is over by then."""
    wait = max(rest_after(pending.attempts + 1, jitter=services.jitter()), error.retry_after or timedelta(0))
    if services.clock() + wait >= pending.expires_at:
        await _end(services, pending, "failed", f"It could not be finished in time: {error}", way_on=START_AGAIN)
        return
    async with services.store.transaction() as tx:
        await tx.installs.postpone(pending.id, wait, f"{error} It is tried again by itself.")


async def _end(
    services: Services,
    pending: PendingInstall,
    state: InstallState,
    why: str,
    *,
    way_on: str,
    application_id: ApplicationId | None = None,
) -> None:
    async with services.store.transaction() as tx:
        await end(tx, pending, state, why, way_on=way_on, application_id=application_id)


def _told(error: Exception) -> str:
    reasons = error.reasons if isinstance(error, InvalidInstallation) else ()
    return " ".join([str(error), *(reason for _, reason in reasons)])


def _wanted(pending: PendingInstall, remembered: Kept) -> Installation:
    """Return what is to be installed; InvalidInstallation when no handshake told which shop it is."""
    assert pending.supplier_id is not None  # noqa: S101 - what is agreed has all of these
    assert pending.platform is not None  # noqa: S101
    assert pending.settings is not None  # noqa: S101
    if pending.shop is None:
        raise InvalidInstallation("The platform did not tell which shop it is.")
    return Installation(
        supplier_id=pending.supplier_id,
        platform=pending.platform,
        shop=pending.shop,
        credentials=remembered.credentials,
        orderchamp_token=remembered.token or "",
        storefront_id=pending.storefront_id,
        settings=pending.settings,
    )
