"""Resolving a problem: a person's answer is written down, and the lane acts on it. The lane closes the problem itself."""

from uuid import UUID

from app.domain.conflict import Choice
from app.domain.errors import ApplicationNotFound, NotPossibleNow, WrongAnswer
from app.domain.ids import StorefrontId
from app.domain.policy import leads_out, problem_type
from app.domain.problem import Problem
from app.domain.resolution import Approve, Bind, ChooseStorefront, Plain, Resolution
from app.flows.operate import resume
from app.flows.services import Services
from app.ports import Told, Transaction


async def resolve(services: Services, problem_id: UUID, answer: Resolution) -> Problem | None:
    """Answer a problem and return it as it is now; None when there is none.

    WrongAnswer if the answer does not fit the problem, NotPossibleNow if its cause is gone already.
    """
    async with services.store.transaction() as tx:
        problem = await tx.problems.one(problem_id)
        if problem is None:
            return None
        _check(problem, answer)
        await _act(tx, problem, answer)
        await tx.timeline.add(problem.application_id, _told(problem, answer))
        await tx.lanes.wake(problem.application_id)
    if answer.action == "resume":
        await resume(services, problem.application_id)
    async with services.store.transaction() as tx:
        return await tx.problems.one(problem_id)


def _check(problem: Problem, answer: Resolution) -> None:
    if not leads_out(problem.kind, answer.action):
        ways = ", ".join(f"`{way.action}`" for way in problem_type(problem.kind).ways)
        raise WrongAnswer(
            f"A problem of the kind {problem.kind} is resolved by {ways}.",
            reasons=[("action", f"`{answer.action}` does not resolve it.")],
        )
    if problem.state == "closed":
        raise NotPossibleNow("The problem is closed: its cause is gone.")


def _told(problem: Problem, answer: Resolution) -> list[Told]:
    """Return what the stories of the products say of the answer, so that what follows from it has its cause there."""
    if answer.action == "dismiss":
        return []
    meant = problem_type(problem.kind)
    does = next(way.does for way in meant.ways if way.action == answer.action)
    chosen = answer.source_ids if isinstance(answer, Approve) else None
    named = frozenset(problem.source_ids if chosen is None else chosen)
    sentence = f"A person answered the problem “{meant.title}” with {answer.action}: {does}"
    return [Told(source_id=each, kind="answered", sentence=sentence) for each in problem.source_ids if each in named]


async def _act(tx: Transaction, problem: Problem, answer: Resolution) -> None:
    application_id, source_ids = problem.application_id, problem.source_ids
    match answer:
        case ChooseStorefront():
            await _choose_storefront(tx, problem, answer.storefront_id)
        case Bind():
            await _bind(tx, problem, answer)
        case Approve():
            await tx.products.approve_hiding(application_id, answer.source_ids)
        case Plain(action="release"):
            await tx.products.release_holds(application_id, source_ids)
            await tx.products.make_due(application_id, source_ids)
        case Plain(action="adopt"):
            await tx.products.end_creating(application_id, source_ids)
            await tx.products.make_due(application_id, source_ids)
        case Plain(action="publish"):
            await tx.targets.believe_unpublished(application_id, source_ids)
            await tx.products.make_due(application_id, source_ids)
        case Plain(action="dismiss"):
            await tx.problems.dismiss(problem.id)
        case Plain(action="create"):
            await tx.products.reattach(application_id, source_ids)
        case Plain(action="try_again"):
            await _try_again(tx, problem)
        case _:
            pass


async def _try_again(tx: Transaction, problem: Problem) -> None:
    if problem.kind == "subscription_refused":
        await tx.appointments.make(problem.application_id, "subscriptions")
    elif problem.kind == "changes_not_told":
        await tx.appointments.make(problem.application_id, "changes")
    elif problem.kind == "lane_failed":
        await tx.lanes.wake_up(problem.application_id)
    elif problem.kind in ("publish_unclear", "create_unclear"):
        await tx.products.forget_observed(problem.application_id, problem.source_ids)
    elif problem.kind == "images_missing":
        await tx.images.forget(problem.application_id, problem.source_ids)
        await tx.products.make_due(problem.application_id, problem.source_ids)
    else:
        await tx.products.make_due(problem.application_id, problem.source_ids)


async def _bind(tx: Transaction, problem: Problem, answer: Bind) -> None:
    """Keep the word on which variant the SKU is, and have every holder planned again."""
    application = await tx.applications.one(problem.application_id)
    if application is None:
        raise ApplicationNotFound
    chosen = Choice(
        application_id=answer.application_id or application.id,
        source_variant_id=answer.source_variant_id,
        target_variant_id=answer.target_variant_id,
    )
    holders = await tx.conflicts.holders(application.account_id, [problem.subject])
    if not any(
        (each.application_id, each.source_variant_id) == (chosen.application_id, chosen.source_variant_id)
        for each in holders
    ):
        known = ", ".join(f"{each.source_variant_id} (“{each.title}”)" for each in holders) or "none"
        reason = f"No variant in the shop with this SKU has this id; those that do: {known}."
        raise WrongAnswer("The variant is not a candidate.", reasons=[("source_variant_id", reason)])
    offered = {each["target_variant_id"] for each in problem.details["candidates"]["orderchamp"]}
    if answer.target_variant_id is not None and offered and answer.target_variant_id not in offered:
        reason = f"No variant on Orderchamp with this SKU has this id; those that do: {', '.join(sorted(offered))}."
        raise WrongAnswer("The variant is not a candidate.", reasons=[("target_variant_id", reason)])
    await tx.conflicts.choose(application.account_id, problem.subject, chosen)
    await tx.conflicts.plan_holders_again(application.id, [problem.subject])


async def _choose_storefront(tx: Transaction, problem: Problem, storefront_id: StorefrontId) -> None:
    application = await tx.applications.one(problem.application_id)
    if application is None:
        raise ApplicationNotFound
    storefronts = await tx.accounts.storefronts(application.account_id)
    if storefront_id not in {each.id for each in storefronts}:
        known = ", ".join(f"{each.id} ({each.name})" for each in storefronts) or "none"
        reason = f"The Orderchamp account has no such storefront; it has: {known}."
        raise WrongAnswer("The storefront is not known.", reasons=[("storefront_id", reason)])
    await tx.targets.choose_storefront(application.id, problem.source_ids, storefront_id)
    await tx.products.make_due(application.id, problem.source_ids)
