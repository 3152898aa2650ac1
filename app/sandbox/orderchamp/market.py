"""All accounts together: who a token belongs to, which ids and times come next, and what is saved."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import TypeAdapter

from app.sandbox.orderchamp.account import Account, Catalogue
from app.sandbox.orderchamp.identity import FIRST_NUMBER, relay_id
from app.sandbox.orderchamp.records import Location, Product, Storefront, Token
from app.sandbox.orderchamp.switches import Switches

Event = Literal["PRODUCT_CREATED", "PRODUCT_UPDATED", "PRODUCT_DELETED"]


@dataclasses.dataclass(slots=True, kw_only=True)
class Saved:
    """Everything that survives a restart."""

    format: Literal[2] = 2
    """Raised when what is saved changes its shape."""
    switches: Switches
    tokens: dict[str, Token]
    accounts: list[Account]
    next_number: int


SAVED = TypeAdapter(Saved)


class Market:
    """The accounts, empty at first. ``changed`` is called after every change, ``tell`` for every event of a product."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.changed: Callable[[], None] = lambda: None
        self.tell: Callable[[Catalogue, Event, Product], None] = lambda _catalogue, _event, _product: None
        self.wipe()

    def wipe(self) -> None:
        """Forget everything. Ids begin anew."""
        self.switches = Switches()
        self.catalogues: dict[str, Catalogue] = {}
        self.tokens: dict[str, Token] = {}
        self._next_number = FIRST_NUMBER
        self.changed()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def identity(self, kind: str) -> str:
        """Return a new id, larger than all before it."""
        self._next_number += 1
        return relay_id(kind, self._next_number)

    def of_token(self, token: str) -> Catalogue | None:
        """Return what a token gives access to; None when it is unknown or revoked."""
        known = self.tokens.get(token)
        return None if known is None or known.revoked else self.catalogues[known.account_id]

    def open_account(
        self, token: str, *, name: str, storefronts: Sequence[tuple[str, bool]], sales_channels: Sequence[str] | None
    ) -> Account:
        """Return the account of a token, made if there is none, with these storefronts (name, published) by name."""
        if token not in self.tokens:
            account_id = self.identity("Account")
            made = Account(id=account_id, name=name, slug=_slug(name), location=Location(id=self.identity("Location")))
            self.catalogues[account_id] = Catalogue(made)
            self.tokens[token] = Token(account_id=account_id)
        account = self.catalogues[self.tokens[token].account_id].account
        if sales_channels is not None:
            account.sales_channels = list(sales_channels)
        for storefront_name, is_published in storefronts:
            self._open_storefront(account, storefront_name, is_published=is_published)
        self.changed()
        return account

    def _open_storefront(self, account: Account, name: str, *, is_published: bool) -> None:
        for each in account.storefronts:
            if each.name == name:
                each.is_published = is_published
                return
        account.storefronts.append(
            Storefront(id=self.identity("Storefront"), name=name, slug=_slug(name), is_published=is_published)
        )

    def second_token(self, token: str, *, same_account_as: str) -> Account:
        """Make a token of the account that another token has; KeyError when that one is unknown."""
        account_id = self.tokens[same_account_as].account_id
        self.tokens.setdefault(token, Token(account_id=account_id))
        self.changed()
        return self.catalogues[self.tokens[token].account_id].account

    def holder(self, product_id: str) -> Catalogue | None:
        """Return the account that has a product; None when nobody has."""
        return next((each for each in self.catalogues.values() if product_id in each.account.products), None)

    def variant_holder(self, variant_id: str) -> Catalogue | None:
        """Return the account that has a variant; None when nobody has."""
        return next((each for each in self.catalogues.values() if variant_id in each.account.variants), None)

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON data."""
        saved = Saved(
            switches=self.switches,
            tokens=self.tokens,
            accounts=[each.account for each in self.catalogues.values()],
            next_number=self._next_number,
        )
        data: dict[str, Any] = SAVED.dump_python(saved, mode="json")
        return data

    def load(self, data: dict[str, Any]) -> None:
        """Take over what was saved; ValueError when it has another shape."""
        saved = SAVED.validate_python(data)
        self.switches, self.tokens, self._next_number = saved.switches, saved.tokens, saved.next_number
        self.catalogues = {each.id: Catalogue(each) for each in saved.accounts}


def _slug(name: str) -> str:
    return "-".join("".join(each if each.isalnum() else " " for each in name.lower()).split())
