"""Items of what would not be done, each with its reason: where a product would stand, and which variants are kept apart."""

from collections.abc import Mapping, Sequence

from app.domain.foreseeing import not_sent
from app.domain.previewing import ItemKind, PreviewItem
from app.flows.reconcile.batch import Work
from app.flows.reconcile.finishing import Result

KINDS: Mapping[str, ItemKind] = {
    "skipped": "skipped",
    "detached": "skipped",
    "held": "held",
    "draft": "draft",
    "waiting": "waiting",
    "failed": "waiting",
    "problem": "problem",
}
"""What it is worth telling where a product would stand."""

TOLD_BY_VARIANT = frozenset({"sku_conflict", "create_unclear", "variant_skipped"})
"""Problems that the items of the variants tell."""


def items_of(work: Work, result: Result) -> Sequence[PreviewItem]:
    """Return what would not be done for a product, and why."""
    desired = work.due.desired
    apart = work.reasons_by_variant()
    left_out = {each: apart[each] for each in work.left_out}
    skipped = {each.source_id: each.reason for each in desired.skipped} if desired.living else {}
    of_variants = [
        *not_sent(desired, "conflict", {each: apart[each] for each in apart if each not in left_out}),
        *not_sent(desired, "skipped", {**left_out, **skipped}),
    ]
    kind = KINDS.get(result.reconciled.state)
    if kind is None or (kind in ("skipped", "problem") and of_variants and not _anything_else(result)):
        return of_variants
    return [*of_variants, PreviewItem(kind=kind, source_id=desired.source_id, sentence=result.reconciled.why)]


def _anything_else(result: Result) -> bool:
    return any(each.kind not in TOLD_BY_VARIANT for each in result.problems or ())
