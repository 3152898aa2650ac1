"""One run of a lane: all that is to be done for one Application, by one worker at a time.

The duties stand in a fixed order: events, products, then the long ones (reads, subscriptions, import, replanning) in what
is left of the run. After each step of a long one, events and products have their turn again. A run that finds nothing else
ends with them: it makes a few round trips to the database, since with many lanes these are what a change waits for.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import takewhile

import structlog

from app.domain.application import Application
from app.domain.errors import (
    ChangedMeanwhile,
    CredentialsRefused,
    IntegrationError,
    LeaseLost,
    PlatformRejected,
    RunOver,
    TemporaryError,
)
from app.domain.ids import SupplierId
from app.domain.problem import Raised
from app.domain.retry import rest_after
from app.flows.check_images import check_images
from app.flows.erase import erase, erase_supplier
from app.flows.import_catalogue import import_page
from app.flows.keep_webhook import keep_webhook
from app.flows.lane import ORDERCHAMP_TOKEN, LaneRun, shop_credentials
from app.flows.leave import leave, leave_without_orderchamp
from app.flows.look_where_rung import look_where_rung
from app.flows.poll_changes import poll_changes
from app.flows.preview import preview
from app.flows.project_events import project_events
from app.flows.read_products import read_products
from app.flows.reconcile import reconcile
from app.flows.renew import renew
from app.flows.replan import replan
from app.flows.replay import replay_page
from app.flows.retrying import AT_LEAST
from app.flows.rotate_secret import retire_secret
from app.flows.services import Services
from app.flows.subscribe import subscribe
from app.flows.sweep import first_wait, sweep
from app.flows.take_over import take_over
from app.flows.tenure import PermittedBudget, PermittedTransport, Stopping, Tenure
from app.ports import Claim, DutyName, RunEnd

logger = structlog.get_logger(__name__)

Duty = Callable[[LaneRun], Awaitable[bool]]

CHANGES: frozenset[DutyName] = frozenset({"events", "products"})
"""Duties that bring about what changed: done one after the other, without a look in between."""

AT_THE_SHOP: frozenset[DutyName] = frozenset({"reads", "subscriptions", "changes", "import", "preview"})
"""Duties that cannot be done without the shop."""

AFTER_TROUBLE = timedelta(seconds=5)
"""How long a lane rests after a failure that says nothing of when to come back."""


@dataclass(frozen=True, slots=True)
class HeldLane:
    """A lane just claimed; ``lease_from`` is when the claim was asked for, by our own clock."""

    claim: Claim
    lease_from: float


async def claim_lane(services: Services) -> HeldLane | None:
    """Take the lane that waited longest; None when none has work."""
    lease_from = services.monotonic()
    async with services.store.reading() as tx:
        claim = await tx.lanes.claim(services.pace.lease)
    if claim is None:
        return None
    if claim.taken_over:
        services.observer.taken_over()
    return HeldLane(claim, lease_from)


async def next_due(services: Services) -> timedelta | None:
    """Return how long it is until some lane has work by the clock alone; None when none will."""
    async with services.store.reading() as tx:
        return await tx.lanes.next_due()


async def run_lane(services: Services, held: HeldLane, stopping: Stopping | None = None) -> RunEnd:
    """Work for the Application whose lane is held, then let go of the lane. Returns how that ended.

    After an error that nobody foresaw the lane is still held: ``rest_lane`` is for that. After one of the store's
    ``unavailable`` it is, too: ``let_go``.
    """
    claim = held.claim
    run = await _begin(services, held, stopping or Stopping())
    if run is None:
        return "done"
    log = logger.bind(application_id=str(claim.application_id))
    sound = False
    ended: RunEnd = "done"
    try:
        await _work(run)
        sound = not run.tenure.stopping.told
    except LeaseLost:
        log.warning("lane_lost", hint="another worker took the lane over; its rows are untouched")
        return "lost"
    except RunOver as error:
        ended = "over"
        log.info("lane_run_over", reason=str(error))
    except CredentialsRefused as error:
        ended = "refused"
        await _pause_if_refused_again(run, error)
    except TemporaryError as error:
        ended = "waits"
        log.warning("lane_waits", reason=str(error))
        run.wait(max(error.retry_after or AFTER_TROUBLE * services.pace.retry_scale, AT_LEAST))
    await _release(run, sound=sound)
    return ended


async def erase_now(services: Services, supplier_id: SupplierId) -> None:
    """Erase a supplier here and now, whether or not a worker runs, and return when nothing is left of them."""
    while not await erase_supplier(services, supplier_id):
        async with services.store.transaction() as tx:
            left = await tx.applications.list(
                supplier_id=supplier_id, platform=None, state=None, after=None, limit=1000
            )
        for application in left:
            lease_from = services.monotonic()
            async with services.store.transaction() as tx:
                claim = await tx.lanes.claim_one(application.id, services.pace.lease)
            if claim is not None:
                await run_lane(services, HeldLane(claim, lease_from))
        await services.sleep(0.1)


async def let_go(services: Services, held: HeldLane) -> None:
    """Let go of a lane whose run was broken off. What it left on its way, the next one waits out."""
    async with services.store.transaction() as tx:
        await tx.lanes.release(held.claim, sound=False)
        await tx.lanes.ring()


async def rest_lane(services: Services, held: HeldLane, error: Exception) -> None:
    """Have a lane rest whose run ended with a bug, and let people see that. LeaseLost if it is somebody else's by now."""
    claim = held.claim
    wait = rest_after(claim.failures + 1, jitter=services.jitter()) * services.pace.retry_scale
    what = str(error) if isinstance(error, IntegrationError) else f"An internal error ({type(error).__name__})."
    sentence = f"The work for this Application broke off, {claim.failures + 1} time(s) in a row by now. {what}"
    async with services.store.transaction() as tx:
        await tx.lanes.rest(claim, wait)
        await tx.problems.raise_(claim.application_id, Raised(kind="lane_failed", subject="", sentence=sentence))


