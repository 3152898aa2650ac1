"""Our webhook at an Orderchamp account: registered, found again and again, and removed with the account's last Application.

It is one for all Applications of the account. One of them looks after it, with its own token; another one takes over when
that is paused or gone. Without a webhook nothing is lost but time: a sweep finds what it would have rung for. So an address
that Orderchamp does not accept, or a token that may not register one, is told on the Application and stops nothing.
"""

from datetime import timedelta

import structlog

from app.domain.errors import CredentialsRefused, OrderchampRejected, RunOver, TemporaryError
from app.domain.ids import AccountId
from app.domain.retry import rest_after
from app.domain.structs import replace
from app.domain.webhook import MISSING, Standing, standing
from app.flows.lane import LaneRun
from app.flows.receive_ring import addresses, webhook_address
from app.flows.retrying import AT_LEAST, failures
from app.flows.webhook_secret import CHOSEN
from app.ports import AccountWebhook, Transaction

logger = structlog.get_logger(__name__)

PATIENCE = timedelta(hours=1)
"""How long an uninstall waits for an Orderchamp that does not answer before it leaves the webhook behind."""

ASK_AGAIN = timedelta(minutes=1)


def owner(account_id: AccountId) -> str:
    """Return the name under which the vault keeps an account's secrets."""
    return f"account/{account_id}"


async def keep_webhook(run: LaneRun) -> bool:
    """See that the account's webhook stands; False when that has to be tried again later."""
    begun = await _begin(run)
    if begun is None:
        return True
    before, address = begun
    try:
        found = await _look(run, before, address)
        now = await _mend(run, before, found, address)
    except RunOver:
        raise
    except (OrderchampRejected, CredentialsRefused) as error:
        now = replace(before, health="refused", message=await _refusal(run, error, address))
    except TemporaryError as error:
        await _postpone(run, error)
        return False
    async with run.services.store.transaction(run.claim) as tx:
        await tx.webhooks.record(run.application.account_id, now)
        await _again(run, tx)
    return True


async def _begin(run: LaneRun) -> tuple[AccountWebhook, str] | None:
    """Return how the webhook was found last, and its address; None when another Application looks after it."""
    account_id = run.application.account_id
    async with run.services.store.transaction(run.claim) as tx:
        before = await tx.webhooks.take_care(account_id, run.application.id)
        if before is None:
            await _again(run, tx)
            return None
        secret = (await tx.vault.readable(owner(account_id))).get(CHOSEN)
        if secret is None:
            secret = run.services.new_secret()
            await tx.vault.put(owner(account_id), {CHOSEN: secret})
        # Before anything is registered, so that the first ring is known.
        await tx.webhooks.know(account_id, secret)
    return before, webhook_address(run.services, secret)


async def _look(run: LaneRun, before: AccountWebhook, address: str) -> Standing:
    registered = await run.marketplace.webhooks()
    return standing(registered, address=address, ours=addresses(run.services), remembered=before.remote_id)


async def _mend(run: LaneRun, before: AccountWebhook, found: Standing, address: str) -> AccountWebhook:
    """Register what is missing, then remove what is of no use, so that at no time nothing rings."""
    kept = found.kept or await run.marketplace.add_webhook(address)
    for each in found.to_go:
        await run.marketplace.remove_webhook(each)
    # The first one mends nothing. What was mended is told until something else happens.
    first = before.remote_id is None and found.was == MISSING
    message = "" if first else found.was or (before.message if before.health == "active" else "")
    if found.was and not first:
        logger.warning("webhook_mended", account_id=run.application.account_id, what=found.was)
    return replace(before, remote_id=kept, health="active", message=message)


async def _refusal(run: LaneRun, error: OrderchampRejected | CredentialsRefused, address: str) -> str:
    """Return Orderchamp's words without our secret; CredentialsRefused if it refuses not only this."""
    if isinstance(error, CredentialsRefused):
        await run.marketplace.account()
    reason = str(error).replace(address, addresses(run.services) + "…")
    logger.warning("webhook_refused", account_id=run.application.account_id, reason=reason)
    return f"{reason} Changes made on Orderchamp are found by sweeps alone."


async def _again(run: LaneRun, tx: Transaction) -> None:
    # Not all accounts at the same time.
    pause = run.services.pace.check_subscriptions * (1 - 0.1 * run.services.jitter())
    await tx.appointments.make(run.application.id, "webhook", after=pause)


async def _postpone(run: LaneRun, error: TemporaryError) -> None:
    async with run.services.store.transaction(run.claim) as tx:
        due = await tx.appointments.of(run.application.id, "webhook")
        attempts = failures(0 if due is None else due.attempts, error)
        wait = rest_after(max(attempts, 1), jitter=run.services.jitter()) * run.services.pace.retry_scale
        wait = max(wait, error.retry_after or AT_LEAST)
        await tx.appointments.make(run.application.id, "webhook", after=wait, attempts=attempts)


async def remove_webhook(run: LaneRun) -> bool:
    """Remove the account's webhook if no other Application needs it; False when that has to be tried again later.

    A token that is dead, and an Orderchamp that refuses, count as done: what rings afterwards is not known any more.
    """
    account_id = run.application.account_id
    async with run.services.store.transaction() as tx:
        others = await tx.applications.of_account(account_id)
        before = await tx.webhooks.of(account_id)
        secret = (await tx.vault.readable(owner(account_id))).get(CHOSEN)
    if before is None or secret is None or any(_stays(each.state) for each in others if each.id != run.application.id):
        return True
    try:
        found = await _look(run, before, webhook_address(run.services, secret))
        for each in (*found.to_go, *filter(None, [found.kept])):
            await run.marketplace.remove_webhook(each)
    except (CredentialsRefused, OrderchampRejected):
        return True
    except RunOver:
        raise
    except TemporaryError as error:
        if run.now() - run.application.state_since > PATIENCE:
            return True
        run.wait(max(error.retry_after or ASK_AGAIN * run.services.pace.retry_scale, AT_LEAST))
        return False
    return True


def _stays(state: str) -> bool:
    return state not in ("uninstalling", "uninstalled")


async def leave_account(run: LaneRun, tx: Transaction) -> None:
    """Hand the webhook on to the account's other Applications; without any, believe nothing that rings any more."""
    account_id = run.application.account_id
    others = await tx.webhooks.hand_on(account_id, run.application.id)
    for each in others:
        await tx.lanes.wake(each)
    if not others:
        await tx.webhooks.forget(account_id)
        await tx.vault.erase(owner(account_id))
