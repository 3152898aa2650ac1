"""A batch of due products on its way through the loop, and what is known of them and of their targets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.application import Application
from app.domain.conflict import Conflict, Found, LeftOut, Ruling, folded, rule
from app.domain.errors import IntegrationError, TemporaryError
from app.domain.ids import ApplicationId, Sku, SourceId, SourceVariantId, StorefrontId, TargetId, TargetVariantId
from app.domain.plan import Change, Occupant, Situation
from app.domain.problem import Raised
from app.domain.state import Binding, Desired, Target
from app.domain.storefront import named_storefront
from app.domain.structs import replace
from app.flows.lane import LaneRun
from app.platforms.adapter import CURRENCY
from app.ports import DueProduct, Sibling, TargetRecord, Told, Transaction

BATCH = 100

BATCH_BYTES = 750_000
"""How long the desired states of a batch are together, as they are stored; the last one may go beyond that.

These are some 5,000 variants, of which a few megabytes are made. Of products with up to 50 variants a batch has its full
number. Of those with 100 it has 50; so calls for stock, of 100 variants each, are at least half full when one of each changed.
"""

LOOKED_FOR = 500
"""Variants that a batch looks for on Orderchamp: two pages of SKUs, and about as many as a run can create."""


class StillOnItsWay(TemporaryError):
    """An earlier call for the product may still take effect."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A variant that lost its SKU to somebody else between the look and the write."""

    sku: Sku
    sentence: str


@dataclass(slots=True)
class Work:
    """One due product on its way through the loop.

    ``conflicts`` and ``left_out`` keep variants apart, ``blocked`` ones lost the claim of their SKU meanwhile.
    ``foreign`` is what the SKUs of a creation of unknown outcome were found on, that it cannot have made. ``may_hide``
    None: the guard was not asked yet. ``matched`` and ``created``: in this run.
    """

    due: DueProduct
    bindings: dict[SourceVariantId, Binding]
    conflicts: dict[SourceVariantId, Conflict] = field(default_factory=dict)
    left_out: dict[SourceVariantId, LeftOut] = field(default_factory=dict)
    blocked: dict[SourceVariantId, Blocked] = field(default_factory=dict)
    foreign: dict[SourceVariantId, Found] = field(default_factory=dict)
    off_limits: set[Change] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)
    error: IntegrationError | None = None
    may_hide: bool | None = None
    unclear: bool = False
    written: bool = False
    matched: bool = False
    created: bool = False

    @property
    def going_on(self) -> bool:
        return self.error is None and not self.unclear

    @property
    def apart(self) -> frozenset[SourceVariantId]:
        return frozenset().union(self.conflicts, self.left_out, self.blocked, self.foreign)

    def troubles(self) -> list[Raised]:
        """Return the problems for which variants are kept apart."""
        nobody: Mapping[str, list[str]] = {"shop": [], "orderchamp": []}
        return [
            *(each.raised() for each in self.conflicts.values()),
            *(
                Raised(
                    kind="sku_conflict",
                    subject=folded(each.sku),
                    sentence=each.sentence,
                    details={"candidates": nobody},
                )
                for each in self.blocked.values()
            ),
        ]

    def reasons_by_variant(self) -> Mapping[SourceVariantId, str]:
        """Return why each variant that is kept apart is, as a sentence."""
        return {
            **{each: conflict.raised().sentence for each, conflict in self.conflicts.items()},
            **{
                each: f"A person gave the SKU {left_out.sku} to another variant."
                for each, left_out in self.left_out.items()
            },
            **{each: blocked.sentence for each, blocked in self.blocked.items()},
            **{
                each: f"The SKU {found.sku} is on “{found.title}” on Orderchamp, which we cannot have created."
                for each, found in self.foreign.items()
            },
        }


@dataclass(slots=True)
class Batch:
    """The due products, what is known of their targets, and who else is bound to those.

    Of each bound target there is a record, though nothing may be known of it. ``occupants`` are target variants that show
    another one's SKU. ``not_permitted`` are kinds of change for which the token has no permission. ``through`` are the products
    for which the last plan found nothing to do. ``cut_short``: the run was over before that was so of all.
    """

    works: dict[SourceId, Work]
    targets: dict[TargetId, TargetRecord]
    siblings: dict[TargetId, list[Sibling]]
    occupants: dict[TargetVariantId, TargetId] = field(default_factory=dict)
    not_permitted: set[type[Change]] = field(default_factory=set)
    through: dict[SourceId, Situation] = field(default_factory=dict)
    cut_short: bool = False

    def situation(self, run: LaneRun, work: Work) -> Situation:
        """Return all that planning for one product needs to know now."""
        source_id, desired = work.due.source_id, work.due.desired
        ids = dict.fromkeys([binding.target_id for binding in work.bindings.values()])
        return Situation(
            desired=desired,
            settings=run.application.settings,
            bindings=work.bindings,
            targets={target_id: self._target(target_id, source_id) for target_id in ids},
            fallback_storefront_id=run.fallback_storefront_id,
            off_limits=frozenset(work.off_limits),
            not_permitted=frozenset(self.not_permitted),
            apart=work.apart,
            occupied=self._occupied() if self.occupants else {},
            storefront_is_named=run.adapter.names_storefront,
            named_storefront_id=_named_storefront(run, desired) if run.adapter.names_storefront else None,
            may_create=not work.due.detached,
            may_hide=work.may_hide is not False,
            shop_currency=run.application.details.get(CURRENCY),
            leaving=run.application.state == "uninstalling",
        )

    def _target(self, target_id: TargetId, source_id: SourceId) -> Target:
        record = self.targets[target_id]
        living = [each for each in self.siblings.get(target_id, ()) if each.living]
        others = [each for each in living if each.source_id != source_id]
        return Target(
            id=target_id,
            observed=record.observed,
            last_storefront_id=record.last_storefront_id,
            owner=not others or living[0].source_id == source_id or len(others) == len(living),
            shared_with_living=bool(others),
            published_by_others=any(each.wants_published for each in others),
            refresh_listing=record.refresh_listing,
            was_published=record.was_published,
            images_missing=record.images_missing,
            arrived_images=record.arrived_images,
            failed_images=record.failed_images,
            held=record.held,
            publication_unclear=record.publishing_since is not None,
        )

    def know_siblings(self, ids: Iterable[TargetId], found: Iterable[Sibling]) -> None:
        """Remember who is bound to these targets now, in the order in which they were bound."""
        self.siblings |= {target_id: [] for target_id in ids}
        for each in found:
            self.siblings[each.target_id].append(each)

    def _occupied(self) -> Mapping[Sku, Occupant]:
        occupied = {}
        for target_variant_id, target_id in self.occupants.items():
            record = self.targets.get(target_id)
            shown = (
                None if record is None or record.observed is None else record.observed.variants.get(target_variant_id)
            )
            if shown is not None:
                occupied[shown.sku] = Occupant(target_id=target_id, target_variant_id=target_variant_id)
        return occupied


