"""Where the supplier's browser goes on: to Orderchamp, to a choice, to the shop, or to see how the install goes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from app.domain.errors import InstallNotFound
from app.domain.http import Delivery
from app.domain.installing import PendingInstall, next_step
from app.flows.installs.kept import kept
from app.flows.lane import shop_credentials
from app.flows.services import Services
from app.platforms.adapter import Adapter, Handshake, Secret, Ticket
from app.ports import Transaction

LIFETIME = timedelta(hours=1)
"""How long a supplier has for an install; and how long finishing it is tried, once both sides have agreed."""

AGAIN = "Load the page that told you so again in a moment, or go on from here."
"""The way on after a side that could not be reached: its answer still counts."""

CONNECTING = "Both sides have agreed; the connection is being tried."


def page(services: Services, install: PendingInstall) -> str:
    """Return the address that shows how an install goes."""
    return choice(services) if install.platform is None else f"{services.public_url}/install/{install.platform}"


def choice(services: Services) -> str:
    """Return the address at which a supplier chooses platform and settings."""
    return f"{services.public_url}/install/orderchamp/choice"


def keys(services: Services, platform: str) -> str:
    """Return the address at which credentials are entered by hand."""
    return f"{services.public_url}/install/{platform}/keys"


def handshake_of(services: Services, platform: str) -> Handshake | None:
    """Return how a platform installs in a browser; None: it does not, or this deployment has no app there."""
    adapter = services.adapters.get(platform)
    if adapter is None or adapter.handshake is None:
        return None
    if adapter.installation.app_keys and platform not in services.apps:
        return None
    return adapter.handshake


async def ticket(
    services: Services, tx: Transaction, install: PendingInstall, adapter: Adapter, *, state: str
) -> Ticket:
    """Return an install as the handshake of its platform sees it."""
    remembered = await kept(tx, install)
    ours = f"{services.public_url}/install/{adapter.platform}"
    return Ticket(
        state=state,
        callback=f"{ours}/callback",
        confirm=f"{ours}/confirm",
        shop=install.shop,
        base_url=None if install.shop is None else services.shop_url(adapter.platform, install.shop),
        secret=Secret(remembered.secret.encode()),
        kept=remembered.handshake,
        credentials=await _installed_with(tx, adapter, install),
    )


async def _installed_with(tx: Transaction, adapter: Adapter, install: PendingInstall) -> Mapping[str, str]:
    """Return the credentials with which this supplier has this shop installed already; empty: they have not."""
    installed = () if install.shop is None else await tx.applications.of_shop(adapter.platform, install.shop)
    for application in installed:
        if application.supplier_id == install.supplier_id:
            return shop_credentials(await tx.vault.get(str(application.id)))
    return {}


def refuse_to_begin_without(services: Services, adapter: Adapter, shop: str | None) -> None:
    """InvalidInstallation if no browser could be sent off for this shop, or without one."""
    handshake = handshake_of(services, adapter.platform)
    if handshake is None:
        return
    ours = f"{services.public_url}/install/{adapter.platform}"
    trial = Ticket(
        state="",
        callback=f"{ours}/callback",
        confirm=f"{ours}/confirm",
        shop=shop,
        base_url=None if shop is None else services.shop_url(adapter.platform, shop),
        secret=Secret(b""),
    )
    handshake.begin(trial, services.apps.get(adapter.platform, {}))


async def of_earlier_try(
    tx: Transaction, browser: str, platform: str | None, *, state: str | None, call: Delivery
) -> PendingInstall | None:
    """Return the install that the browser has begun, when it comes with a state that is void: with that of another tab.

    None for any other call. What the call brings is not used; the supplier is shown how the install stands.
    """
    if state is None or call.method != "GET":
        return None
    return await tx.installs.of_browser(browser, platform)


async def arrive(services: Services, platform: str, key: str, *, browser: str) -> str:
    """Take in the browser that opens the address of an install, and return where it goes on.

    From then on it is this browser's, and no longer that of another one in which it was opened before. InstallNotFound;
    InvalidInstallation when the platform has no address for this shop.
    """
    async with services.store.transaction() as tx:
        install = await tx.installs.of_key(key)
        if install is None or install.platform != platform:
            raise InstallNotFound
        await tx.installs.bind(install.id, browser)
        return await go_on(services, tx, install)


async def continue_(services: Services, platform: str | None, *, browser: str) -> str:
    """Return where the browser goes on with what it began last; InstallNotFound if it began nothing."""
    async with services.store.transaction() as tx:
        return await go_on(services, tx, await begun(tx, browser, platform))


async def look(services: Services, platform: str, *, browser: str) -> PendingInstall:
    """Return how the install goes that the browser began last; InstallNotFound if it began none."""
    async with services.store.transaction() as tx:
        return await begun(tx, browser, platform)


async def begun(tx: Transaction, browser: str, platform: str | None) -> PendingInstall:
    """Return what a browser began last, on this platform or (None) on any; InstallNotFound if that is nothing."""
    install = await tx.installs.of_browser(browser, platform)
    if install is None:
        raise InstallNotFound
    return install


async def go_on(services: Services, tx: Transaction, install: PendingInstall) -> str:
    """Return where the browser goes on. Whoever is asked there is asked under a new state; older ones are void."""
    if install.state != "waiting":
        return page(services, install)
    remembered = await kept(tx, install)
    match next_step(install, has_token=remembered.token is not None, has_credentials=bool(remembered.credentials)):
        case "orderchamp":
            return await _to_orderchamp(services, tx, install)
        case "choice":
            return choice(services)
        case "shop":
            return await _to_shop(services, tx, install)
        case "finish":
            await agree(services, tx, install)
            return page(services, install)


async def agree(services: Services, tx: Transaction, install: PendingInstall) -> None:
    """Hand an install on to the workers if both sides have agreed."""
    remembered = await kept(tx, install)
    step = next_step(install, has_token=remembered.token is not None, has_credentials=bool(remembered.credentials))
    if install.state != "waiting" or step != "finish":
        return
    until = services.clock() + LIFETIME
    await tx.installs.save(replace(install, state="agreed", why=CONNECTING, way_on="", expires_at=until))
    await tx.installs.ring()


def _sent_to(name: str, install: PendingInstall) -> PendingInstall:
    return replace(install, why=f"{name} has yet to let the app in.", way_on=f"Go on to {name}.")


async def _to_orderchamp(services: Services, tx: Transaction, install: PendingInstall) -> str:
    if services.orderchamp_app is None:
        raise InstallNotFound
    state = services.new_secret()
    await tx.installs.save(_sent_to("Orderchamp", install))
    await tx.installs.ask(install.id, "orderchamp", state)
    return services.orderchamp_app.ask(state=state, callback=orderchamp_callback(services))


def orderchamp_callback(services: Services) -> str:
    """Return the address to which Orderchamp sends the browser back."""
    return f"{services.public_url}/install/orderchamp/callback"


async def _to_shop(services: Services, tx: Transaction, install: PendingInstall) -> str:
    platform = install.platform or ""
    handshake = handshake_of(services, platform)
    if handshake is None:
        return keys(services, platform)
    state = services.new_secret()
    sent = await ticket(services, tx, install, services.adapters[platform], state=state)
    address = handshake.begin(sent, services.apps.get(platform, {}))
    await tx.installs.save(_sent_to(services.adapters[platform].name, install))
    await tx.installs.ask(install.id, "shop", state)
    return address
