"""Products: where each stands and why, desired and observed side by side, and its story."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query

from app.api.bodies import (
    DesiredOut,
    DesiredVariantOut,
    Listed,
    ObservedOut,
    ObservedVariantOut,
    ProductDetailsOut,
    ProductOut,
    SentenceOut,
    VariantOut,
)
from app.api.dependencies import GO_ON, TEXT, Limit, Operator, Position, Reader, ServicesDep, visible
from app.api.errors import NotFound, documented
from app.api.paging import page_of
from app.api.problems import problem_out
from app.domain.ids import SourceId
from app.domain.state import Desired
from app.flows.operate import look_again
from app.ports import ProductView, TargetRecord

router = APIRouter(
    prefix="/v1/applications/{application_id}/products",
    tags=["Products"],
    responses=documented(401, 403, 404, 422, 503),
)

SourceName = Annotated[str, Path(max_length=200, pattern=TEXT, description="The product's id in the shop.")]
State = Literal[
    "new", "published", "unpublished", "draft", "deleted", "skipped", "detached", "problem", "held", "waiting", "failed"
]


@router.get("", summary="List products")
async def list_products(
    application_id: UUID,
    services: ServicesDep,
    caller: Reader,
    state: Annotated[State | None, Query(description="Only those that stand so.")] = None,
    sku: Annotated[
        str | None, Query(max_length=200, pattern=TEXT, description="Only those with this SKU, exactly.")
    ] = None,
    q: Annotated[
        str | None, Query(max_length=200, pattern=TEXT, description="Only those with this in their titles.")
    ] = None,
    limit: Limit = 50,
    cursor: Annotated[Position, Query(pattern=TEXT)] = None,
) -> Listed[ProductOut]:
    """In the order of their ids."""
    application = await visible(services, caller, application_id)
    async with services.store.reading() as tx:
        found = await tx.products.list(application.id, state=state, sku=sku, q=q, after=cursor, limit=limit + 1)
    return page_of(found, limit, shown=_short, cursor=lambda last: last.product.source_id)


@router.get("/{source_id}", summary="Look at a product")
async def show_product(
    application_id: UUID, source_id: SourceName, services: ServicesDep, caller: Reader
) -> ProductDetailsOut:
    """What Orderchamp should show beside what it showed last, with the reason for either."""
    application = await visible(services, caller, application_id)
    async with services.store.reading() as tx:
        view = await tx.products.one(application.id, SourceId(source_id))
        if view is None:
            raise NotFound("product")
        bindings = (await tx.targets.bindings(application.id, [SourceId(source_id)])).get(SourceId(source_id), ())
        ids = tuple(dict.fromkeys(each.target_id for each in bindings))
        targets = await tx.targets.known(application.account_id, ids)
        problems = await tx.problems.list(
            application.id, state=None, kind=None, source_id=SourceId(source_id), after=None, limit=100
        )
    return ProductDetailsOut(
        **_short(view).model_dump(),
        version=None if view.product.snapshot is None else view.product.snapshot.version,
        generation=view.product.generation,
        observed_generation=view.observed_generation,
        due_at=view.due_at,
        reads_shop_at=None if view.product.read is None else view.product.read.due_at,
        attempts=view.attempts,
        desired=None if view.product.desired is None else _desired(view.product.desired),
        observed=[_observed(targets.get(each) or TargetRecord(target_id=each, observed=None)) for each in ids],
        problems=[problem_out(each) for each in problems],
    )


@router.get("/{source_id}/timeline", summary="Read a product's story")
async def timeline(
    application_id: UUID,
    source_id: SourceName,
    services: ServicesDep,
    caller: Reader,
    limit: Limit = 100,
    cursor: Annotated[int | None, Query(ge=0, le=2**62, description=GO_ON)] = None,
) -> Listed[SentenceOut]:
    """In order, each sentence with the delivery that caused it."""
    application = await visible(services, caller, application_id)
    async with services.store.reading() as tx:
        if await tx.products.one(application.id, SourceId(source_id)) is None:
            raise NotFound("product")
        found = await tx.timeline.of(application.id, SourceId(source_id), after=cursor, limit=limit + 1)
    more = len(found) > limit
    items = [
        SentenceOut(
            at=told.at,
            kind=told.kind,
            sentence=told.sentence,
            delivery_id=None if told.delivery_id is None else str(told.delivery_id),
        )
        for _, told in found[:limit]
        if told.at is not None
    ]
    return Listed(items=items, next_cursor=str(found[limit - 1][0]) if more else None)


@router.post("/{source_id}/reconcile", summary="Look at a product again", status_code=202, responses=documented(409))
async def reconcile_product(
    application_id: UUID, source_id: SourceName, services: ServicesDep, caller: Operator
) -> ProductOut:
    """Read the shop and Orderchamp again, and reconcile now. The answer shows the product as it is before that."""
    application = await visible(services, caller, application_id)
    if not await look_again(services, application.id, SourceId(source_id)):
        raise NotFound("product")
    async with services.store.reading() as tx:
        view = await tx.products.one(application.id, SourceId(source_id))
    if view is None:
        raise NotFound("product")
    return _short(view)


def _short(view: ProductView) -> ProductOut:
    return ProductOut(
        source_id=view.product.source_id,
        title=view.title,
        state=view.state,
        why=view.why,
        changed_at=view.changed_at,
        variants=[
            VariantOut(source_variant_id=source, sku=sku, target_id=target, target_variant_id=target_variant)
            for source, sku, target, target_variant in view.variants
        ],
    )


def _desired(desired: Desired) -> DesiredOut:
    return DesiredOut(
        published=desired.published,
        because=desired.reason,
        title=desired.title,
        description=desired.description,
        images=list(desired.images),
        variants=[
            DesiredVariantOut(
                source_variant_id=each.source_id,
                sku=each.sku,
                price=each.price,
                msrp=each.msrp,
                stock=each.stock,
                policy=each.policy,
                options=list(each.options),
            )
            for each in desired.variants
        ],
        skipped={each.source_id: each.reason for each in desired.skipped},
    )


def _observed(record: TargetRecord) -> ObservedOut:
    observed = record.observed
    return ObservedOut(
        target_id=record.target_id,
        known=observed is not None,
        published=None if observed is None else observed.published,
        title=None if observed is None else observed.title,
        last_storefront_id=record.last_storefront_id,
        variants=[]
        if observed is None
        else [
            ObservedVariantOut(
                target_variant_id=each.id,
                sku=each.sku,
                price=each.price,
                msrp=each.msrp,
                stock=each.stock,
                policy=each.policy,
                options=list(each.options),
            )
            for each in observed.variants.values()
        ],
    )
