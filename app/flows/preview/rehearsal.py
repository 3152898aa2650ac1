"""A rehearsal: what reconciling learns and does to one batch, kept for a preview alone."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from app.domain.application import Application
from app.domain.changes import Applied, Change, CreateProduct, CreateVariant
from app.domain.foreseeing import Before, item_of, made_up
from app.domain.ids import Sku, StorefrontId, TargetId, TargetVariantId
from app.domain.previewing import Preview, PreviewItem
from app.domain.state import Observed
from app.domain.structs import replace
from app.flows.lane import LaneRun
from app.flows.reconcile.batch import Batch
from app.flows.reconcile.keeper import Looked, Matched
from app.flows.reconcile.matching import take_in_matches
from app.flows.reconcile.recording import take_in
from app.flows.reconcile.sight import Sight
from app.ports import Hidings, MarketView, Sibling, Store, TargetRecord, Transaction


class Rehearsal:
    """Keeps what is learned of a batch until its end. ``market`` can only be looked at, so nothing is sent.

    ``touched`` are targets that are known otherwise by now, ``taken_over`` target variants that changed hands, ``shared``
    targets to which somebody was matched, or that are there no more, ``fresh`` those that nobody was bound to.
    """

    def __init__(
        self,
        store: Store,
        preview: Preview,
        application: Application,
        storefronts: Mapping[StorefrontId, str],
        market: MarketView,
    ) -> None:
        self._store = store
        self._preview = preview
        self._application = application
        self._storefronts = storefronts
        self._market = _PreviewedMarket(store, preview, market)
        self.items: list[PreviewItem] = []
        self.touched: set[TargetId] = set()
        self.taken_over: set[TargetVariantId] = set()
        self.shared: set[TargetId] = set()
        self.fresh: set[TargetId] = set()

    @property
    def market(self) -> MarketView:
        """See Keeper."""
        return self._market

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """See Keeper."""
        return self._store.previewing(self._preview.id, self._application.account_id)

    async def hidings(self, *, since: datetime) -> Hidings:
        """See Keeper."""
        async with self.reading() as tx:
            counted = await tx.targets.hidings(self._application.id, since=since)
        return replace(counted, targets=counted.targets + len(self.fresh))

    async def looked(self, looked: Looked) -> Mapping[TargetId, TargetRecord]:
        """See Keeper."""
        self.touched.update(each.target_id for each in looked.there)
        self.shared.update(looked.gone)
        return {}

    async def matched(self, batch: Batch, matches: Sequence[Matched], sight: Sight) -> None:
        """See Keeper."""
        take_in_matches(batch, matches, [each.binding.source_variant_id for each in matches])
        ids = tuple({each.binding.target_id for each in matches})
        self.touched.update(ids, sight.held, sight.clear)
        self.taken_over.update(each.binding.target_variant_id for each in matches if each.takes_over)
        self.items += [self._match(batch, each) for each in matches]
        async with self.reading() as tx:
            found = await tx.targets.siblings(self._application.id, ids)
        self.shared.update(ids)
        self.fresh.update(set(ids) - {each.target_id for each in found})
        batch.know_siblings(ids, [each for each in found if _still_bound(batch, each)])
        for each in sorted(matches, key=lambda match: match.work.due.source_id):
            _add_sibling(batch, each)

    def _match(self, batch: Batch, matched: Matched) -> PreviewItem:
        record = batch.targets[matched.binding.target_id]
        on = "" if record.observed is None else f" of “{record.observed.title}”"
        return PreviewItem(
            kind="matched",
            source_id=matched.work.due.source_id,
            source_variant_id=matched.binding.source_variant_id,
            sku=matched.sku,
            target_id=matched.binding.target_id,
            target_variant_id=matched.binding.target_variant_id,
            sentence=f"Match the variant {matched.sku} by its SKU to a variant{on} on Orderchamp.",
        )

    def make(self, run: LaneRun, batch: Batch, changes: Sequence[Change]) -> None:
        """Have the batch know the changes as made, and put down each as an item."""
        self.items += [item_of(each, self._before(batch, each)) for each in changes]
        outcomes = [
            Applied(observed=made_up(each) if isinstance(each, CreateProduct | CreateVariant) else None)
            for each in changes
        ]
        taken = take_in(run, batch, changes, outcomes)
        self.touched.update(taken.touched)
        self.fresh.update(
            each.binding.target_id for each in taken.bound if each.binding.target_id not in batch.siblings
        )

    def _before(self, batch: Batch, change: Change) -> Before:
        work = batch.works[change.source_id]
        record: TargetRecord | None = None
        if not isinstance(change, CreateProduct):
            record = batch.targets.get(change.target_id)
        return Before(
            desired=work.due.desired,
            observed=None if record is None else record.observed,
            bound={each.target_variant_id: variant for variant, each in work.bindings.items()},
            storefronts=self._storefronts,
        )


def _still_bound(batch: Batch, sibling: Sibling) -> bool:
    work = batch.works.get(sibling.source_id)
    return work is None or any(each.target_id == sibling.target_id for each in work.bindings.values())


def _add_sibling(batch: Batch, matched: Matched) -> None:
    due, siblings = matched.work.due, batch.siblings[matched.binding.target_id]
    if all(each.source_id != due.source_id for each in siblings):
        siblings.append(
            Sibling(
                target_id=matched.binding.target_id,
                source_id=due.source_id,
                wants_published=due.desired.published,
                living=due.desired.living,
            )
        )


class _PreviewedMarket:
    """Orderchamp as it would be: what the preview has come to stands in front of what is there."""

    def __init__(self, store: Store, preview: Preview, market: MarketView) -> None:
        self._store = store
        self._preview = preview
        self._market = market
        self.account = market.account
        self.read = market.read
        self.count_images = market.count_images

    async def find(self, skus: Sequence[Sku]) -> tuple[Observed, ...]:
        """As the port says. What would be renamed by now is not found by the SKU that it would give up."""
        found = await self._market.find(skus)
        if not found:
            return ()
        async with self._store.reading() as tx:
            known = await tx.previews.known_targets(self._preview, [each.id for each in found])
        wanted = frozenset(skus)
        shown = [_as_it_would_be(each, known.get(each.id), wanted) for each in found]
        return tuple(each for each in shown if each.variants)


def _as_it_would_be(found: Observed, known: TargetRecord | None, wanted: frozenset[Sku]) -> Observed:
    if known is None or known.observed is None:
        return found
    variants = {each: known.observed.variants.get(each, shown) for each, shown in found.variants.items()}
    return replace(known.observed, variants={each: shown for each, shown in variants.items() if shown.sku in wanted})
