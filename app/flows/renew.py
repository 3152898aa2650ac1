"""Credentials that expire, renewed when a run of their lane begins: by its one holder, and kept before they are used.

Where the answer to a renewal got lost, or the worker died before it was kept, the next run asks again with the old ones.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from app.domain.errors import CredentialsRefused, PlatformRejected, RunOver, TemporaryError
from app.flows.lane import LaneRun, as_secrets
from app.flows.services import Services
from app.platforms.adapter import Adapter

logger = structlog.get_logger(__name__)

ASK_AGAIN = timedelta(seconds=5)
PATIENCE = timedelta(seconds=5)


async def renew(run: LaneRun) -> None:
    """Renew the shop's credentials if that is due. CredentialsRefused when the shop gives none any more.

    A shop that does not answer is left alone in this run; what needs no shop goes on.
    """
    renewal, credentials = run.adapter.renewal, run.connection.credentials
    if renewal is None or not credentials:
        return
    due = renewal.due(credentials)
    if due is None or due > run.now():
        return
    try:
        renewed = await run.services.ask_shop(renewal.renew(run.connection, now=run.now()))
    except RunOver:
        raise
    except (TemporaryError, PlatformRejected) as error:
        logger.warning("renewal_waits", application_id=str(run.application.id), reason=str(error))
        asked = error.retry_after if isinstance(error, TemporaryError) else None
        run.leave_shop_alone(max(asked or timedelta(0), ASK_AGAIN * run.services.pace.retry_scale))
        return
    except CredentialsRefused:
        if run.application.state == "uninstalling":
            return  # Then they were to go anyway.
        raise
    await _keep(run, renewed)


async def fresh(services: Services, adapter: Adapter, shop: str, credentials: Mapping[str, str]) -> Mapping[str, str]:
    """Return credentials that are about to be tried, renewed if that is due. CredentialsRefused or PlatformUnavailable."""
    renewal, now = adapter.renewal, services.clock()
    if renewal is None:
        return credentials
    due = renewal.due(credentials)
    if due is None or due > now:
        return credentials
    connection = services.new_connection(adapter.platform, shop, credentials)
    return await services.ask_shop_patiently(lambda: renewal.renew(connection, now=now), patience=PATIENCE)


async def _keep(run: LaneRun, renewed: Mapping[str, str]) -> None:
    before, installation, owner = run.connection.credentials, run.adapter.installation, str(run.application.id)
    signs_otherwise = installation.secrets(before) != installation.secrets(renewed)
    async with run.services.store.transaction(run.claim) as tx:
        # Somebody brought others meanwhile.
        await run.require_current(tx)
        for name in as_secrets({name: "" for name in before if name not in renewed}):
            await tx.vault.forget(owner, name)
        await tx.vault.put(
            owner, as_secrets({name: value for name, value in renewed.items() if before.get(name) != value})
        )
        if signs_otherwise:
            await tx.applications.touch(run.application.id)
    run.connection = replace(run.connection, credentials=renewed)
    if signs_otherwise:
        # This run is for the Application as it was.
        run.ended = True
