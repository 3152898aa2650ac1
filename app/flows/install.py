"""Install: try both credentials, then keep everything in one transaction. The lane does the rest.

Installing again replaces credentials and settings if they work, and revives an uninstalled Application with its id, its
bindings and the storefronts it remembers. Nothing is stored before both sides have answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from app.domain.application import Account, Application
from app.domain.errors import AlreadyInstalled, CredentialsRefused, InvalidInstallation, NotPossibleNow
from app.domain.ids import ApplicationId, StorefrontId, SupplierId
from app.domain.settings import ApplicationSettings
from app.flows.erase import refuse_while_erasing
from app.flows.lane import ORDERCHAMP_TOKEN, as_secrets, shop_credentials
from app.flows.renew import fresh
from app.flows.services import Services
from app.flows.share_token import share_token
from app.flows.webhook_secret import secrets_to_keep
from app.platforms.adapter import Adapter
from app.ports import Transaction

PATIENCE = timedelta(seconds=5)
"""How long an install waits for a shop that asks it to slow down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What the back office asks for. ``storefront_id`` None: the account's only one, or none chosen yet."""

    supplier_id: SupplierId
    platform: str
    shop: str
    credentials: Mapping[str, str] = field(repr=False)
    orderchamp_token: str = field(repr=False)
    storefront_id: StorefrontId | None
    settings: ApplicationSettings


async def install(services: Services, wanted: Installation) -> tuple[Application, bool]:
    """Install and return the Application, and whether it is new.

    InvalidInstallation says which part cannot be, CredentialsRefused which side refuses, AlreadyInstalled that another
    supplier has the shop; PlatformUnavailable and OrderchampUnavailable leave nothing behind.
    """
    adapter = adapter_of(services, wanted.platform)
    shop = adapter.installation.shop(wanted.shop)
    credentials = adapter.installation.credentials(wanted.credentials)
    async with services.store.transaction() as tx:
        refuse_others(await tx.applications.of_shop(wanted.platform, shop), wanted.supplier_id)
    credentials = await fresh(services, adapter, shop, credentials)
    details = await try_shop(services, adapter, shop, credentials)
    account = await try_orderchamp(services, wanted.orderchamp_token)
    check_storefront(account, wanted.storefront_id, required=adapter.names_storefront)
    async with services.store.transaction() as tx:
        await tx.applications.lock_shop(wanted.platform, shop)
        return await _keep(services, tx, wanted, shop=shop, credentials=credentials, details=details, account=account)


def adapter_of(services: Services, platform: str) -> Adapter:
    """Return a platform's adapter; InvalidInstallation if there is none."""
    adapter = services.adapters.get(platform)
    if adapter is None:
        known = ", ".join(sorted(services.adapters))
        reason = f"There is no such platform; known are: {known}."
        raise InvalidInstallation("The platform is not known.", reasons=[("platform", reason)])
    return adapter


async def try_shop(
    services: Services, adapter: Adapter, shop: str, credentials: Mapping[str, str]
) -> Mapping[str, str]:
    """Try a shop's credentials and return the details worth keeping; CredentialsRefused or PlatformUnavailable."""
    connection = services.new_connection(adapter.platform, shop, credentials)
    return await services.ask_shop_patiently(lambda: adapter.installation.probe(connection), patience=PATIENCE)


async def try_orderchamp(services: Services, token: str) -> Account:
    """Try an Orderchamp token and return its account; CredentialsRefused or OrderchampUnavailable."""
    return await services.marketplaces.open(token, services.store.budget(None)).account()


def check_storefront(account: Account, storefront_id: StorefrontId | None, *, required: bool = False) -> None:
    """InvalidInstallation if the storefront is not one of the account's, or is missing where it is ``required``."""
    if any(each.id == storefront_id for each in account.storefronts) or (storefront_id is None and not required):
        return
    known = ", ".join(f"{each.id} ({each.name})" for each in account.storefronts) or "none"
    if storefront_id is None:
        reason = f"It is missing, and this platform needs it: products go there that name no other. The account has: {known}."
        raise InvalidInstallation("The storefront is not named.", reasons=[("orderchamp.storefront_id", reason)])
    reason = f"The Orderchamp account has no such storefront; it has: {known}."
    raise InvalidInstallation("The storefront is not known.", reasons=[("orderchamp.storefront_id", reason)])


