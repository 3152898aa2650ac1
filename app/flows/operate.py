"""What the back office does with an installed Application: change it, pause it, import again, look again, uninstall it.

Each is one transaction that writes down what is wanted and wakes the lane, which does it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from app.domain.application import Account, Application
from app.domain.errors import ApplicationNotFound, CredentialsRefused, NotPossibleNow
from app.domain.ids import ApplicationId, SourceId, StorefrontId
from app.domain.importing import Import
from app.domain.settings import ApplicationSettings
from app.flows.install import check_storefront, kept_credentials, refuse_other_account, try_orderchamp, try_shop
from app.flows.lane import ORDERCHAMP_TOKEN, as_secrets
from app.flows.renew import fresh
from app.flows.services import Services
from app.flows.share_token import resumed, share_token
from app.flows.sweep import keep_sweeping
from app.flows.webhook_secret import secrets_to_keep
from app.ports import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What is to be changed; None leaves a part as it is. Credentials are tried before anything is kept."""

    settings: ApplicationSettings | None = None
    credentials: Mapping[str, str] | None = field(default=None, repr=False)
    orderchamp_token: str | None = field(default=None, repr=False)
    storefront_id: StorefrontId | None = None


async def change(services: Services, application_id: ApplicationId, revision: Revision) -> Application:
    """Change settings, credentials or storefront, and have everything planned again."""
    async with services.store.transaction() as tx:
        before = await _installed(tx, application_id)
        _, token = kept_credentials(await tx.vault.get(str(application_id)))
    credentials = None
    details = None
    if revision.credentials is not None:
        adapter = services.adapters[before.platform]
        credentials = adapter.installation.credentials(revision.credentials)
        credentials = await fresh(services, adapter, before.shop, credentials)
        details = await try_shop(services, adapter, before.shop, credentials)
    account = None
    if revision.orderchamp_token is not None or revision.storefront_id is not None:
        account = await try_orderchamp(services, revision.orderchamp_token or token)
        check_storefront(account, revision.storefront_id)
    async with services.store.transaction() as tx:
        # The account first, as an install does, so that two who bring tokens of one account wait in a line.
        await _keep_account(tx, before, account)
        now = await _installed(tx, application_id, lock=True)
        changed = replace(
            now,
            settings=revision.settings or now.settings,
            storefront_id=revision.storefront_id or now.storefront_id,
            details=now.details if details is None else details,
        )
        if credentials is not None or revision.orderchamp_token is not None:
            changed = _resumed_by_credentials(services, changed)
        await tx.applications.save(changed)
        if changed.state == "active":
            await keep_sweeping(services, tx, application_id)
        await _close_what_paused(tx, changed)
        if credentials is not None:
            await _replace_credentials(services, tx, now, credentials)
        if revision.orderchamp_token is not None:
            await tx.vault.put(str(application_id), {ORDERCHAMP_TOKEN: revision.orderchamp_token})
            await tx.appointments.make(application_id, "webhook")
            await share_token(services, tx, changed, revision.orderchamp_token)
        await tx.applications.replan(application_id, after="")
        reason = "The Application was changed meanwhile; preview it again."
        await tx.previews.end_all(application_id, reason=reason, lasts=services.pace.preview_lasts)
        await tx.lanes.wake(application_id)
    return changed


async def _replace_credentials(
    services: Services, tx: Transaction, application: Application, credentials: Mapping[str, str]
) -> None:
    """Keep these credentials of the shop, and none of those before: which ones there are tells how the shop delivers."""
    owner = str(application.id)
    before = await tx.vault.get(owner)
    ours = secrets_to_keep(services, services.adapters[application.platform], credentials, before)
    _, token = kept_credentials(before)
    await tx.vault.erase(owner)
    await tx.vault.put(owner, {**as_secrets(credentials), **ours, ORDERCHAMP_TOKEN: token})
    await tx.applications.want_secret_told(application.id, due=True)
    await tx.appointments.make(application.id, "subscriptions")


async def _keep_account(tx: Transaction, application: Application, account: Account | None) -> None:
    if account is None:
        return
    if account.id != application.account_id:
        message = f"The token is of the account “{account.name}”, but this Application belongs to another account."
        raise CredentialsRefused("orderchamp", message)
    owner = await tx.accounts.save(account, application.supplier_id)
    refuse_other_account(account, owner=owner, supplier_id=application.supplier_id)