async def _begin(services: Services, held: HeldLane, stopping: Stopping) -> LaneRun | None:
    claim = held.claim
    looked = services.monotonic()
    async with services.store.reading() as tx:
        found = await tx.briefings.of(claim.application_id)
    if found is None:
        return None
    application, secrets, storefronts = found.application, found.secrets, found.storefronts
    only = storefronts[0].id if len(storefronts) == 1 else None
    tenure = Tenure(
        services=services,
        claim=claim,
        revision=application.revision,
        stopping=stopping,
        lease_from=held.lease_from,
        looked=looked,
    )
    budget = PermittedBudget(services.store.budget(application.account_id), tenure.permit)
    return LaneRun(
        services=replace(services, transport=PermittedTransport(services.transport, tenure.permit)),
        tenure=tenure,
        application=application,
        adapter=services.adapters[application.platform],
        connection=services.connection(application, shop_credentials(secrets)),
        marketplace=services.marketplaces.open(secrets.get(ORDERCHAMP_TOKEN, ""), budget),
        secrets=secrets,
        storefronts={each.id: each.name for each in storefronts},
        fallback_storefront_id=application.storefront_id or only,
        started=services.monotonic(),
        spent=lambda: budget.spent,
    )


def _duties(application: Application) -> Mapping[DutyName, Duty]:
    """Return what may be done for an Application in its state, the most urgent first."""
    match application.state:
        case "installing" | "active":
            return {
                "events": project_events,
                "products": _reconcile,
                "reads": read_products,
                "old secret": retire_secret,
                "subscriptions": subscribe,
                "images": check_images,
                "webhook": keep_webhook,
                "rings": look_where_rung,
                "replay": replay_page,
                "changes": poll_changes,
                "import": import_page,
                "replan": replan,
                "settling in": _settle_in,
                "preview": preview,
                "sweep": sweep,
            }
        case "uninstalling":
            unpublishing: Mapping[DutyName, Duty] = {"replan": replan, "products": _reconcile}
            hiding = unpublishing if application.unpublish_on_uninstall else {}
            return {"events": project_events, **hiding, "leaving": leave}
        case "paused" | "failed":
            return {"events": project_events}
        case "uninstalled":
            return {"events": project_events, "erasing": erase}


