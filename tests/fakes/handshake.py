"""A fake handshake and a fake app at Orderchamp: what they are told stands in the query, and ``signed`` says so."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from app.domain.errors import CredentialsRefused, InvalidInstallation, InvalidSignature, PlatformUnavailable
from app.domain.http import Delivery, Reading, Response
from app.platforms.adapter import Heard, Ticket
from tests.fakes.shop import EPOCH, FakeShop


def call(url: str, told: Mapping[str, str], *, body: bytes = b"") -> Delivery:
    """A call at an address of ours, which tells these things: a browser's, or with a ``body`` a shop's own."""
    address = f"{url}?{urlencode(told)}"
    return Delivery(method="POST" if body else "GET", url=address, headers={}, body=body, received_at=EPOCH)


def told(url: str) -> dict[str, str]:
    """What an address carries."""
    return dict(parse_qsl(urlsplit(url).query))


@dataclass
class FakeHandshake:
    """Gives the code back as the token. A shop's own call has the code in a body, and gets our secret as its reply."""

    shop: FakeShop
    exchanged: list[str] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)

    def begin(self, ticket: Ticket, app: Mapping[str, str]) -> str:
        if ticket.shop == "nowhere.example":
            raise InvalidInstallation("There is no such shop.", reasons=[("shop", "It does not exist.")])
        asked = {"state": ticket.state, "back": ticket.callback, "app": app["secret"]}
        return f"{ticket.base_url or 'https://fake.example'}/let-in?{urlencode(asked)}"

    def state_of(self, call: Delivery) -> str | None:
        return told(call.url).get("state")

    def shop_of(self, call: Delivery) -> str | None:
        return told(call.url).get("of")

    def hear(self, call: Delivery, ticket: Ticket, app: Mapping[str, str], *, now: datetime) -> Heard:
        given = told(call.url)
        if given.get("signed") != app["secret"]:
            raise InvalidSignature("The call is not signed.")
        self.tickets.append(ticket)
        reply = Response(status=200, body=ticket.secret.value) if call.body else None
        if given.get("refused"):
            return Heard(reply=reply, refused="The shop said no.")
        code = json.loads(call.body).get("code") if call.body else given.get("code")
        if code is None:
            return Heard(reply=reply, kept={"seen": given.get("keep", "")})
        return Heard(reply=reply, shop=given.get("is"), credentials=self._exchange(code))

    def _exchange(self, code: str) -> Reading[Mapping[str, str]]:
        yield from ()
        if self.shop.down:
            raise PlatformUnavailable("The shop is down.")
        self.exchanged.append(code)
        if code == "used":
            raise CredentialsRefused("shop", "The code was used already.")
        return {"token": code}


@dataclass
class FakeOrderchampApp:
    """Gives the code back as the token."""

    down: bool = False
    exchanged: list[str] = field(default_factory=list)

    def ask(self, *, state: str, callback: str) -> str:
        return f"https://orderchamp.example/authorize?{urlencode({'state': state, 'back': callback})}"

    def state_of(self, call: Delivery) -> str | None:
        return told(call.url).get("state")

    def hear(self, call: Delivery, *, now: datetime) -> str | None:
        given = told(call.url)
        if "code" in given and given.get("signed") != "yes":
            raise InvalidSignature("The call is not signed.")
        return given.get("code")

    async def token(self, code: str) -> str:
        if self.down:
            raise PlatformUnavailable("Orderchamp is down.")
        self.exchanged.append(code)
        if code == "used":
            raise CredentialsRefused("orderchamp", "The code was used already.")
        return code
