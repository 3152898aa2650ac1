"""Subscriptions: what we need at the shop is compared with what is there, and the difference is made good."""

from dataclasses import dataclass, field

from app.domain.errors import ChangedMeanwhile, PlatformRejected
from app.domain.problem import Raised
from app.flows.lane import LaneRun
from app.flows.webhook_secret import chosen_secret, without_secrets
from app.platforms.adapter import Secret, Subscribe, subscription_changes
from app.ports import SubscriptionHealth


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shop is to deliver, and what it is to sign with; None where that is not for us to say."""

    address: str = field(repr=False)
    secret: Secret | None


def wanted_at(run: LaneRun) -> Place:
    """Return where the Application's shop is to deliver."""
    kind = run.adapter.installation.secret_kind(run.connection.credentials)
    secret = chosen_secret(run.secrets)
    return Place(
        address=run.services.webhook_address(run.application, secret if kind == "address" else None),
        secret=secret if kind == "ours" else None,
    )


async def subscribe(run: LaneRun) -> bool:
    """Reconcile the subscriptions if that is asked for; False when it is not."""
    adapter, services = run.adapter, run.services
    async with services.store.reading() as tx:
        due = await tx.applications.subscriptions_due(run.application.id)
        renew_secret = await tx.applications.secret_to_renew(run.application.id)
    if not due:
        return False
    health: list[SubscriptionHealth] = []
    if adapter.subscriptions is not None:
        wanted = wanted_at(run)
        existing = await services.ask_shop(adapter.subscriptions.all(run.connection))
        refused: dict[str, str] = {}
        for change in subscription_changes(
            existing,
            topics=adapter.subscriptions.topics,
            address=wanted.address,
            secret=wanted.secret,
            renew_secret=renew_secret and wanted.secret is not None,
        ):
            try:
                await services.ask_shop(adapter.subscriptions.change(run.connection, change))
            except PlatformRejected as error:
                if isinstance(change, Subscribe):
                    refused[change.topic] = without_secrets(str(error), run.secrets)
        health = [
            SubscriptionHealth(
                topic=topic,
                address=services.webhook_address(run.application),
                health="refused" if topic in refused else "active",
                message=refused.get(topic, ""),
            )
            for topic in adapter.subscriptions.topics
        ]
    async with services.store.transaction(run.claim) as tx:
        if not await tx.applications.is_current(run.application):
            # Somebody wants something else since, such as another secret; the next run looks after that.
            raise ChangedMeanwhile
        await tx.applications.record_subscriptions(run.application.id, health)
        await tx.applications.want_subscriptions(run.application.id, due=False)
        for each in health:
            if each.health == "active":
                await tx.problems.close(run.application.id, "subscription_refused", each.topic)
            else:
                sentence = f"The shop does not let us order notices of {each.topic}: {each.message}"
                refusal = Raised(kind="subscription_refused", subject=each.topic, sentence=sentence)
                await tx.problems.raise_(run.application.id, refusal)
    return True
