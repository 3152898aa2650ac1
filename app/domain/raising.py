"""Which problems a product has, once nothing is left to do for it."""

from collections.abc import Sequence

from app.domain.plan import Situation, lacks_storefront
from app.domain.problem import Raised
from app.domain.story import Standing


def problems_of(situation: Situation, standing: Standing, *, refusals: Sequence[str]) -> tuple[Raised, ...]:
    """Return every problem that the product has now. ``refusals`` are what Orderchamp refused, as sentences."""
    desired = situation.desired
    source_id = desired.source_id
    found: list[Raised] = []
    if desired.skipped and desired.living:
        reasons = {each.source_id: each.reason for each in desired.skipped}
        sentence = f"“{desired.title}”: {len(reasons)} variant(s) cannot be synchronised."
        found.append(
            Raised(kind="variant_skipped", subject=source_id, sentence=sentence, details={"variants": reasons})
        )
    if lacks_storefront(situation):
        sentence = f"“{desired.title}” is to be published, and nobody has said on which storefront."
        found.append(Raised(kind="storefront_unknown", subject=source_id, sentence=sentence))
    if standing.state == "detached":
        sentence = f"“{desired.title}” was deleted on Orderchamp."
        found.append(Raised(kind="deleted_on_orderchamp", subject=source_id, sentence=sentence))
    if standing.state == "draft" and desired.draft_kind == "wholesale_price_unknown":
        sentence = "The shop has consumer prices and no rule says what the wholesale price is."
        found.append(Raised(kind="wholesale_price_unknown", subject="", sentence=sentence))
    if refusals:
        sentence = f"“{desired.title}”: {' '.join(refusals)}"
        found.append(Raised(kind="refused", subject=source_id, sentence=sentence, details={"reasons": list(refusals)}))
    return tuple(found)


def given_up(source_id: str, title: str, reason: str) -> Raised:
    """Return the problem of a product that was tried for long enough, or failed for good."""
    return Raised(kind="failed", subject=source_id, sentence=f"“{title}”: {reason}", details={"reasons": [reason]})
