"""The loop: a batch of due products, stage after stage."""

from app.domain.errors import CredentialsRefused, LeaseLost, TemporaryError
from app.flows.lane import LaneRun
from app.flows.reconcile.applying import apply, stage
from app.flows.reconcile.batch import Batch, load
from app.flows.reconcile.finishing import finish, give_back
from app.flows.reconcile.guarding import guard
from app.flows.reconcile.keeper import Keeper
from app.flows.reconcile.looking import look, unseen
from app.flows.reconcile.matching import find
from app.flows.reconcile.recording import Made, record
from app.flows.reconcile.stored import Stored


async def reconcile(run: LaneRun) -> int:
    """Reconcile a batch of due products and return how many there were."""
    batch = await load(run)
    if not batch.works:
        return 0
    made: Made | None = None
    try:
        made = await _bring_about(run, batch)
    except LeaseLost:
        raise
    except (TemporaryError, CredentialsRefused) as error:
        give_back(batch, error)
    await finish(run, batch, made)
    return len(batch.works)


async def _bring_about(run: LaneRun, batch: Batch) -> Made | None:
    """Bring the batch about, stage after stage. Return what came of the last one if that is still to be written down."""
    keeper = Stored(run)
    await learn(run, batch, keeper)
    while changes := stage(run, batch):
        made = await apply(run, batch, changes)
        if not made.taken.bound and _is_through(run, batch):
            # One commit says both what was done and that nothing is left. Ids that Orderchamp gave are not left waiting for it.
            return made
        await record(run, batch, made)
        await look(run, batch, keeper)
        await guard(run, batch, keeper)
        if not run.time_left():
            batch.cut_short = True
            break
    return None


def _is_through(run: LaneRun, batch: Batch) -> bool:
    """Tell whether nothing more will be done for the batch in this run."""
    if unseen(batch):
        return False
    batch.cut_short = not run.time_left()
    return batch.cut_short or not stage(run, batch)


async def learn(run: LaneRun, batch: Batch, keeper: Keeper) -> None:
    """Learn all that planning the batch needs to know. What a match leads to may have to be looked at, too."""
    await look(run, batch, keeper)
    await find(run, batch, keeper)
    await look(run, batch, keeper)
    await guard(run, batch, keeper)
