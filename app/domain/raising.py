"""Which problems a product has, once nothing is left to do for it."""

from collections.abc import Iterable, Sequence

from app.domain.conflict import Found
from app.domain.plan import Situation, draft_kind, lacks_storefront, next_stage, stays_draft, wants_hiding
from app.domain.problem import ProblemKind, Raised
from app.domain.structs import replace


def problems_of(
    situation: Situation,
    *,
    refusals: Sequence[str] = (),
    conflicts: Iterable[Raised] = (),
    foreign: Iterable[Found] = (),
) -> tuple[Raised, ...]:
    """Return every problem that the product has now.

    ``refusals`` are what Orderchamp refused, as sentences; ``foreign`` what has the SKUs of a creation of unknown outcome.
    """
    return (
        *_in_the_shop(situation),
        *_of_publication(situation),
        *_of_matching(situation, conflicts, foreign),
        *_refused(situation, refusals),
    )


def _raised(situation: Situation, kind: ProblemKind, what: str, **details: object) -> Raised:
    """Return a problem of this product alone; ``what`` goes on after its title."""
    desired = situation.desired
    return Raised(kind=kind, subject=desired.source_id, sentence=f"“{desired.title}” {what}", details=details)


def _in_the_shop(situation: Situation) -> Iterable[Raised]:
    desired = situation.desired
    if desired.skipped and desired.living:
        reasons = {each.source_id: each.reason for each in desired.skipped}
        yield _raised(
            situation,
            "variant_skipped",
            f"has {len(reasons)} variant(s) that cannot be synchronised.",
            variants=reasons,
        )
    unpriced = desired.published and draft_kind(situation) == "wholesale_price_unknown" and not situation.only_stock
    if unpriced and any(stays_draft(situation, target) for target in situation.targets.values()):
        sentence = "The shop has consumer prices and no rule says what the wholesale price is."
        yield Raised(kind="wholesale_price_unknown", subject="", sentence=sentence)
    if situation.foreign_prices and desired.living and situation.targets and not situation.only_stock:
        settings = situation.settings
        sentence = f"The shop has prices in {situation.shop_currency}, the Orderchamp account in {settings.currency}."
        yield Raised(kind="currency_differs", subject="", sentence=sentence)


def _of_publication(situation: Situation) -> Iterable[Raised]:
    desired, targets = situation.desired, situation.targets.values()
    if situation.only_stock:
        return
    if lacks_storefront(situation):
        if situation.storefront_is_named and desired.storefront:
            what = f"is to be published on the storefront “{desired.storefront}”, as the shop says, and there is none."
            yield _raised(situation, "storefront_not_there", what)
        else:
            yield _raised(
                situation, "storefront_unknown", "is to be published, and nobody has said on which storefront."
            )
    if desired.published and any(target.held for target in targets):
        yield _raised(situation, "held", "was unpublished on Orderchamp by hand.")
    if desired.published and any(target.publication_unclear for target in targets):
        yield _raised(situation, "publish_unclear", "was being published when the answer got lost.")
    pictured = desired.living and desired.images and situation.settings.fields.images
    pictures = [target for target in targets if target.owner] if pictured else []
    if any(target.failed_images == desired.images for target in pictures):
        what = "keeps its earlier images on Orderchamp: none of those that the shop has now arrived there."
        yield _raised(situation, "images_missing", what)
    elif any(target.images_missing for target in pictures):
        yield _raised(situation, "images_missing", "does not show all of its images on Orderchamp.")
    if not situation.may_hide and wants_hiding(situation):
        sentence = "More products than usual are to be unpublished; they are held until a person approves."
        yield Raised(kind="guard", subject="unpublish", sentence=sentence)


def _of_matching(situation: Situation, conflicts: Iterable[Raised], foreign: Iterable[Found]) -> Iterable[Raised]:
    missed = situation.desired.living and not situation.may_create and not situation.targets
    if missed and situation.settings.mode == "everything":
        yield _raised(situation, "deleted_on_orderchamp", "was deleted on Orderchamp.")
    yield from conflicts
    found = [{"target_id": each.target_id, "sku": each.sku, "title": each.title} for each in foreign]
    if found:
        yield _raised(
            situation,
            "create_unclear",
            "was being created when the answer got lost; its SKUs are elsewhere.",
            found=found,
        )


def _refused(situation: Situation, refusals: Sequence[str]) -> Iterable[Raised]:
    if refusals:
        yield _raised(situation, "refused", f"is not as it should be. {' '.join(refusals)}", reasons=list(refusals))
    if not situation.not_permitted:
        return
    wished = next_stage(replace(situation, not_permitted=frozenset()))
    for name in sorted({type(each).__name__ for each in wished if type(each) in situation.not_permitted}):
        sentence = f"Orderchamp does not permit the call {name}, although it accepts the token."
        yield Raised(kind="operation_refused", subject=name, sentence=sentence)


def given_up(source_id: str, title: str, reason: str) -> Raised:
    """Return the problem of a product that was tried for long enough, or failed for good."""
    return Raised(kind="failed", subject=source_id, sentence=f"“{title}”: {reason}", details={"reasons": [reason]})
