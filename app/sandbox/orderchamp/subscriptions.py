"""Registering webhooks."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from app.sandbox.orderchamp.account import Account
from app.sandbox.orderchamp.market import Market
from app.sandbox.orderchamp.records import Webhook
from app.sandbox.orderchamp.refusals import NotFound, UserError, refuse

LOOPBACK = ("localhost", "::1", "www.example.com", "example.com")


def create_webhook(market: Market, account: Account, given: Mapping[str, Any], *, of_app: bool = False) -> Webhook:
    """Register an address for events; ``of_app``: with a token that an app got."""
    refuse(_errors(market, given))
    webhook = Webhook(
        id=market.identity("Webhook"),
        url=given["url"],
        events=list(dict.fromkeys(given["events"])),
        name=given.get("name"),
        template=given.get("template"),
        of_app=of_app,
    )
    account.webhooks[webhook.id] = webhook
    market.changed()
    return webhook


def delete_webhook(market: Market, account: Account, webhook_id: str) -> None:
    """Forget an address; what is on its way to it is given up."""
    if account.webhooks.pop(webhook_id, None) is None:
        raise NotFound("Webhook")
    market.changed()


def _errors(market: Market, given: Mapping[str, Any]) -> list[UserError]:
    address = urlsplit(given["url"])
    errors = []
    if address.scheme not in ("http", "https") or not address.hostname:
        errors.append(UserError(field=("url",), message="Url is invalid"))
    elif market.switches.refuse_local_webhooks and _is_local(address.hostname):
        # Localhost, names that end in "internal" and example hosts are not accepted (documented).
        errors.append(UserError(field=("url",), message="Url is not allowed"))
    if not given["events"]:
        errors.append(UserError(field=("events",), message="Events can't be blank"))
    return errors


def _is_local(host: str) -> bool:
    return host in LOOPBACK or host.startswith("127.") or host.endswith("internal")
