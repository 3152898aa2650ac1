"""Subscriptions: what we need at the shop is compared with what is there, and the difference is made good."""

from app.domain.errors import PlatformRejected
from app.domain.problem import Raised
from app.flows.lane import LaneRun
from app.platforms.adapter import Subscribe, subscription_changes
from app.ports import SubscriptionHealth


async def subscribe(run: LaneRun) -> bool:
    """Reconcile the subscriptions if that is asked for; False when it is not."""
    adapter, services = run.adapter, run.services
    async with services.store.reading() as tx:
        due = await tx.applications.subscriptions_due(run.application.id)
    if not due:
        return False
    health: list[SubscriptionHealth] = []
    if adapter.subscriptions is not None:
        address = services.webhook_address(run.application)
        existing = await services.ask_shop(adapter.subscriptions.all(run.connection))
        refused: dict[str, str] = {}
        for change in subscription_changes(existing, topics=adapter.subscriptions.topics, address=address):
            try:
                await services.ask_shop(adapter.subscriptions.change(run.connection, change))
            except PlatformRejected as error:
                if isinstance(change, Subscribe):
                    refused[change.topic] = str(error)
        health = [
            SubscriptionHealth(
                topic=topic,
                address=address,
                health="refused" if topic in refused else "active",
                message=refused.get(topic, ""),
            )
            for topic in adapter.subscriptions.topics
        ]
    async with services.store.transaction(run.claim) as tx:
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
