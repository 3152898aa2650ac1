"""How a wish is refused: ids that do not exist at the top level, business rules as user errors beside the payload.

The texts are our own; of the real ones only the "… not found" of a missing id is known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


class NotFound(Exception):
    """There is no such thing in this account; the message says so as the real API does."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"{kind} not found")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserError:
    """A business rule that a mutation ran into; ``field`` is the path in its input."""

    field: tuple[str, ...]
    message: str

    @property
    def name(self) -> str | None:
        """The field that is meant; what the real API puts here is not known."""
        return self.field[-1] if self.field else None


class Refused(Exception):
    """A mutation did nothing, for these reasons."""

    def __init__(self, *errors: UserError) -> None:
        super().__init__("; ".join(each.message for each in errors))
        self.errors = errors


def refuse(errors: Iterable[UserError]) -> None:
    """Raise Refused if there is any error."""
    found = tuple(errors)
    if found:
        raise Refused(*found)


def blank(value: str | None, *path: str, called: str) -> list[UserError]:
    """Return what is wrong with a text that has to say something."""
    return [] if (value or "").strip() else [UserError(field=path, message=f"{called} can't be blank")]


def price_errors(given: Mapping[str, Any], where: tuple[str, ...]) -> list[UserError]:
    """Return what is wrong with the prices that are given."""
    return [
        UserError(field=(*where, name), message=f"{called} must be greater than 0")
        for name, called in (("price", "Price"), ("msrp", "Recommended retail price"))
        if given.get(name) is not None and given[name] <= Decimal(0)
    ]
