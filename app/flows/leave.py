"""Uninstalling, as the lane does it: hide what is to be hidden, cancel what was ordered, forget the credentials.

Each step may be repeated. The shop's credentials are often dead by then, so a refusal counts as done.
"""

from dataclasses import replace
from datetime import timedelta

from app.domain.errors import CredentialsRefused, PlatformRejected, RunOver, TemporaryError
from app.flows.keep_webhook import leave_account, remove_webhook
from app.flows.lane import LaneRun
from app.platforms.adapter import Unsubscribe

SHOP_PATIENCE = timedelta(hours=24)
"""How long an unreachable shop is asked to cancel its subscriptions before we leave without it."""

ASK_AGAIN = timedelta(minutes=5)


async def leave(run: LaneRun) -> bool:
    """Finish the uninstall once nothing is left to hide; False while it has to wait for that."""
    application, services = run.application, run.services
    if application.unpublish_on_uninstall:
        async with services.store.reading() as tx:
            waiting = await tx.products.anything_due(application.id)
        if waiting:
            return False
    if not await _unsubscribe(run) or not await remove_webhook(run):
        return False
    async with services.store.transaction(run.claim) as tx:
        # Whoever installed it again meanwhile has brought credentials, and they stay.
        await run.require_current(tx)
        await leave_account(run, tx)
        await tx.vault.erase(str(application.id))
        await tx.applications.record_subscriptions(application.id, (), alone=True)
        await tx.applications.want_secret_told(application.id, due=False)
        await tx.appointments.cancel_all(application.id)
        await tx.applications.replan(application.id, after=None)
        running = await tx.imports.running(application.id)
        if running is not None:
            await tx.imports.end(running.id, "cancelled", reason="The Application was uninstalled.")
        await tx.previews.end_all(
            application.id, reason="The Application was uninstalled.", lasts=services.pace.preview_lasts
        )
        # After the import, which lets go of what had waited for it.
        await tx.products.stop(application.id)
        await tx.replays.cancel_of(application.id)
        await tx.rings.forget(application.id)
        await tx.applications.set_state(application.id, "uninstalled", application.state_reason)
        await tx.problems.close_all(application.id)
        await tx.conflicts.plan_all_holders_again(application.id)
    run.ended = True
    return True


async def leave_without_orderchamp(run: LaneRun, refused: CredentialsRefused) -> None:
    """Give up what is still to be done at Orderchamp: its token is dead, and nobody brings another one to leave with.

    What calls that were on their way have created is looked up when the Application returns.
    """
    reason = run.application.state_reason
    if run.application.unpublish_on_uninstall:
        reason = f"{reason} Products were left as they are on Orderchamp: {refused}"
    leaving = replace(run.application, unpublish_on_uninstall=False, state_reason=reason)
    async with run.services.store.transaction(run.claim) as tx:
        await run.require_current(tx)
        await tx.applications.save(leaving)
        await tx.applications.replan(run.application.id, after=None)
        await tx.products.stop(run.application.id)
        await tx.lanes.wake(run.application.id)


async def _unsubscribe(run: LaneRun) -> bool:
    """Cancel our subscriptions at the shop; False when it has to be asked again later."""
    subscriptions, services = run.adapter.subscriptions, run.services
    if subscriptions is None or not run.connection.credentials:
        return True
    address = services.webhook_address(run.application)
    patient = run.now() - run.application.state_since <= SHOP_PATIENCE
    if run.without_shop and patient:
        run.wait(ASK_AGAIN * services.pace.retry_scale)
        return False
    try:
        for each in await services.ask_shop(subscriptions.all(run.connection)):
            if f"{each.address}/".startswith(f"{address}/"):
                await services.ask_shop(subscriptions.change(run.connection, Unsubscribe(subscription=each)))
    except (CredentialsRefused, PlatformRejected):
        return True
    except RunOver:
        raise
    except TemporaryError as error:
        if not patient:
            return True
        run.wait(max(error.retry_after or ASK_AGAIN * run.services.pace.retry_scale, timedelta(seconds=1)))
        return False
    return True
