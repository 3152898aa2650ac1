"""A working token of an account serves the account's other Applications, too, where theirs is known to be dead.

A supplier who removes our app at Orderchamp kills the tokens of all their Applications at once, and lets the app in again
once. Tokens that work are left alone: they may have been given for one shop with care.
"""

from dataclasses import replace

from app.domain.application import Application
from app.flows.lane import ORDERCHAMP_TOKEN
from app.flows.services import Services
from app.flows.sweep import keep_sweeping
from app.ports import Transaction


async def share_token(services: Services, tx: Transaction, bringer: Application, token: str) -> None:
    """Give ``token``, which works and was brought for one Application, to the others whose token is dead, and wake them."""
    for each in await tx.applications.of_account(bringer.account_id):
        if each.id == bringer.id or each.state in ("uninstalling", "uninstalled"):
            continue
        dead = await _dead(tx, each)
        if "orderchamp" not in dead:
            continue
        other = await tx.applications.one(each.id, lock=True)
        assert other is not None  # noqa: S101 - the account's row is held, so nobody erases it meanwhile
        await tx.vault.put(str(other.id), {ORDERCHAMP_TOKEN: token})
        await tx.problems.close(other.id, "credentials_refused", "orderchamp")
        if dead == {"orderchamp"} and other.state == "paused" and other.paused_by == "system":
            await tx.applications.save(resumed(services, other))
            await keep_sweeping(services, tx, other.id)
            await tx.applications.replan(other.id, after="")
        await tx.appointments.make(other.id, "webhook")
        await tx.lanes.wake(other.id)


async def _dead(tx: Transaction, application: Application) -> set[str]:
    """Return the sides whose credentials are known not to work."""
    found = await tx.problems.list(
        application.id, state=None, kind="credentials_refused", source_id=None, after=None, limit=10
    )
    return {each.subject for each in found if each.state != "closed"}


def resumed(services: Services, application: Application) -> Application:
    """Return an Application whose pause for dead credentials ends, since working ones have arrived."""
    return replace(
        application,
        state="active",
        state_reason="Working credentials arrived.",
        state_since=services.clock(),
        paused_by=None,
    )
