"""For good: what reconciling learns is stored as it goes."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from app.domain.ids import TargetId
from app.flows.lane import LaneRun
from app.flows.reconcile.batch import Batch
from app.flows.reconcile.counting import count_now
from app.flows.reconcile.keeper import Looked, Matched
from app.flows.reconcile.matching import take_in_matches
from app.flows.reconcile.sight import Sight, keep_sight
from app.ports import BoundVariant, Hidings, MarketView, TargetRecord, Transaction


class Stored:
    """Keeps what is learned in the store, for everybody."""

    def __init__(self, run: LaneRun) -> None:
        self._run = run

    @property
    def market(self) -> MarketView:
        """See Keeper."""
        return self._run.marketplace

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """See Keeper."""
        return self._run.services.store.transaction()

    async def hidings(self, *, since: datetime) -> Hidings:
        """See Keeper."""
        async with self._run.services.store.reading() as tx:
            return await tx.targets.hidings(self._run.application.id, since=since)

    async def looked(self, looked: Looked) -> Mapping[TargetId, TargetRecord]:
        """See Keeper."""
        application = self._run.application
        async with self._run.services.store.transaction(self._run.claim) as tx:
            for target_id, source_ids in sorted(looked.gone.items()):
                await tx.targets.unbind(application.id, application.account_id, target_id, source_ids)
            kept = await tx.targets.record(application.id, application.account_id, looked.there)
            await keep_sight(tx, application.account_id, looked.sight)
            await tx.timeline.add(application.id, looked.told)
        return kept

    async def matched(self, batch: Batch, matches: Sequence[Matched], sight: Sight) -> None:
        """See Keeper."""
        application = self._run.application
        ids = tuple({each.binding.target_id for each in matches})
        async with self._run.services.store.transaction(self._run.claim) as tx:
            records = [batch.targets[each] for each in ids]
            batch.targets |= await tx.targets.record(application.id, application.account_id, records)
            await keep_sight(tx, application.account_id, sight)
            bound = await tx.targets.bind(
                application.id,
                application.account_id,
                [BoundVariant(source_id=each.work.due.source_id, binding=each.binding) for each in matches],
                take_over=[each.binding.target_variant_id for each in matches if each.takes_over],
            )
            await tx.timeline.add(application.id, take_in_matches(batch, matches, bound))
            found = {each.work.due.source_id: each.work for each in matches if each.work.matched}
            await count_now(self._run, tx, list(found.values()), "matched")
            batch.know_siblings(ids, await tx.targets.siblings(application.id, ids))
