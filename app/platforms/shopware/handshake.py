"""Installing by our app: the supplier uploads it, the shop registers with us, and confirms with its keys.

https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/app-registration-setup.html

1. The supplier's browser is sent to ``callback`` with the state of the install, and gets the app: a ZIP that was made for
   this install, to be uploaded under Extensions.
2. The shop registers: a GET at the address in the manifest, which is ``callback`` with that state, signed with the secret in
   the manifest. It gets a proof that we hold the secret, a secret of its own, and ``confirm``.
3. The shop confirms: a POST with its keys, signed with the secret of its own.

A shop that is installed registers again to exchange its secret. Then it signs with the one that counts as well, both times,
and that is what proves it: the state of the install, which it still names, has had its credentials long since.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from urllib.parse import parse_qs, quote, unquote, urlsplit

from app.domain.errors import InvalidSignature
from app.domain.http import Delivery, Reading, Response
from app.platforms.adapter import Heard, Secret, Ticket, signed_with
from app.platforms.bodies import read_json
from app.platforms.shopware.addresses import normal_form
from app.platforms.shopware.archive import NAME, archive
from app.platforms.shopware.catalogue import SALES_CHANNEL
from app.platforms.shopware.installation import APP_SECRET, FORMER_SHOP_SECRET, SHOP_ID, SHOP_SECRET
from app.platforms.shopware.talk import KEY_ID, KEY_SECRET, NEW_KEY
from app.platforms.shopware.webhooks import SIGNATURE, read_signature, signature_of

APP_SIGNATURE = "shopware-app-signature"
FORMER_SIGNATURE = "shopware-shop-signature-previous"
STATE = "state"
SHOP, PENDING, AGAIN = "shop", "pending", "again"
"""What is kept between the calls: the shop, the secret that it was given, and whether it had one before."""

TOLERANCE = timedelta(minutes=15)
"""How far a shop's clock may be from ours. What is older may have been recorded by somebody else."""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Orderchamp for Shopware</title></head><body>
<h1>Orderchamp for Shopware</h1>
<ol>
<li><a href="{archive}">Download the app.</a> It is made for this installation alone; give it to nobody else.</li>
<li>In the administration of your shop: Extensions, My extensions, Upload extension.</li>
<li>Install the app, and switch it on. The shop then registers here by itself.</li>
</ol>
<p>It may take a moment after that. <a href="{progress}">See how the installation goes.</a></p>
</body></html>
"""


class Handshake:
    """The registration of our app in a shop."""

    def begin(self, ticket: Ticket, app: Mapping[str, str]) -> str:  # noqa: ARG002 - every supplier has an app of their own
        """Return the address of the page from which the app is downloaded."""
        return _with_state(ticket.callback, ticket.state)

    def state_of(self, call: Delivery) -> str | None:
        """Return the state in the address; none of a shop that registers again, whose state is used up."""
        return None if _registers_again(call) else _query(call).get(STATE) or None

    def shop_of(self, call: Delivery) -> str | None:
        """Return the shop that registers again, or confirms that: what it began has no state."""
        if _registers_again(call):
            return _query(call).get("shop-url")
        if call.method != "POST" or _query(call).get(STATE):
            return None
        try:
            return _texts(read_json(call.body), "shopUrl")["shopUrl"]
        except ValueError:
            return None

    def hear(self, call: Delivery, ticket: Ticket, app: Mapping[str, str], *, now: datetime) -> Heard:  # noqa: ARG002
        """Take in the supplier's browser, a registration or a confirmation; see the module for their order."""
        if not ticket.secret.value:
            raise InvalidSignature("This installation has ended; begin another one on Orderchamp.")
        if call.method == "POST":
            return _confirmed(call, ticket)
        if "shop-id" in _query(call):
            return _registered(call, ticket, now)
        return Heard(reply=_archive(ticket) if "archive" in _query(call) else _page(ticket))


def _page(ticket: Ticket) -> Response:
    text = PAGE.format(
        archive=escape(_with_state(ticket.callback, ticket.state) + "&archive=zip"),
        progress=escape(ticket.callback.removesuffix("/callback")),
    )
    return Response(status=200, headers={"content-type": "text/html; charset=utf-8"}, body=text.encode())


def _archive(ticket: Ticket) -> Response:
    packed = archive(
        registration=_with_state(ticket.callback, ticket.state),
        # Deliveries of all apps come to one address, which is beside that of their handshakes.
        deliveries=f"{ticket.callback.rpartition('/install/')[0]}/webhooks/shopware",
        secret=_app_secret(ticket),
    )
    headers = {"content-type": "application/zip", "content-disposition": f'attachment; filename="{NAME}.zip"'}
    return Response(status=200, headers=headers, body=packed)