def refuse_other_account(account: Account, *, owner: SupplierId, supplier_id: SupplierId) -> None:
    """CredentialsRefused if the token's account belongs to another supplier."""
    if owner != supplier_id:
        message = f"The token is of the account “{account.name}”, which belongs to another supplier here."
        raise CredentialsRefused("orderchamp", message)


def refuse_others(installed: tuple[Application, ...], supplier_id: SupplierId) -> None:
    """AlreadyInstalled if another supplier has one of these Applications of a shop, and has not uninstalled it."""
    if any(each.supplier_id != supplier_id and each.state != "uninstalled" for each in installed):
        raise AlreadyInstalled("Another supplier has installed this shop; it has to be uninstalled there first.")


async def _keep(
    services: Services,
    tx: Transaction,
    wanted: Installation,
    *,
    shop: str,
    credentials: Mapping[str, str],
    details: Mapping[str, str],
    account: Account,
) -> tuple[Application, bool]:
    await refuse_while_erasing(tx, wanted.supplier_id)
    installed = await tx.applications.of_shop(wanted.platform, shop)
    refuse_others(installed, wanted.supplier_id)
    account_owner = await tx.accounts.save(account, wanted.supplier_id)
    refuse_other_account(account, owner=account_owner, supplier_id=wanted.supplier_id)
    known = next((each for each in installed if each.supplier_id == wanted.supplier_id), None)
    if known is not None:
        known = await tx.applications.one(known.id, lock=True)
    if known is not None and known.erasing:
        raise NotPossibleNow(
            "What is kept of this shop is being erased, because it asked for that; install it again then."
        )
    if known is not None and known.account_id != account.id:
        message = f"The token is of the account “{account.name}”, but this Application belongs to another account."
        raise CredentialsRefused("orderchamp", message)
    application = _application(services, wanted, known, shop=shop, details=details, account=account)
    await tx.applications.save(application)
    owner = str(application.id)
    ours = secrets_to_keep(services, services.adapters[wanted.platform], credentials, await tx.vault.readable(owner))
    await tx.vault.erase(owner)
    await tx.vault.put(owner, {**as_secrets(credentials), **ours, ORDERCHAMP_TOKEN: wanted.orderchamp_token})
    await tx.applications.want_secret_told(application.id, due=True)
    await tx.appointments.make(application.id, "subscriptions")
    await tx.appointments.make(application.id, "webhook")
    if known is not None:
        await tx.applications.replan(application.id, after="")
        await tx.conflicts.plan_all_holders_again(application.id)
    await tx.problems.close(application.id, "credentials_refused")
    await share_token(services, tx, application, wanted.orderchamp_token)
    await tx.imports.start(services.new_id(), application.id)
    await tx.lanes.add(application.id)
    return application, known is None


def _application(
    services: Services,
    wanted: Installation,
    known: Application | None,
    *,
    shop: str,
    details: Mapping[str, str],
    account: Account,
) -> Application:
    now = services.clock()
    fresh = Application(
        id=known.id if known is not None else ApplicationId(services.new_id()),
        supplier_id=wanted.supplier_id,
        platform=wanted.platform,
        shop=shop,
        state="installing",
        state_reason="The catalogue is being imported.",
        state_since=now,
        settings=wanted.settings,
        account_id=account.id,
        storefront_id=wanted.storefront_id,
        details=details,
        created_at=now if known is None else known.created_at,
    )
    if known is not None and known.state == "paused" and known.paused_by == "person":
        # What a person stopped, only a person starts again.
        return replace(
            fresh,
            state="paused",
            paused_by="person",
            state_reason=known.state_reason,
            state_since=known.state_since,
        )
    return fresh


def kept_credentials(secrets: Mapping[str, str]) -> tuple[Mapping[str, str], str]:
    """Return the shop's credentials and the Orderchamp token among an Application's secrets."""
    return shop_credentials(secrets), secrets.get(ORDERCHAMP_TOKEN, "")
