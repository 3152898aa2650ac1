"""Deliveries that are about the installation itself: the shop removed the app, or asks to erase what is held."""

from collections.abc import Sequence
from datetime import timedelta

from app.domain.errors import CredentialsRefused, PlatformRejected, RunOver, TemporaryError
from app.domain.event import Erasure, Fact
from app.flows.lane import LaneRun
from app.ports import Settled, StoredDelivery

ASK_AGAIN = timedelta(seconds=30)
"""When a shop is asked again that could not say whether its credentials still work."""


async def hear_of_installation(run: LaneRun, delivery: StoredDelivery, facts: Sequence[Fact]) -> None:
    """Take in one such delivery. It stays fresh while the shop cannot be asked what it means."""
    erasures = [fact for fact in facts if isinstance(fact, Erasure)]
    if erasures:
        await _erase(run, delivery, subject=erasures[0].subject)
    else:
        await _removed(run, delivery)


async def _erase(run: LaneRun, delivery: StoredDelivery, *, subject: str) -> None:
    if subject != "shop":
        await _forget_request(run, delivery)
        return
    if run.application.state not in ("uninstalling", "uninstalled"):
        # The notice that the app was removed may have been lost: then the shop has to be left first.
        await _leave_if_removed(
            run, delivery, still="The app is installed in the shop, so nothing is erased.", settle=False
        )
        return
    async with run.services.store.transaction(run.claim) as tx:
        # It may be installed again by now; the next run sees.
        await run.require_current(tx)
        await tx.erasures.mark(run.application.id)
        await tx.inbox.settle(
            [Settled(delivery_id=delivery.id, outcome="applied", reason="Everything kept of the shop is erased.")]
        )
        await tx.lanes.wake(run.application.id)
    run.services.observer.settled(run.application.platform, ["applied"])
    run.ended = True


async def _forget_request(run: LaneRun, delivery: StoredDelivery) -> None:
    """Erase a request that is about a customer: it is all that is kept about them."""
    reason = "Nothing else is kept about a shop's customers, so there is nothing to hand out; the request is erased."
    async with run.services.store.transaction(run.claim) as tx:
        await tx.inbox.forget_body(delivery.id)
        await tx.inbox.settle([Settled(delivery_id=delivery.id, outcome="ignored", reason=reason)])
    run.services.observer.settled(run.application.platform, ["ignored"])


async def _removed(run: LaneRun, delivery: StoredDelivery) -> None:
    if run.application.state in ("uninstalling", "uninstalled"):
        await _settle(run, delivery, outcome="ignored", reason="The Application is being uninstalled already.")
        return
    still = "The shop still accepts the credentials: the notice is late, and the app is installed."
    await _leave_if_removed(run, delivery, still=still, settle=True)


async def _leave_if_removed(run: LaneRun, delivery: StoredDelivery, *, still: str, settle: bool) -> None:
    """Uninstall, unless the credentials still work, which ends the delivery with the reason ``still``.

    ``settle``: the delivery asks for no more than that; otherwise it stays fresh for the run that finds the app removed.
    """
    if run.without_shop:
        run.wait(ASK_AGAIN)
        return
    try:
        await run.services.ask_shop(run.adapter.installation.probe(run.connection))
    except CredentialsRefused:
        reason = "The app was removed in the shop."
        async with run.services.store.transaction(run.claim) as tx:
            # Whoever installed it again meanwhile has brought credentials that work; the next run tries those.
            await run.require_current(tx)
            await tx.applications.set_state(run.application.id, "uninstalling", reason)
            if settle:
                await tx.inbox.settle([Settled(delivery_id=delivery.id, outcome="applied", reason=reason)])
            await tx.lanes.wake(run.application.id)
        if settle:
            run.services.observer.settled(run.application.platform, ["applied"])
        run.ended = True
    except RunOver:
        raise
    except (TemporaryError, PlatformRejected) as error:
        asked = error.retry_after if isinstance(error, TemporaryError) else None
        run.wait(max(asked or ASK_AGAIN, ASK_AGAIN))
    else:
        await _settle(run, delivery, outcome="ignored", reason=still)


async def _settle(run: LaneRun, delivery: StoredDelivery, *, outcome: str, reason: str) -> None:
    async with run.services.store.transaction(run.claim) as tx:
        await tx.inbox.settle([Settled(delivery_id=delivery.id, outcome=outcome, reason=reason)])
    run.services.observer.settled(run.application.platform, [outcome])
