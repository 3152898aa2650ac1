"""What a shop says in a handshake: by the supplier's browser, or by itself."""

from collections.abc import Mapping
from dataclasses import replace

from app.domain.errors import (
    ApplicationError,
    InstallNotFound,
    InvalidInstallation,
    PermanentError,
    TemporaryError,
    WrongBrowser,
)
from app.domain.http import Delivery, Reading, Response
from app.domain.ids import InstallId
from app.domain.installing import PendingInstall
from app.flows.installs.kept import end, keep_credentials, keep_handshake, keep_secret, keep_token
from app.flows.installs.travel import AGAIN, LIFETIME, agree, go_on, handshake_of, of_earlier_try, page, ticket
from app.flows.lane import ORDERCHAMP_TOKEN
from app.flows.services import Services
from app.platforms.adapter import Adapter, Handshake, Heard
from app.ports import Transaction


async def hear_shop(services: Services, platform: str, call: Delivery, *, browser: str) -> Response | str:
    """Take in a call of a handshake. Return the reply to a shop that called by itself, or where the browser goes on.

    InstallNotFound when the call is for nothing that waits; WrongBrowser when another browser was sent off; InvalidSignature
    when it is not from the platform. Then nothing has changed. A TemporaryError: the same call may come again.
    """
    handshake = handshake_of(services, platform)
    if handshake is None:
        raise InstallNotFound
    adapter = services.adapters[platform]
    async with services.store.transaction() as tx:
        try:
            install = await _meant(services, tx, adapter, handshake, call, browser)
        except InstallNotFound:
            begun_here = await of_earlier_try(tx, browser, platform, state=handshake.state_of(call), call=call)
            if begun_here is None:
                raise
            return page(services, begun_here)
        asked = await ticket(services, tx, install, adapter, state=handshake.state_of(call) or "")
        heard = handshake.hear(call, asked, services.apps.get(platform, {}), now=services.clock())
        if heard.reply is None and not await tx.installs.begun_in(install.id, browser):
            raise WrongBrowser
        if install.state != "waiting" or install.answered:
            return _answer_again(services, install, heard)
        install = await _note(tx, adapter, install, heard)
    if install.state == "waiting" and heard.credentials is not None:
        install = await _fetch(services, adapter, install, heard.credentials, by_itself=heard.reply is not None)
    if heard.reply is not None:
        return heard.reply
    if install.state == "waiting" and heard.credentials is not None:
        async with services.store.transaction() as tx:
            return await go_on(services, tx, install)
    return page(services, install)


async def _meant(
    services: Services, tx: Transaction, adapter: Adapter, handshake: Handshake, call: Delivery, browser: str
) -> PendingInstall:
    """Return the install that a call is for; see ``Handshake.shop_of``."""
    state = handshake.state_of(call)
    if state is not None:
        install = await tx.installs.of_state("shop", state)
        if install is None or install.platform != adapter.platform:
            raise InstallNotFound
        return install
    named = handshake.shop_of(call)
    if named is not None:
        return await _of_shop(services, tx, adapter, named, browser)
    install = await tx.installs.of_browser(browser, adapter.platform)
    if install is None or install.asked != "shop":
        raise InstallNotFound
    return install


async def _of_shop(services: Services, tx: Transaction, adapter: Adapter, named: str, browser: str) -> PendingInstall:
    try:
        shop = adapter.installation.shop(named)
    except InvalidInstallation as error:
        raise InstallNotFound from error
    waiting = await tx.installs.waiting_for(adapter.platform, shop)
    if len(waiting) == 1:
        return waiting[0]
    if waiting:
        # Which of them the shop means, nobody can tell.
        raise InstallNotFound("More than one install waits for this shop; let all but one of them expire.")
    ours = await tx.installs.of_browser(browser, adapter.platform)
    if ours is not None and ours.shop is None and ours.asked == "shop":
        return ours
    return await _again(services, tx, adapter, shop, browser)


async def _again(services: Services, tx: Transaction, adapter: Adapter, shop: str, browser: str) -> PendingInstall:
    """Begin an install anew, for the Application that the shop has; InstallNotFound if it has none."""
    installed = await tx.applications.of_shop(adapter.platform, shop)
    application = next((each for each in installed if each.state not in ("uninstalling", "uninstalled")), None)
    if application is None:
        raise InstallNotFound
    token = (await tx.vault.get(str(application.id))).get(ORDERCHAMP_TOKEN)
    now = services.clock()
    install = PendingInstall(
        id=InstallId(services.new_id()),
        supplier_id=application.supplier_id,
        platform=adapter.platform,
        shop=shop,
        storefront_id=application.storefront_id,
        settings=application.settings,
        why="The shop asked to be installed again.",
        way_on="",
        asked="shop",
        created_at=now,
        expires_at=now + LIFETIME,
    )
    await tx.installs.add(install, browser=browser)
    await keep_secret(tx, install, services.new_secret())
    if token is not None:
        await keep_token(tx, install, token)
    return install


def _answer_again(services: Services, install: PendingInstall, heard: Heard) -> Response | str:
    """Answer a call that changes nothing any more."""
    if heard.reply is None:
        return page(services, install)
    if install.state in ("refused", "failed", "expired"):
        raise InstallNotFound
    return heard.reply


async def _note(tx: Transaction, adapter: Adapter, install: PendingInstall, heard: Heard) -> PendingInstall:
    """Write down what a call says; from here on its state has got what it is for."""
    if heard.refused is not None:
        return await end(tx, install, "refused", heard.refused)
    if heard.shop is not None:
        shop = adapter.installation.shop(heard.shop)
        if install.shop not in (None, shop):
            why = f"The install was begun for {install.shop}, but {shop} has answered."
            return await end(tx, install, "failed", why)
        install = replace(install, shop=shop)
        await tx.installs.save(install)
    if heard.kept:
        await keep_handshake(tx, install, heard.kept)
    if heard.credentials is not None:
        await tx.installs.answer(install.id)
    return install


async def _fetch(
    services: Services,
    adapter: Adapter,
    install: PendingInstall,
    credentials: Reading[Mapping[str, str]],
    *,
    by_itself: bool,
) -> PendingInstall:
    """Get the credentials and remember them. What cannot be ends the install, and is told to a shop that called by itself."""
    try:
        got = adapter.installation.credentials(await services.ask_shop(credentials))
    except TemporaryError as error:
        async with services.store.transaction() as tx:
            await tx.installs.put_back(install.id, why=str(error), way_on=AGAIN)
        raise
    except (PermanentError, ApplicationError) as error:
        async with services.store.transaction() as tx:
            ended = await end(tx, install, "failed", str(error))
        if by_itself:
            raise
        return ended
    async with services.store.transaction() as tx:
        await keep_credentials(tx, install, got)
        await agree(services, tx, install)
    return install
