"""Our app at Orderchamp: asking a supplier to let it into their account, and what their answer brings.

The address and the names of the parameters are documented, and so is the signature. Which parameters come when a supplier
refuses is not known, so whatever comes without a code is a refusal. Nothing but the token is read from the answer that
exchanges a code: no expiry is known, and no way to renew (inferred: it lasts until the supplier removes the app).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

from app.domain.errors import (
    AddressRefused,
    CredentialsRefused,
    InvalidSignature,
    NoAnswer,
    OrderchampUnavailable,
)
from app.domain.http import Delivery, Request, Response
from app.orderchamp.caller import USER_AGENT
from app.orderchamp.unknowns import SCOPES
from app.ports import Transport

SIGNATURE = "signature"
SIGNED = ("account_id", "timestamp", SIGNATURE)
"""What a signed redirect has at least."""

LONGEST_AGE = timedelta(minutes=15)
"""How old a redirect may be. Ours to decide: Orderchamp's own client looks at no age, and the state works once anyway."""

CLOCK_SKEW = timedelta(minutes=5)


class OrderchampOAuth:
    """Our app, as Orderchamp knows it by its client id. ``www_url`` has no slash at its end."""

    def __init__(
        self, transport: Transport, *, www_url: str, client_id: str, client_secret: str, call_deadline: timedelta
    ) -> None:
        self._transport = transport
        self._www_url = www_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._call_deadline = call_deadline

    def ask(self, *, state: str, callback: str) -> str:
        """Return the address at which a supplier is asked to let the app in."""
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": callback,
            "scope": ",".join(SCOPES),
            "state": state,
        }
        return f"{self._www_url}/oauth/authorize?{urlencode(asked)}"

    def state_of(self, call: Delivery) -> str | None:
        """Return the state that a redirect names; None when it names none."""
        return _parameters(call).get("state")

    def hear(self, call: Delivery, *, now: datetime) -> str | None:
        """Return the code that a supplier's consent brought; None: they refused. InvalidSignature for what is not theirs."""
        given = _parameters(call)
        code = given.get("code")
        if not code:
            return None
        missing = [name for name in SIGNED if not given.get(name)]
        if missing:
            raise InvalidSignature(f"Orderchamp's answer lacks {', '.join(missing)}.")
        if not hmac.compare_digest(sign(given, self._client_secret), given[SIGNATURE].encode("utf-8", "replace")):
            raise InvalidSignature("Orderchamp's answer is not signed with the secret of our app.")
        age = now - _moment(given["timestamp"])
        if not -CLOCK_SKEW <= age <= LONGEST_AGE:
            raise InvalidSignature("Orderchamp's answer is too old.")
        return code

    async def token(self, code: str) -> str:
        """Exchange a code for the token of the account. CredentialsRefused or OrderchampUnavailable."""
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self._client_id,
            "client_secret": self._client_secret,
        }
        request = Request(
            method="POST",
            url=f"{self._www_url}/oauth/access_token",
            operation="Orderchamp access_token",
            headers={"Content-Type": "application/json", "Accept": "application/json", "User-Agent": USER_AGENT},
            body=json.dumps(asked).encode(),
        )
        try:
            response = await self._transport.send(request, within=self._call_deadline)
        except (NoAnswer, AddressRefused) as error:
            raise OrderchampUnavailable(str(error)) from error
        return _read_token(response)


def sign(parameters: Mapping[str, str], secret: str) -> bytes:
    """Return the signature of a redirect: hexadecimal HMAC-SHA256 of its parameters, in the order of their names.

    They are written as PHP's default query builder does, which is as a form does but for ``~``.
    """
    message = "&".join(f"{_php(name)}={_php(value)}" for name, value in sorted(parameters.items()) if name != SIGNATURE)
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest().encode()


def _php(value: str) -> str:
    return quote_plus(value, errors="surrogateescape").replace("~", "%7E")


def _parameters(call: Delivery) -> Mapping[str, str]:
    """Return what a redirect carries; of a name that comes twice the last one counts, as with PHP."""
    return dict(parse_qsl(urlsplit(call.url).query, keep_blank_values=True, errors="surrogateescape"))


def _moment(seconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidSignature("Orderchamp's answer has no time that can be read.") from None


def _read_token(response: Response) -> str:
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise OrderchampUnavailable(f"Orderchamp answered {response.status} when asked for a token.")
    if response.status != HTTPStatus.OK:
        message = f"It gave no token for the supplier's consent ({response.status}); perhaps it was used already."
        raise CredentialsRefused("orderchamp", message)
    try:
        token = json.loads(response.body)["access_token"]
    except (ValueError, KeyError, TypeError):
        token = None
    if not isinstance(token, str) or not token.strip():
        raise OrderchampUnavailable("Orderchamp's answer holds no token.")
    return token.strip()