async def load(run: LaneRun) -> Batch:
    """Return the products that are due, with everything stored that concerns them."""
    limit = min(BATCH, run.services.pace.run_products)
    async with run.services.store.reading() as tx:
        due = await tx.products.due(run.application.id, limit=limit, size=BATCH_BYTES, wanted=run.wanted)
        bindings = await tx.targets.bindings(run.application.id, [each.source_id for each in due])
        return await gather(run.application, tx, _for_now(due, bindings), bindings)


def _for_now(due: Sequence[DueProduct], bindings: Mapping[SourceId, Sequence[Binding]]) -> Sequence[DueProduct]:
    """Leave products for the next batch when many variants are to be looked for before them.

    A run may end before all that was looked for is created, and then the rest would be looked for again.
    """
    kept: list[DueProduct] = []
    wanted = 0
    for each in due:
        bound = {binding.source_variant_id for binding in bindings.get(each.source_id, ())}
        unbound = len({variant.source_id for variant in each.desired.variants} - bound)
        if not (wanted and unbound and wanted + unbound > LOOKED_FOR):
            wanted += unbound
            kept.append(each)
    return kept


async def gather(
    application: Application,
    tx: Transaction,
    due: Sequence[DueProduct],
    bindings: Mapping[SourceId, Sequence[Binding]],
) -> Batch:
    """Return these products with everything known that concerns them, in the order of their ids.

    So whoever takes the same ones through the loop comes to the same: who makes way, and who publishes what several share.
    ``bindings`` may be those of more products.
    """
    ids = tuple({binding.target_id for each in due for binding in bindings.get(each.source_id, ())})
    known = await tx.targets.known(application.account_id, ids)
    siblings = await tx.targets.siblings(application.id, ids)
    ruled = await _rulings(application, tx, due)
    works = {
        each.source_id: Work(
            due=each, bindings={binding.source_variant_id: binding for binding in bindings.get(each.source_id, ())}
        )
        for each in sorted(due, key=lambda product: product.source_id)
    }
    for work in works.values() if ruled else ():
        _keep_apart(application.id, work, ruled)
    targets = {each: known.get(each) or TargetRecord(target_id=each, observed=None) for each in ids}
    batch = Batch(works=works, targets=targets, siblings={})
    batch.know_siblings(ids, siblings)
    return batch


async def _rulings(
    application: Application, tx: Transaction, due: Sequence[DueProduct]
) -> Mapping[tuple[ApplicationId, SourceVariantId], Ruling]:
    """Return what keeps variants apart that share their SKU with others of the account."""
    skus = {folded(variant.sku) for each in due for variant in each.desired.variants}
    holders = await tx.conflicts.holders(application.account_id, skus, at_least=2)
    if not holders:
        return {}
    return rule(holders, await tx.conflicts.choices(application.account_id, {folded(each.sku) for each in holders}))


def _named_storefront(run: LaneRun, desired: Desired) -> StorefrontId | None:
    return named_storefront(desired.storefront, chosen=run.application.storefront_id, storefronts=run.storefronts)


def _keep_apart(
    application_id: ApplicationId, work: Work, ruled: Mapping[tuple[ApplicationId, SourceVariantId], Ruling]
) -> None:
    if not work.due.desired.living:
        return
    for variant in work.due.desired.variants:
        match ruled.get((application_id, variant.source_id)):
            case Conflict() as conflict:
                work.conflicts[variant.source_id] = conflict
            case LeftOut() as left_out:
                work.left_out[variant.source_id] = left_out
            case None:
                pass


def told_of(work: Work, kind: str, sentence: str) -> Told:
    """Return a sentence of the product's story, with the delivery that caused it."""
    return Told(source_id=work.due.source_id, kind=kind, sentence=sentence, delivery_id=work.due.cause)


def detached(work: Work) -> None:
    """Remember that nothing of the product is left on Orderchamp."""
    work.due = replace(work.due, detached=True)
