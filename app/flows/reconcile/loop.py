"""The loop: a batch of due products, stage after stage."""

from app.domain.errors import CredentialsRefused, LeaseLost, TemporaryError
from app.flows.lane import LaneRun
from app.flows.reconcile.applying import apply, stage
from app.flows.reconcile.batch import Batch, load
from app.flows.reconcile.finishing import finish, give_back
from app.flows.reconcile.guarding import guard
from app.flows.reconcile.keeper import Keeper
from app.flows.reconcile.looking import look
from app.flows.reconcile.matching import find
from app.flows.reconcile.stored import Stored


async def reconcile(run: LaneRun) -> int:
    """Reconcile a batch of due products and return how many there were."""
    batch = await load(run)
    if not batch.works:
        return 0
    keeper = Stored(run)
    try:
        await learn(run, batch, keeper)
        while changes := stage(run, batch):
            await apply(run, batch, changes)
            await look(run, batch, keeper)
            await guard(run, batch, keeper)
            if not run.time_left():
                batch.cut_short = True
                break
        await finish(run, batch)
    except LeaseLost:
        raise
    except (TemporaryError, CredentialsRefused) as error:
        await give_back(run, batch, error)
    return len(batch.works)


async def learn(run: LaneRun, batch: Batch, keeper: Keeper) -> None:
    """Learn all that planning the batch needs to know. What a match leads to may have to be looked at, too."""
    await look(run, batch, keeper)
    await find(run, batch, keeper)
    await look(run, batch, keeper)
    await guard(run, batch, keeper)
