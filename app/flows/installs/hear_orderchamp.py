"""Orderchamp's own consent: asking for it where an install begins there, and taking in what the supplier answered."""

import hashlib
import hmac
from dataclasses import replace

from app.domain.errors import (
    ApplicationError,
    ConsentRefused,
    InstallNotFound,
    PermanentError,
    TemporaryError,
    WrongBrowser,
)
from app.domain.http import Delivery
from app.domain.ids import InstallId, SupplierId
from app.domain.installing import PendingInstall
from app.flows.erase import refuse_while_erasing
from app.flows.install import check_storefront, refuse_other_account, try_orderchamp
from app.flows.installs.kept import end, forget_handshake, keep_handshake, keep_secret, keep_token, kept
from app.flows.installs.travel import AGAIN, LIFETIME, go_on, of_earlier_try, orderchamp_callback, page
from app.flows.services import Services
from app.ports import OrderchampApp, Transaction

REFUSED = "You did not let the app into your Orderchamp account, so nothing was installed."
TOKEN = "orderchamp_token"  # noqa: S105 - the name of a secret
"""What is remembered of a handshake with Orderchamp: a token of which nobody knows yet whose account it is of."""

NONCE = 32
"""Characters at the beginning of a state that Orderchamp was asked with before anything was kept."""


def begin_at_orderchamp(services: Services, *, browser: str) -> str:
    """Return where a supplier is asked who begins at Orderchamp, under "Apps & Integrations".

    Nothing is kept before Orderchamp has vouched for the answer, since anybody may call this: the state itself proves that
    this browser was sent off.
    """
    app = _app(services)
    state = _state(services.new_secret()[:NONCE], browser)
    return app.ask(state=state, callback=orderchamp_callback(services))


async def hear_orderchamp(services: Services, call: Delivery, *, browser: str) -> str:
    """Take in Orderchamp's answer and return where the browser goes on.

    InstallNotFound, WrongBrowser, InvalidSignature and ConsentRefused: nothing has begun. A TemporaryError: the same call
    may come again.
    """
    app = _app(services)
    async with services.store.transaction() as tx:
        try:
            install = await _meant(services, tx, app, call, browser)
        except InstallNotFound:
            begun_here = await of_earlier_try(tx, browser, None, state=app.state_of(call), call=call)
            if begun_here is None:
                raise
            return page(services, begun_here)
        if install.state != "waiting" or install.answered:
            return page(services, install)
        code = app.hear(call, now=services.clock())
        if code is None:
            if install.supplier_id is None:
                raise ConsentRefused(REFUSED)  # What was begun just now is forgotten again.
            return page(services, await end(tx, install, "refused", REFUSED))
        await tx.installs.answer(install.id)
    try:
        return await _take_up(services, install, code, app)
    except TemporaryError as error:
        async with services.store.transaction() as tx:
            await tx.installs.put_back(install.id, why=str(error), way_on=AGAIN)
        raise
    except (PermanentError, ApplicationError) as error:
        async with services.store.transaction() as tx:
            return page(services, await end(tx, install, "failed", str(error)))


def _app(services: Services) -> OrderchampApp:
    if services.orderchamp_app is None:
        raise InstallNotFound("There is no app at Orderchamp here, so no install can begin there.")
    return services.orderchamp_app


async def _meant(
    services: Services, tx: Transaction, app: OrderchampApp, call: Delivery, browser: str
) -> PendingInstall:
    """Return the install that an answer is for; one that began at Orderchamp begins here."""
    state = app.state_of(call)
    if state is None:
        # Whether a refusal brings the state back is not known.
        install = await tx.installs.of_browser(browser, None)
        if install is None or install.asked != "orderchamp":
            raise InstallNotFound
        return install
    install = await tx.installs.of_state("orderchamp", state)
    if install is None and hmac.compare_digest(
        _state(state[:NONCE], browser).encode("utf-8", "replace"), state.encode("utf-8", "replace")
    ):
        begun = _begun(services)
        if await tx.installs.add(begun, browser=browser, state=state):
            await keep_secret(tx, begun, services.new_secret())
            return begun
        install = await tx.installs.of_state("orderchamp", state)
    if install is None:
        raise InstallNotFound
    if not await tx.installs.begun_in(install.id, browser):
        raise WrongBrowser
    return install


def _state(nonce: str, browser: str) -> str:
    digest = hmac.new(browser.encode(), b"orderchamp" + nonce.encode("utf-8", "replace"), hashlib.sha256)
    return nonce + digest.hexdigest()


def _begun(services: Services) -> PendingInstall:
    now = services.clock()
    return PendingInstall(
        id=InstallId(services.new_id()),
        supplier_id=None,
        platform=None,
        shop=None,
        storefront_id=None,
        settings=None,
        why="Orderchamp has let the app in; the supplier has yet to choose a shop.",
        way_on="Choose the platform of the shop.",
        asked="orderchamp",
        created_at=now,
        expires_at=now + LIFETIME,
    )


async def _take_up(services: Services, install: PendingInstall, code: str, app: OrderchampApp) -> str:
    """Get the token, find out whose account it is of, and return where the browser goes on.

    A code works once, so what it gave is kept before anything else is asked: the same call may come again after that.
    """
    async with services.store.transaction() as tx:
        token = (await kept(tx, install)).handshake.get(TOKEN)
    if token is None:
        token = await app.token(code)
        async with services.store.transaction() as tx:
            await keep_handshake(tx, install, {TOKEN: token})
    account = await try_orderchamp(services, token)
    check_storefront(account, install.storefront_id)
    async with services.store.transaction() as tx:
        # The supplier who brought an account first keeps it; one whom nobody knows is named after the account.
        owner = await tx.accounts.save(account, install.supplier_id or SupplierId(account.id))
        await refuse_while_erasing(tx, owner)
        if install.supplier_id is not None:
            refuse_other_account(account, owner=owner, supplier_id=install.supplier_id)
        install = replace(install, supplier_id=owner, account_id=account.id)
        await tx.installs.save(install)
        await keep_token(tx, install, token)
        await forget_handshake(tx, install, TOKEN)
        return await go_on(services, tx, install)
