"""Beginning an install: from the back office, with an address to open in the supplier's browser."""

from dataclasses import dataclass, field

from app.domain.errors import InvalidInstallation
from app.domain.ids import InstallId, StorefrontId, SupplierId
from app.domain.installing import PendingInstall
from app.domain.settings import ApplicationSettings
from app.flows.erase import refuse_while_erasing
from app.flows.install import adapter_of, check_storefront, refuse_others, try_orderchamp
from app.flows.installs.kept import keep_secret, keep_token
from app.flows.installs.travel import LIFETIME, handshake_of, refuse_to_begin_without
from app.flows.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What the back office begins with.

    ``shop`` None: the platform will tell which it is. ``orderchamp_token`` None: the supplier is asked at Orderchamp.
    """

    supplier_id: SupplierId
    platform: str
    shop: str | None
    orderchamp_token: str | None = field(repr=False)
    storefront_id: StorefrontId | None
    settings: ApplicationSettings


async def start_install(services: Services, wanted: Start) -> tuple[PendingInstall, str]:
    """Begin an install and return it, and the address for the supplier's browser, which is told this once.

    InvalidInstallation, AlreadyInstalled, CredentialsRefused and OrderchampUnavailable as for an install by hand; then
    nothing has begun.
    """
    adapter = adapter_of(services, wanted.platform)
    if handshake_of(services, wanted.platform) is None:
        reason = f"{adapter.name} is installed with credentials here: POST …/applications."
        raise InvalidInstallation("There is no install in a browser for this.", reasons=[("platform", reason)])
    shop = None if wanted.shop is None else adapter.installation.shop(wanted.shop)
    refuse_to_begin_without(services, adapter, shop)
    if wanted.orderchamp_token is not None:
        account = await try_orderchamp(services, wanted.orderchamp_token)
        check_storefront(account, wanted.storefront_id)
    elif services.orderchamp_app is None:
        reason = "It is missing, and there is no app at Orderchamp here with which the supplier could be asked for one."
        raise InvalidInstallation("Orderchamp's token is missing.", reasons=[("orderchamp.token", reason)])
    now = services.clock()
    install = PendingInstall(
        id=InstallId(services.new_id()),
        supplier_id=wanted.supplier_id,
        platform=wanted.platform,
        shop=shop,
        storefront_id=wanted.storefront_id,
        settings=wanted.settings,
        why="The supplier has yet to open the address of the install.",
        way_on="Open the address of the install in the supplier's browser.",
        created_at=now,
        expires_at=now + LIFETIME,
    )
    key = services.new_secret()
    async with services.store.transaction() as tx:
        await refuse_while_erasing(tx, wanted.supplier_id)
        if shop is not None:
            refuse_others(await tx.applications.of_shop(wanted.platform, shop), wanted.supplier_id)
        await tx.installs.add(install, key=key)
        await keep_secret(tx, install, services.new_secret())
        if wanted.orderchamp_token is not None:
            await keep_token(tx, install, wanted.orderchamp_token)
    return install, f"{services.public_url}/install/{wanted.platform}?key={key}"
