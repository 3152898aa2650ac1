"""The loop: a batch of due products, stage after stage."""

from app.domain.errors import CredentialsRefused, LeaseLost, TemporaryError
from app.flows.lane import LaneRun
from app.flows.reconcile.applying import apply, stage
from app.flows.reconcile.batch import load
from app.flows.reconcile.finishing import finish, give_back
from app.flows.reconcile.guarding import guard
from app.flows.reconcile.looking import look
from app.flows.reconcile.matching import find


async def reconcile(run: LaneRun) -> int:
    """Reconcile a batch of due products and return how many there were."""
    batch = await load(run)
    if not batch.works:
        return 0
    try:
        await look(run, batch)
        await find(run, batch)
        await look(run, batch)
        await guard(run, batch)
        while changes := stage(run, batch):
            await apply(run, batch, changes)
            await look(run, batch)
            await guard(run, batch)
            if not run.time_left():
                break
        await finish(run, batch)
    except LeaseLost:
        raise
    except (TemporaryError, CredentialsRefused) as error:
        await give_back(run, batch, error)
    return len(batch.works)
