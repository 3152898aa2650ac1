"""What a supplier chooses or enters in the browser: platform and settings, and credentials where there is no handshake."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.application import Storefront
from app.domain.errors import InvalidInstallation
from app.domain.ids import StorefrontId
from app.domain.installing import PendingInstall
from app.domain.settings import ApplicationSettings
from app.flows.install import adapter_of, refuse_others, try_shop
from app.flows.installs.kept import keep_credentials
from app.flows.installs.travel import begun, go_on, handshake_of, page
from app.flows.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a supplier chose. ``shop`` None: the platform will tell. ``storefront_id`` None: the account's only one."""

    platform: str
    shop: str | None
    storefront_id: StorefrontId | None
    settings: ApplicationSettings


async def open_choice(services: Services, *, browser: str) -> tuple[PendingInstall, tuple[Storefront, ...]]:
    """Return what the browser began last, and the storefronts that there are; InstallNotFound if it began nothing."""
    async with services.store.transaction() as tx:
        install = await begun(tx, browser, None)
        storefronts = () if install.account_id is None else await tx.accounts.storefronts(install.account_id)
        return install, storefronts


async def choose(services: Services, choice: Choice, *, browser: str) -> str:
    """Take a choice and return where the browser goes on. InvalidInstallation and AlreadyInstalled change nothing.

    Choosing again is fine as long as the shop has not agreed.
    """
    adapter = adapter_of(services, choice.platform)
    shop = None if choice.shop is None else adapter.installation.shop(choice.shop)
    async with services.store.transaction() as tx:
        install = await begun(tx, browser, None)
        if install.state != "waiting" or install.account_id is None or install.supplier_id is None:
            return page(services, install)
        if shop is not None:
            refuse_others(await tx.applications.of_shop(choice.platform, shop), install.supplier_id)
        known = await tx.accounts.storefronts(install.account_id)
        if choice.storefront_id is not None and choice.storefront_id not in {each.id for each in known}:
            reason = "The Orderchamp account has no such storefront."
            raise InvalidInstallation("The storefront is not known.", reasons=[("storefront", reason)])
        install = replace(
            install,
            platform=choice.platform,
            shop=shop,
            storefront_id=choice.storefront_id,
            settings=choice.settings,
            why=f"{adapter.name} has yet to let the app in.",
            way_on=f"Go on to {adapter.name}.",
        )
        await tx.installs.save(install)
        return await go_on(services, tx, install)


def offered(services: Services) -> Mapping[str, str]:
    """Return what people call the platforms that can be installed in a browser, by their names here."""
    return {
        platform: adapter.name
        for platform, adapter in services.adapters.items()
        if adapter.installation.by_hand or handshake_of(services, platform) is not None
    }


async def open_keys(
    services: Services, platform: str, *, browser: str
) -> tuple[PendingInstall, str, Mapping[str, str]]:
    """Return what the browser began last on a platform, what people call that, and the credentials that it asks for."""
    adapter = adapter_of(services, platform)
    async with services.store.transaction() as tx:
        install = await begun(tx, browser, platform)
    return install, adapter.name, adapter.installation.by_hand


async def enter_keys(
    services: Services, platform: str, *, shop: str, credentials: Mapping[str, str], browser: str
) -> str:
    """Take credentials by hand, try them, and return where the browser goes on.

    InvalidInstallation, CredentialsRefused, AlreadyInstalled and PlatformUnavailable change nothing.
    """
    adapter = adapter_of(services, platform)
    install, *_ = await open_keys(services, platform, browser=browser)
    if install.state != "waiting" or install.supplier_id is None:
        return page(services, install)
    address = adapter.installation.shop(shop)
    given = adapter.installation.credentials({name: value for name, value in credentials.items() if value.strip()})
    async with services.store.transaction() as tx:
        refuse_others(await tx.applications.of_shop(platform, address), install.supplier_id)
    await try_shop(services, adapter, address, given)
    async with services.store.transaction() as tx:
        install = await begun(tx, browser, platform)
        if install.state != "waiting":
            return page(services, install)
        install = replace(install, shop=address)
        await tx.installs.save(install)
        await keep_credentials(tx, install, given)
        return await go_on(services, tx, install)