def _registered(call: Delivery, ticket: Ticket, now: datetime) -> Heard:
    """Answer a registration. Each gets a secret of its own, the same when it is repeated; a shop refuses one that it has."""
    again = _registers_again(call)
    app_secret = ticket.credentials.get(APP_SECRET, "") if again else _app_secret(ticket)
    signed = _signed_query(call, APP_SIGNATURE, [app_secret])
    if again:
        # After a confirmation that one side heard and the other did not, either secret may be the shop's.
        _signed_query(call, SIGNATURE, [ticket.credentials.get(SHOP_SECRET, ""), ticket.kept.get(PENDING, "")])
    query = _query(call)
    shop_id, shop_url = query["shop-id"], query.get("shop-url", "")
    if not _is_recent(query.get("timestamp", ""), now):
        return _refused("The shop's clock is more than a quarter of an hour away from ours, or this was sent long ago.")
    try:
        shop = normal_form(shop_url)
    except ValueError:
        return _refused("The shop's address (APP_URL) is not one that can be reached from outside.")
    if ticket.shop not in (None, shop):
        return _refused(f"This app was made for {ticket.shop}; begin an installation for {shop} on Orderchamp.")
    shop_secret = hmac.new(ticket.secret.value, signed, hashlib.sha256).hexdigest()
    told = {
        "proof": signature_of(f"{shop_id}{shop_url}{NAME}".encode(), Secret(app_secret.encode())),
        "secret": shop_secret,
        "confirmation_url": _with_state(ticket.confirm, ticket.state),
    }
    kept = {SHOP: shop, SHOP_ID: shop_id, PENDING: shop_secret, APP_SECRET: app_secret, AGAIN: "yes" if again else ""}
    return Heard(reply=_json(200, told), kept=kept, shop=shop)


def _confirmed(call: Delivery, ticket: Ticket) -> Heard:
    """Take the keys of a shop that signs with the secret it was given, and when it had one before with that as well."""
    kept = ticket.kept
    _signed_body(call, SIGNATURE, kept.get(PENDING, ""))
    former = ticket.credentials.get(SHOP_SECRET, "") if kept.get(AGAIN) else ""
    if former and former != kept[PENDING]:
        _signed_body(call, FORMER_SIGNATURE, former)
    try:
        brought = _texts(read_json(call.body), "apiKey", "secretKey", "shopUrl", "shopId")
        same = normal_form(brought["shopUrl"]) == kept[SHOP] and brought["shopId"] == kept[SHOP_ID]
    except ValueError:
        return _refused("The confirmation cannot be read.")
    if not same:
        return _refused("The shop confirms as another one than it registered as.")
    credentials = {
        # What the supplier chose besides stays.
        **{name: value for name, value in ticket.credentials.items() if name == SALES_CHANNEL},
        KEY_ID: brought["apiKey"],
        KEY_SECRET: brought["secretKey"],
        SHOP_ID: kept[SHOP_ID],
        SHOP_SECRET: kept[PENDING],
        APP_SECRET: kept[APP_SECRET],
        NEW_KEY: "yes",
        **({FORMER_SHOP_SECRET: former} if former and former != kept[PENDING] else {}),
    }
    return Heard(reply=Response(status=204), shop=kept[SHOP], credentials=_given(credentials))


def _texts(told: object, *names: str) -> Mapping[str, str]:
    """Return these texts of a JSON object; ValueError unless all of them are there."""
    found = {name: told.get(name) for name in names} if isinstance(told, dict) else {}
    texts = {name: value for name, value in found.items() if isinstance(value, str) and value}
    if len(texts) != len(names):
        raise ValueError("something is missing")
    return texts


def _given(credentials: Mapping[str, str]) -> Reading[Mapping[str, str]]:
    """Return what the call brought, without a request."""
    yield from ()
    return credentials


def _refused(why: str) -> Heard:
    """Tell the shop why, in words that its administration shows; the install still waits for a call that is right."""
    return Heard(reply=_json(400, {"error": why}))


def _json(status: int, told: Mapping[str, str]) -> Response:
    return Response(status=status, headers={"content-type": "application/json"}, body=json.dumps(told).encode())


def _app_secret(ticket: Ticket) -> str:
    """Return the secret of the app that is made for an install. It says nothing of those that shops are given."""
    return hmac.new(ticket.secret.value, b"app", hashlib.sha256).hexdigest()


def _with_state(address: str, state: str) -> str:
    return f"{address}?{STATE}={quote(state, safe='')}"


def _raw_query(call: Delivery) -> str:
    return urlsplit(call.url).query


def _query(call: Delivery) -> Mapping[str, str]:
    return {name: values[0] for name, values in parse_qs(_raw_query(call), keep_blank_values=True).items()}


def _registers_again(call: Delivery) -> bool:
    return call.method != "POST" and SIGNATURE in call.headers


def _signed_query(call: Delivery, header: str, secrets: Sequence[str]) -> bytes:
    """Return the query that was signed: as it came or, where something on the way escaped it, as it was before."""
    given = read_signature(call.headers.get(header, ""))
    raw = _raw_query(call)
    for message in (raw.encode("latin-1", "replace"), unquote(raw).encode("utf-8", "replace")):
        if signed_with(message, given, [Secret(each.encode()) for each in secrets]):
            return message
    raise InvalidSignature("The registration is not signed as it must be.")


def _signed_body(call: Delivery, header: str, secret: str) -> None:
    given = read_signature(call.headers.get(header, ""))
    if not signed_with(call.body, given, [Secret(secret.encode())]):
        raise InvalidSignature("The confirmation is not signed as it must be.")


def _is_recent(timestamp: str, now: datetime) -> bool:
    try:
        sent = datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        return False
    return abs(now - sent) <= TOLERANCE
