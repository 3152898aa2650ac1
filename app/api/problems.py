"""Problems: what a person has to know or to decide, and the ways out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query
from fastapi.openapi.models import Example

from app.api.bodies import Listed
from app.api.dependencies import GO_ON, TEXT, Limit, Operator, Reader, ServicesDep, visible
from app.api.errors import NotFound, documented
from app.api.paging import page_of
from app.api.problem_bodies import (
    Answer,
    ApproveAnswer,
    BindAnswer,
    PlainAnswer,
    ProblemOut,
    StorefrontAnswer,
    WayOut,
)
from app.domain.ids import ApplicationId, SourceId, SourceVariantId, StorefrontId, TargetVariantId
from app.domain.policy import problem_type
from app.domain.problem import Problem, ProblemKind, ProblemState
from app.domain.resolution import Approve, Bind, ChooseStorefront, Plain, Resolution
from app.flows.resolve import resolve

router = APIRouter(prefix="/v1", tags=["Problems"], responses=documented(401, 403, 404, 422, 503))

EXAMPLES = {
    "dismiss": Example(summary="Hide a problem", value={"action": "dismiss"}),
    "bind": Example(
        summary="Say which variant an SKU is",
        value={"action": "bind", "source_variant_id": "gid://shopify/ProductVariant/42"},
    ),
    "choose_storefront": Example(
        summary="Say where to publish", value={"action": "choose_storefront", "storefront_id": "U3RvcmVmcm9udDox"}
    ),
    "approve": Example(summary="Unpublish everything that the guard holds", value={"action": "approve"}),
    "approve_some": Example(
        summary="Unpublish some of what the guard holds", value={"action": "approve", "source_ids": ["8842"]}
    ),
    "release": Example(summary="Publish again what was unpublished by hand", value={"action": "release"}),
    "try_again": Example(summary="Try again now", value={"action": "try_again"}),
}


@router.get("/applications/{application_id}/problems", summary="List problems")
async def list_problems(
    application_id: UUID,
    services: ServicesDep,
    caller: Reader,
    state: Annotated[ProblemState | None, Query(description="Only those in this state.")] = None,
    kind: Annotated[ProblemKind | None, Query(description="Only those of this kind.")] = None,
    source_id: Annotated[
        str | None, Query(max_length=200, pattern=TEXT, description="Only those of this product of the shop.")
    ] = None,
    limit: Limit = 50,
    cursor: Annotated[UUID | None, Query(description=GO_ON)] = None,
) -> Listed[ProblemOut]:
    """Conflicts, refused products, broken subscriptions, guard stops and the like, each with the ways out of it."""
    application = await visible(services, caller, application_id)
    async with services.store.reading() as tx:
        found = await tx.problems.list(
            application.id,
            state=state,
            kind=kind,
            source_id=None if source_id is None else SourceId(source_id),
            after=cursor,
            limit=limit + 1,
        )
    return page_of(found, limit, shown=problem_out, cursor=lambda last: str(last.id))


@router.post("/problems/{problem_id}/resolve", summary="Resolve a problem", responses=documented(409))
async def resolve_problem(
    problem_id: UUID,
    answer: Annotated[Answer, Body(openapi_examples=EXAMPLES)],
    services: ServicesDep,
    caller: Operator,
) -> ProblemOut:
    """Answer in one of the ways that the problem lists. What follows is done at once; the problem closes when it is."""
    async with services.store.transaction() as tx:
        found = await tx.problems.one(problem_id)
    if found is None:
        raise NotFound("problem")
    await visible(services, caller, found.application_id)
    resolved = await resolve(services, problem_id, _resolution(answer))
    if resolved is None:
        raise NotFound("problem")
    return problem_out(resolved)


def _resolution(answer: Answer) -> Resolution:
    match answer:
        case PlainAnswer():
            return Plain(answer.action)
        case BindAnswer():
            return Bind(
                application_id=None if answer.application_id is None else ApplicationId(answer.application_id),
                source_variant_id=SourceVariantId(answer.source_variant_id),
                target_variant_id=None
                if answer.target_variant_id is None
                else TargetVariantId(answer.target_variant_id),
            )
        case StorefrontAnswer():
            return ChooseStorefront(storefront_id=StorefrontId(answer.storefront_id))
        case ApproveAnswer():
            ids = answer.source_ids
            return Approve(source_ids=None if ids is None else tuple(SourceId(each) for each in ids))


def problem_out(problem: Problem) -> ProblemOut:
    """Return a problem as it is shown."""
    about = problem_type(problem.kind)
    return ProblemOut(
        id=problem.id,
        application_id=problem.application_id,
        kind=problem.kind,
        title=about.title,
        meaning=about.sentence,
        sentence=problem.sentence,
        subject=problem.subject,
        details=dict(problem.details),
        state=problem.state,
        since=problem.since,
        times_seen=problem.times_seen,
        first_seen_at=problem.first_seen_at,
        last_seen_at=problem.last_seen_at,
        source_ids=list(problem.source_ids),
        ways=[WayOut(action=way.action, does=way.does) for way in about.ways],
    )
