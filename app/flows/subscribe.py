"""Subscriptions: what we need at the shop is compared with what is there, and the difference is made good.

That is done when somebody asks for it, and again and again by itself, since shops stop subscriptions without a word, and
people remove them. When notices may have been missed, the catalogue is read for what they would have told.

What the shop refuses here is a problem and no more, and a shop that does not answer is asked again later: products and
their stock go on meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from app.domain.errors import (
    CredentialsRefused,
    PlatformRejected,
    RunOver,
    TemporaryError,
)
from app.domain.ids import Topic
from app.domain.problem import Raised
from app.domain.retry import GiveUp, decide
from app.flows.import_catalogue import catch_up
from app.flows.lane import LaneRun
from app.flows.retrying import AT_LEAST, failures
from app.flows.standing_orders import ALL, Found, broken, gaps, health, look, never_ordered
from app.flows.webhook_secret import FORMER, chosen_secret, without_secrets
from app.platforms.adapter import (
    Mend,
    Secret,
    Subscribe,
    Subscription,
    Subscriptions,
    Unsubscribe,
    subscription_changes,
)
from app.ports import Appointment, SubscriptionHealth, Transaction

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shop is to deliver, and what it is to sign with; None where that is not for us to say."""

    address: str = field(repr=False)
    secret: Secret | None


async def subscribe(run: LaneRun) -> bool:
    """Reconcile the subscriptions; False when that was not due, or has to be tried again later."""
    services, subscriptions = run.services, run.adapter.subscriptions
    async with services.store.reading() as tx:
        due = await tx.appointments.of(run.application.id, "subscriptions")
        to_tell = await tx.applications.secret_to_tell(run.application.id)
    if due is None:
        return False
    if subscriptions is None:
        return await _nothing_to_order(run)
    found: Mapping[Topic, Found] = dict.fromkeys(subscriptions.topics, Found.STANDS)
    try:
        existing = await services.ask_shop(subscriptions.all(run.connection))
        found = await _look(run, subscriptions, existing)
        refused = await _change(run, subscriptions, existing, tell_secret=to_tell)
    except RunOver:
        raise
    except (PlatformRejected, CredentialsRefused) as error:
        refused = {ALL: await _refusal(run, error)}
    except TemporaryError as error:
        wait = _until_next_try(run, due, error)
        if wait is not None:
            await _postpone(run, subscriptions, due, error, wait)
            return False
        refused = {ALL: str(error)}
    await _record(run, due, found, refused, told_secret=to_tell)
    return True


async def _nothing_to_order(run: LaneRun) -> bool:
    async with run.services.store.transaction(run.claim) as tx:
        await tx.applications.record_subscriptions(run.application.id, (), alone=True)
        await tx.applications.want_secret_told(run.application.id, due=False)
        await tx.appointments.cancel(run.application.id, "subscriptions")
    return True


def _place(run: LaneRun) -> Place:
    kind = run.adapter.installation.secret_kind(run.connection.credentials)
    secret = chosen_secret(run.secrets)
    return Place(
        address=run.services.webhook_address(run.application, secret if kind == "address" else None),
        secret=secret if kind == "ours" else None,
    )


async def _look(run: LaneRun, subscriptions: Subscriptions, existing: Sequence[Subscription]) -> Mapping[Topic, Found]:
    """Return how the orders stand. What is broken is written down before it is mended, so that its gap is not forgotten."""
    shown = run.services.webhook_address(run.application)
    found = look(existing, subscriptions.topics, address=_place(run).address, earlier=shown)
    async with run.services.store.reading() as tx:
        news = broken(await _known(run, tx), found, address=shown)
    if news:
        async with run.services.store.transaction(run.claim) as tx:
            await tx.applications.record_subscriptions(run.application.id, news)
    return found


async def _known(run: LaneRun, tx: Transaction) -> Mapping[Topic, SubscriptionHealth]:
    return {each.topic: each for each in await tx.applications.subscriptions(run.application.id)}


