"""Erasing what is held of a supplier, or of a shop that asked for it.

What is to be erased is written down first; then the lane of each Application empties it, a small transaction at a time,
and whoever empties a supplier's last one removes what else is held of them. Interrupted anywhere, it goes on where it was.
A delivery that comes late finds no Application, and is refused.
"""

from datetime import timedelta

from app.domain.errors import NotPossibleNow
from app.domain.ids import SupplierId
from app.flows.lane import LaneRun
from app.flows.services import Services
from app.ports import Transaction

BATCH = 2000
"""Rows that one transaction deletes at most."""


async def erase_supplier(services: Services, supplier_id: SupplierId) -> bool:
    """Have everything erased that is held of a supplier, and tell whether nothing is left. Repeating it is safe.

    NotPossibleNow while one of their Applications is installed.
    """
    async with services.store.transaction() as tx:
        installed = await tx.erasures.installed(supplier_id)
        if installed:
            named = ", ".join(str(each) for each in installed)
            raise NotPossibleNow(f"The supplier still has Applications that are not uninstalled: {named}.")
        for application_id in sorted(await tx.erasures.begin(supplier_id)):
            await tx.lanes.wake(application_id)
        return await tx.erasures.finish_supplier(supplier_id)


async def refuse_while_erasing(tx: Transaction, supplier_id: SupplierId) -> None:
    """NotPossibleNow while what is held of the supplier is on its way out."""
    if await tx.erasures.pending(supplier_id):
        raise NotPossibleNow(
            "Everything that is kept of this supplier is being erased; install again when that is done."
        )


async def erase(run: LaneRun) -> bool:
    """Erase one more batch of an uninstalled Application, in the end the Application itself; False: it is to be kept."""
    if not run.application.erasing:
        return False
    await run.hold(timedelta(seconds=5))
    async with run.services.store.transaction(run.claim) as tx:
        if await tx.erasures.batch(run.application.id, limit=BATCH):
            return True
    async with run.services.store.transaction(run.claim) as tx:
        await tx.lanes.forget(run.claim)
        await tx.erasures.finish(run.application.id)
    run.ended = True
    return True
