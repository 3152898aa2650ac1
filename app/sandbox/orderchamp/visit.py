"""One GraphQL request of one account: what its resolvers may see and do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from graphql import GraphQLError

from app.sandbox.orderchamp.account import Account, Catalogue
from app.sandbox.orderchamp.market import Market
from app.sandbox.orderchamp.refusals import NotFound

Found = TypeVar("Found")


@dataclass(slots=True, kw_only=True)
class Visit:
    """The account of the token, and the misbehaviour that was asked for. ``of_app``: an app got the token.

    ``refuse``: the alias of the one mutation to be refused with a user error. ``halve_bulk``: execute half of the lines.
    """

    market: Market
    catalogue: Catalogue
    of_app: bool = False
    refuse: str | None = None
    halve_bulk: bool = False

    @property
    def account(self) -> Account:
        return self.catalogue.account

    def find(self, look: Callable[[], Found]) -> Found | None:
        """Return what ``look`` finds; a missing id is an error at the top level or nothing, as the switch says."""
        try:
            return look()
        except NotFound as missing:
            if self.market.switches.missing_id == "null_payload":
                return None
            raise GraphQLError(str(missing)) from missing


def visit_of(info: Any) -> Visit:
    """Return the visit that a resolver is called in."""
    found: Visit = info.context
    return found
