"""Our webhook at an Orderchamp account: which of those that are registered is ours, and which are to go. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A webhook of the account. ``complete``: it rings for all that we want to hear of."""

    id: str
    address: str
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How our webhook stands: ``kept`` is the one that does, None: there is none. ``to_go`` are ours, and of no use."""

    kept: str | None
    to_go: tuple[str, ...]
    was: str


STANDS = ""
MISSING = "It was missing, and was registered again."
ASTRAY = "It rang at another address, and was registered for the one that counts."
INCOMPLETE = "It did not ring for everything, and was registered anew."
DOUBLED = "It was registered more than once; the others were removed."


def standing(registered: Sequence[Registered], *, address: str, ours: str, remembered: str | None) -> Standing:
    """Return how our webhook for ``address`` stands among those of an account.

    Whatever rings below the address ``ours``, or was registered last (``remembered``), is ours; others are not touched.
    """
    mine = [each for each in registered if each.address.startswith(ours) or each.id == remembered]
    here = [each for each in mine if each.address == address]
    good = sorted((each for each in here if each.complete), key=lambda each: (each.id != remembered, each.id))
    kept = good[0].id if good else None
    to_go = tuple(each.id for each in mine if each.id != kept)
    if kept is not None:
        return Standing(kept=kept, to_go=to_go, was=DOUBLED if to_go else STANDS)
    return Standing(kept=None, to_go=to_go, was=INCOMPLETE if here else ASTRAY if mine else MISSING)