async def _work(run: LaneRun) -> None:
    if run.application.state in ("installing", "active", "uninstalling"):
        await take_over(run)
        await renew(run)
    duties = {
        name: duty for name, duty in _duties(run.application).items() if not (run.without_shop and name in AT_THE_SHOP)
    }
    while run.time_left():
        async with run.services.store.reading() as tx:
            waiting = await tx.lanes.waiting(run.application)
        if waiting is None:
            # Somebody paused or changed the Application meanwhile: this run works for one that is no more.
            return
        turn = _turn(duties, waiting)
        if not turn:
            return
        others, went_on = waiting.intersection(duties) - CHANGES, False
        for name in turn:
            went_on = run.time_left() and await duties[name](run)
            if not went_on and name in waiting:
                # What could not go on now has its time in its row; asking again would find it waiting again.
                del duties[name]
        if went_on and not others:
            # What came meanwhile has woken the lane, and what is left is found at the release.
            return


def _turn(duties: Mapping[DutyName, Duty], waiting: frozenset[DutyName]) -> Sequence[DutyName]:
    """Return what is done before the next look: events, with the products that they make due; or a step of something else."""
    likely = waiting | {"products"} if "events" in waiting else waiting
    now = [name for name in duties if name in likely]
    return list(takewhile(CHANGES.__contains__, now)) or now[:1]


async def _reconcile(run: LaneRun) -> bool:
    count = await reconcile(run)
    run.products += count
    return count > 0


async def _settle_in(run: LaneRun) -> bool:
    """Call an installation finished once its subscriptions stand and its catalogue is read."""
    if run.application.state != "installing":
        return False
    async with run.services.store.reading() as tx:
        importing = await tx.imports.running(run.application.id)
        subscribing = await tx.appointments.of(run.application.id, "subscriptions")
        latest = await tx.imports.latest(run.application.id)
    if importing is not None or (subscribing is not None and (subscribing.attempts or subscribing.due_at <= run.now())):
        return False
    async with run.services.store.transaction(run.claim) as tx:
        if await tx.applications.is_current(run.application):
            if latest is not None and latest.state == "failed":
                await tx.applications.set_state(run.application.id, "failed", f"The import failed: {latest.reason}")
            else:
                await tx.applications.set_state(run.application.id, "active", "Installed.")
                await tx.sweeps.schedule(run.application.id, first_wait(run.services))
    run.ended = True
    return True


async def _pause_if_refused_again(run: LaneRun, error: CredentialsRefused) -> None:
    """Pause the Application if one more try says, too, that its credentials are dead.

    One refused operation is no dead credential: then only the lane rests, and what was refused is tried again.
    """
    try:
        if error.side == "shop":
            await run.services.ask_shop(run.adapter.installation.probe(run.connection))
        else:
            await run.marketplace.account()
    except CredentialsRefused as confirmed:
        if run.application.state == "uninstalling":
            with contextlib.suppress(ChangedMeanwhile):
                await leave_without_orderchamp(run, confirmed)
            return
        async with run.services.store.transaction(run.claim) as tx:
            if not await tx.applications.is_current(run.application):
                # Somebody paused it, let it go or brought other credentials meanwhile, and has the last word.
                return
            reason = f"The shop does not accept the credentials any more: {confirmed} Bring new ones to go on."
            if confirmed.side == "orderchamp":
                # Orderchamp tells nobody that an app was removed there: the token that dies is the only sign of it.
                reason = (
                    f"Orderchamp does not accept the token any more: {confirmed} Perhaps the app was removed there, under "
                    "Apps & Integrations. Install it again, or bring a new token, to go on; or uninstall it here, too."
                )
            await tx.applications.set_state(run.application.id, "paused", reason, paused_by="system")
            dead = Raised(kind="credentials_refused", subject=confirmed.side, sentence=reason)
            await tx.problems.raise_(run.application.id, dead)
        logger.warning("application_paused", application_id=str(run.application.id), side=confirmed.side)
        return
    except RunOver:
        return
    except (TemporaryError, PlatformRejected):
        pass
    run.wait(timedelta(minutes=1) * run.services.pace.retry_scale)


async def _release(run: LaneRun, *, sound: bool) -> None:
    store, recovered = run.services.store, sound and run.claim.failures
    async with store.transaction() if recovered else store.reading() as tx:
        await tx.lanes.release(run.claim, sound=sound, not_before=run.not_before, gather=run.services.pace.gather)
        if recovered:
            await tx.problems.close(run.application.id, "lane_failed")
