"""A batch of due products on its way through the loop, and what is known of them and of their targets."""

from dataclasses import dataclass, field

from app.domain.errors import IntegrationError, TemporaryError
from app.domain.ids import SourceId, SourceVariantId, TargetId
from app.domain.plan import Change, Situation
from app.domain.state import Binding, Target
from app.flows.lane import LaneRun
from app.ports import DueProduct, Sibling, TargetRecord, Told

BATCH = 100


class ChangedMeanwhile(TemporaryError):
    """The Application was paused, changed or uninstalled while its lane was running."""


@dataclass(slots=True)
class Work:
    """One due product on its way through the loop."""

    due: DueProduct
    bindings: dict[SourceVariantId, Binding]
    off_limits: set[Change] = field(default_factory=set)
    blocked: dict[SourceVariantId, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    error: IntegrationError | None = None
    unclear: bool = False
    written: bool = False

    @property
    def going_on(self) -> bool:
        return self.error is None and not self.unclear


@dataclass(slots=True)
class Batch:
    """The due products, what is known of their targets, and who else is bound to those."""

    works: dict[SourceId, Work]
    targets: dict[TargetId, TargetRecord]
    siblings: tuple[Sibling, ...]

    def situation(self, run: LaneRun, work: Work) -> Situation:
        """Return all that planning for one product needs to know now."""
        source_id = work.due.source_id
        ids = dict.fromkeys(binding.target_id for binding in work.bindings.values())
        return Situation(
            desired=work.due.desired,
            settings=run.application.settings,
            bindings=work.bindings,
            targets={target_id: self._target(target_id, source_id) for target_id in ids},
            fallback_storefront_id=run.fallback_storefront_id,
            off_limits=frozenset(work.off_limits),
            blocked=frozenset(work.blocked),
            may_create=not work.due.detached,
        )

    def _target(self, target_id: TargetId, source_id: SourceId) -> Target:
        record = self.targets.get(target_id) or TargetRecord(target_id=target_id, observed=None)
        others = [each for each in self.siblings if each.target_id == target_id and each.source_id != source_id]
        older = [each for each in self.siblings if each.target_id == target_id and each.living]
        return Target(
            id=target_id,
            observed=record.observed,
            last_storefront_id=record.last_storefront_id,
            owner=not older or older[0].source_id == source_id or all(each.source_id != source_id for each in older),
            published_by_others=any(each.wants_published and each.living for each in others),
            refresh_listing=record.refresh_listing,
        )


async def load(run: LaneRun) -> Batch:
    application = run.application
    async with run.services.store.transaction() as tx:
        due = await tx.products.due(application.id, limit=min(BATCH, run.services.pace.run_products))
        bindings = await tx.targets.bindings(application.id, [each.source_id for each in due])
        ids = tuple({binding.target_id for each in bindings.values() for binding in each})
        targets = await tx.targets.known(application.account_id, ids)
        siblings = await tx.targets.siblings(application.id, ids)
    works = {
        each.source_id: Work(
            due=each, bindings={binding.source_variant_id: binding for binding in bindings.get(each.source_id, ())}
        )
        for each in due
    }
    return Batch(works=works, targets=dict(targets), siblings=siblings)


def told_of(work: Work, kind: str, sentence: str) -> Told:
    return Told(source_id=work.due.source_id, kind=kind, sentence=sentence, delivery_id=work.due.cause)