def _resumed_by_credentials(services: Services, application: Application) -> Application:
    """A pause that the system made for dead credentials ends when working ones arrive."""
    if application.state != "paused" or application.paused_by != "system":
        return application
    return resumed(services, application)


async def pause(services: Services, application_id: ApplicationId) -> Application:
    """Stop writing to Orderchamp; deliveries are still taken in. Repeating it changes nothing."""
    async with services.store.transaction() as tx:
        application = await _installed(tx, application_id, lock=True)
        if application.state in ("uninstalling", "failed"):
            raise NotPossibleNow(f"The Application is {application.state}; it cannot be paused.")
        await tx.applications.set_state(application_id, "paused", "Paused by a person.", paused_by="person")
        return await _installed(tx, application_id)


async def resume(services: Services, application_id: ApplicationId) -> Application:
    """Start writing again and catch up. Repeating it changes nothing."""
    async with services.store.transaction() as tx:
        application = await _installed(tx, application_id, lock=True)
        if application.state in ("paused", "failed"):
            importing = await tx.imports.running(application_id) is not None
            if importing:
                await tx.applications.set_state(application_id, "installing", "Resumed by a person.")
            else:
                await tx.applications.set_state(application_id, "active", "Resumed by a person.")
                await keep_sweeping(services, tx, application_id)
        await tx.lanes.wake(application_id)
        resumed = await _installed(tx, application_id)
        await _close_what_paused(tx, resumed)
        return resumed


async def _close_what_paused(tx: Transaction, application: Application) -> None:
    """Close the problems for which the system had paused the Application; what still holds shows again."""
    if application.state != "paused":
        await tx.problems.close(application.id, "credentials_refused")
        await tx.problems.close(application.id, "many_failures")


async def start_import(services: Services, application_id: ApplicationId) -> Import:
    """Read the whole catalogue again; if that is going on already, return it."""
    async with services.store.transaction() as tx:
        application = await _installed(tx, application_id, lock=True)
        if application.state == "uninstalling":
            raise NotPossibleNow("The Application is being uninstalled.")
        started = await tx.imports.start(services.new_id(), application_id)
        await tx.lanes.wake(application_id)
        return started


async def cancel_import(services: Services, application_id: ApplicationId, import_id: UUID) -> Import | None:
    """Stop an import where it is; one that has ended stays as it ended. None when there is no such import."""
    async with services.store.transaction() as tx:
        await _installed(tx, application_id)
        await tx.imports.end(import_id, "cancelled", reason="Cancelled by a person.")
        return await tx.imports.one(application_id, import_id)


async def look_again(services: Services, application_id: ApplicationId, source_id: SourceId) -> bool:
    """Read one product from the shop again and reconcile it; False when it is not known."""
    async with services.store.transaction() as tx:
        await _installed(tx, application_id)
        reason = "a person asked for it"
        found = await tx.products.request_read(application_id, source_id, reason=reason)
        if found:
            await tx.products.forget_observed(application_id, [source_id])
            await tx.images.forget_failed(application_id, [source_id])
            await tx.lanes.wake(application_id)
        return found


async def uninstall(services: Services, application_id: ApplicationId, *, unpublish: bool) -> bool:
    """Start to uninstall and return whether it is done already. Repeating it changes nothing."""
    async with services.store.transaction() as tx:
        application = await tx.applications.one(application_id, lock=True)
        if application is None:
            raise ApplicationNotFound
        if application.state == "uninstalled":
            return True
        if application.state == "uninstalling":
            return False
        leaving = replace(
            application,
            state="uninstalling",
            state_reason="Uninstalled by the back office.",
            state_since=services.clock(),
            paused_by=None,
            unpublish_on_uninstall=unpublish,
        )
        await tx.applications.save(leaving)
        await tx.applications.replan(application_id, after="" if unpublish else None)
        await tx.lanes.wake(application_id)
        return False


async def _installed(tx: Transaction, application_id: ApplicationId, *, lock: bool = False) -> Application:
    application = await tx.applications.one(application_id, lock=lock)
    if application is None:
        raise ApplicationNotFound
    if application.state == "uninstalled":
        raise NotPossibleNow("The Application is uninstalled; install it again to go on.")
    return application