async def _change(
    run: LaneRun, subscriptions: Subscriptions, existing: Sequence[Subscription], *, tell_secret: bool
) -> Mapping[str, str]:
    """Order, mend and cancel what differs; return what the shop refused in its own words, by topic."""
    place, refused = _place(run), dict[str, str]()
    for change in subscription_changes(
        existing,
        topics=subscriptions.topics,
        address=place.address,
        secret=place.secret,
        renew_secret=tell_secret and place.secret is not None,
    ):
        try:
            await run.services.ask_shop(subscriptions.change(run.connection, change))
        except (PlatformRejected, CredentialsRefused) as error:
            message = await _refusal(run, error)
            match change:
                case Subscribe():
                    refused[change.topic] = message
                case Mend():
                    refused[change.subscription.topic] = message
                case Unsubscribe():
                    # It costs a delivery that nobody needs, now and then.
                    logger.warning("subscription_not_cancelled", topic=change.subscription.topic, reason=message)
    return refused


async def _refusal(run: LaneRun, error: PlatformRejected | CredentialsRefused) -> str:
    """Return the shop's words; CredentialsRefused if it refuses not only this one operation."""
    if isinstance(error, CredentialsRefused):
        await run.services.ask_shop(run.adapter.installation.probe(run.connection))
    return without_secrets(str(error), run.secrets)


def _until_next_try(run: LaneRun, due: Appointment, error: TemporaryError) -> timedelta | None:
    """Return how long to wait before the shop is asked again; None: no longer than until it is asked anyway."""
    decision = decide(error, failures(due.attempts, error) or 1, run.now(), jitter=run.services.jitter())
    if isinstance(decision, GiveUp):
        return None
    wait = max((decision.when - run.now()) * run.services.pace.retry_scale, error.retry_after or timedelta(0))
    return wait if wait < run.services.pace.check_subscriptions else None


async def _postpone(
    run: LaneRun, subscriptions: Subscriptions, due: Appointment, error: TemporaryError, wait: timedelta
) -> None:
    logger.warning("subscriptions_wait", application_id=str(run.application.id), reason=str(error))
    shown = run.services.webhook_address(run.application)
    async with run.services.store.transaction(run.claim) as tx:
        await run.require_current(tx)
        waiting = never_ordered(await _known(run, tx), subscriptions.topics, address=shown, reason=str(error))
        await tx.applications.record_subscriptions(run.application.id, waiting)
        await tx.appointments.make(
            run.application.id,
            "subscriptions",
            after=max(wait, AT_LEAST),
            attempts=max(failures(due.attempts, error), 1),
            kept=due,
        )


async def _record(
    run: LaneRun, due: Appointment, found: Mapping[Topic, Found], refused: Mapping[str, str], *, told_secret: bool
) -> None:
    application, services = run.application, run.services
    async with services.store.transaction(run.claim) as tx:
        # Somebody wants something else since, such as another secret; the next run looks after that.
        await run.require_current(tx)
        before = await _known(run, tx)
        now = health(before, found, refused, address=services.webhook_address(application), now=run.now())
        await tx.applications.record_subscriptions(application.id, now, alone=True)
        missed = gaps(before, found, refused)
        if missed:
            logger.warning("subscriptions_mended", application_id=str(application.id), topics=missed)
            await catch_up(services, tx, application.id)
        if told_secret and not refused:
            await _secret_was_told(run, tx)
        # Not all shops at the same time.
        pause = services.pace.check_subscriptions * (1 - 0.1 * services.jitter())
        await tx.appointments.make(application.id, "subscriptions", after=pause, kept=due)
        await _settle_problems(run, tx, tuple(found), refused)


async def _secret_was_told(run: LaneRun, tx: Transaction) -> None:
    """Write down that the shop delivers with the secret that counts, so that the former one, if any, may go."""
    await tx.applications.want_secret_told(run.application.id, due=False)
    if FORMER in run.secrets:
        await tx.appointments.make(run.application.id, "old secret", after=run.services.pace.secret_overlap)


async def _settle_problems(run: LaneRun, tx: Transaction, topics: Sequence[Topic], refused: Mapping[str, str]) -> None:
    for subject in (ALL, *topics):
        if subject in refused:
            raised = Raised(kind="subscription_refused", subject=subject, sentence=_sentence(subject, refused))
            await tx.problems.raise_(run.application.id, raised)
        elif ALL not in refused:
            await tx.problems.close(run.application.id, "subscription_refused", subject)


def _sentence(subject: str, refused: Mapping[str, str]) -> str:
    if subject == ALL:
        return f"The shop does not tell which notices are ordered, so none could be ordered anew: {refused[subject]}"
    return f"The shop does not let us order notices of {subject}: {refused[subject]}"
