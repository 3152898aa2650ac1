"""Applications: install, look at, change, pause, import, uninstall."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import SecretStr, ValidationError

from app.api.bodies import (
    ApplicationDetailsOut,
    ApplicationOut,
    ChangeBody,
    Counters,
    InstallBody,
    Listed,
    RotationOut,
    StorefrontOut,
    SubscriptionOut,
    WebhookOut,
)
from app.api.dependencies import (
    TEXT,
    Admin,
    Caller,
    Limit,
    Operator,
    Position,
    Reader,
    ServicesDep,
    SupplierName,
    visible,
)
from app.api.errors import NotFound, documented
from app.api.imports import import_out
from app.api.paging import page_of
from app.api.reasons import reasons_of
from app.api.sweeps import sweep_out
from app.domain.application import Application
from app.domain.errors import InvalidInstallation
from app.domain.ids import ApplicationId, StorefrontId, SupplierId
from app.domain.settings import ApplicationSettings
from app.flows.install import Installation, install
from app.flows.operate import Revision, change, pause, resume, uninstall
from app.flows.rotate_secret import rotate_secret, rotation_of
from app.flows.services import Services

router = APIRouter(prefix="/v1", tags=["Applications"], responses=documented(401, 403, 404, 422, 503))


@router.post(
    "/suppliers/{supplier_id}/applications",
    summary="Install an Application",
    status_code=201,
    responses={
        200: {
            "model": ApplicationOut,
            "description": "It was installed before; credentials and settings are replaced.",
        },
        **documented(409),
    },
)
async def install_application(
    supplier_id: SupplierName, body: InstallBody, services: ServicesDep, caller: Admin, response: Response
) -> ApplicationOut:
    """Try both credentials, then accept deliveries at once while subscriptions are made and the catalogue is imported.

    Repeating it is safe. An uninstalled Application revives with its id and everything it remembers.
    """
    _allow(caller, supplier_id)
    wanted = Installation(
        supplier_id=SupplierId(supplier_id),
        platform=body.platform,
        shop=body.shop,
        credentials=_revealed(body.credentials),
        orderchamp_token=body.orderchamp.token.get_secret_value(),
        storefront_id=None if body.orderchamp.storefront_id is None else StorefrontId(body.orderchamp.storefront_id),
        settings=body.settings,
    )
    application, created = await install(services, wanted)
    response.status_code = 201 if created else 200
    return _application(application)


@router.get("/suppliers/{supplier_id}/applications", summary="List a supplier's Applications")
async def list_of_supplier(
    supplier_id: SupplierName, services: ServicesDep, caller: Reader, limit: Limit = 50, cursor: Position = None
) -> Listed[ApplicationOut]:
    """In the order of their ids."""
    _allow(caller, supplier_id)
    return await _list(
        services, supplier_id=SupplierId(supplier_id), platform=None, state=None, limit=limit, cursor=cursor
    )


@router.get("/applications", summary="List all Applications")
async def list_all(
    services: ServicesDep,
    caller: Reader,
    platform: Annotated[
        str | None, Query(max_length=40, pattern=TEXT, description="Only those of this platform.")
    ] = None,
    state: Annotated[
        Literal["installing", "active", "paused", "uninstalling", "uninstalled", "failed"] | None,
        Query(description="Only those in this state."),
    ] = None,
    limit: Limit = 50,
    cursor: Position = None,
) -> Listed[ApplicationOut]:
    """Those that the key may see, in the order of their ids."""
    return await _list(
        services, supplier_id=caller.supplier_id, platform=platform, state=state, limit=limit, cursor=cursor
    )


@router.get("/applications/{application_id}", summary="Look at an Application")
async def show(application_id: UUID, services: ServicesDep, caller: Reader) -> ApplicationDetailsOut:
    """Its state and why, its settings, how much waits, and whether the shop's subscriptions stand."""
    application = await visible(services, caller, application_id)
    async with services.store.reading() as tx:
        counts = await tx.products.counts(application.id)
        backlog, oldest = await tx.products.backlog(application.id)
        problems = await tx.problems.open_counts(application.id)
        last = await tx.inbox.last_received(application.id)
        subscriptions = await tx.applications.subscriptions(application.id)
        storefronts = await tx.accounts.storefronts(application.account_id)
        latest = await tx.imports.latest(application.id)
        webhook = await tx.webhooks.of(application.account_id)
        rotation = await rotation_of(tx, application.id)
        sweeps = await tx.sweeps.list(application.id, before=None, limit=1)
        next_sweep_at = await tx.sweeps.next_at(application.id)
    return ApplicationDetailsOut(
        **_application(application).model_dump(),
        counters=Counters(
            products=dict(counts),
            backlog=backlog,
            oldest_due=oldest,
            problems=sum(problems.values()),
            problems_by_kind={str(kind): n for kind, n in problems.items()},
        ),
        last_delivery=last,
        subscriptions=[SubscriptionOut.model_validate(each, from_attributes=True) for each in subscriptions],
        orderchamp_webhook=None if webhook is None else WebhookOut.model_validate(webhook, from_attributes=True),
        secret_rotation=None if rotation is None else RotationOut.model_validate(rotation, from_attributes=True),
        storefronts=[StorefrontOut.model_validate(each, from_attributes=True) for each in storefronts],
        import_=None if latest is None else import_out(services, latest),
        last_sweep=sweep_out(sweeps[0]) if sweeps else None,
        next_sweep_at=next_sweep_at,
    )


@router.patch("/applications/{application_id}", summary="Change an Application", responses=documented(409))
async def change_application(
    application_id: UUID, body: ChangeBody, services: ServicesDep, caller: Admin
) -> ApplicationOut:
    """Settings (also partly), credentials or storefront. New credentials are tried before they are kept."""
    application = await visible(services, caller, application_id)
    orderchamp = body.orderchamp
    storefront_id = None if orderchamp is None else orderchamp.storefront_id
    token = None if orderchamp is None or orderchamp.token is None else orderchamp.token.get_secret_value()
    revision = Revision(
        settings=None if body.settings is None else _merged(application.settings, body.settings),
        credentials=None if body.credentials is None else _revealed(body.credentials),
        orderchamp_token=token,
        storefront_id=None if storefront_id is None else StorefrontId(storefront_id),
    )
    return _application(await change(services, application.id, revision))


@router.delete(
    "/applications/{application_id}",
    summary="Uninstall an Application",
    status_code=202,
    response_class=Response,
    responses={
        202: {"description": "It is being uninstalled; ask again."},
        204: {"description": "It is uninstalled."},
    },
)
async def uninstall_application(
    application_id: UUID,
    services: ServicesDep,
    caller: Admin,
    products: Annotated[
        Literal["keep", "unpublish"], Query(description="Leave the products as they are, or unpublish them.")
    ] = "keep",
) -> Response:
    """Remove the subscriptions at the shop, erase the credentials, stop. Repeating it is safe."""
    application = await visible(services, caller, application_id)
    done = await uninstall(services, application.id, unpublish=products == "unpublish")
    return Response(status_code=204 if done else 202)


@router.post("/applications/{application_id}/pause", summary="Stop writing to Orderchamp", responses=documented(409))
async def pause_application(application_id: UUID, services: ServicesDep, caller: Operator) -> ApplicationOut:
    """Deliveries are still taken in; only a person's resume ends a person's pause."""
    application = await visible(services, caller, application_id)
    return _application(await pause(services, application.id))


@router.post("/applications/{application_id}/resume", summary="Write to Orderchamp again", responses=documented(409))
async def resume_application(application_id: UUID, services: ServicesDep, caller: Operator) -> ApplicationOut:
    """Everything that changed meanwhile is caught up with."""
    application = await visible(services, caller, application_id)
    return _application(await resume(services, application.id))


@router.post(
    "/applications/{application_id}/rotate-secret",
    summary="Exchange the webhook secret",
    status_code=202,
    responses=documented(409),
)
async def exchange_secret(application_id: UUID, services: ServicesDep, caller: Operator) -> RotationOut:
    """Where we choose it: the shop is told a new one, and the former one is accepted for a while longer.

    Repeating it is safe: until the former one has ended, it only tells how far the exchange has come.
    """
    application = await visible(services, caller, application_id)
    rotation = await rotate_secret(services, application.id)
    return RotationOut.model_validate(rotation, from_attributes=True)


def _allow(caller: Caller, supplier_id: str) -> None:
    if not caller.may_see(SupplierId(supplier_id)):
        raise NotFound("supplier")


async def _list(
    services: Services,
    *,
    supplier_id: SupplierId | None,
    platform: str | None,
    state: str | None,
    limit: int,
    cursor: str | None,
) -> Listed[ApplicationOut]:
    async with services.store.reading() as tx:
        found = await tx.applications.list(
            supplier_id=supplier_id, platform=platform, state=state, after=_after(cursor), limit=limit + 1
        )
    return page_of(found, limit, shown=_application, cursor=lambda last: str(last.id))


def _after(cursor: str | None) -> ApplicationId | None:
    if cursor is None:
        return None
    try:
        return ApplicationId(UUID(cursor))
    except ValueError:
        raise InvalidInstallation(
            "The request is not as documented.", reasons=[("cursor", "It is not a cursor of this list.")]
        ) from None


def _revealed(credentials: Mapping[str, SecretStr]) -> Mapping[str, str]:
    return {name: value.get_secret_value() for name, value in credentials.items()}


def _merged(settings: ApplicationSettings, changes: Mapping[str, Any]) -> ApplicationSettings:
    """Return the settings with some of them changed; those that are made of several may be partial, too."""
    before = settings.model_dump(mode="json")
    given = dict(changes)
    for name in ("fields", "guard"):
        if isinstance(given.get(name), dict):
            given[name] = {**before[name], **given[name]}
    try:
        return ApplicationSettings.model_validate({**before, **given})
    except ValidationError as error:
        reasons = reasons_of(error.errors(), within="settings")
        raise InvalidInstallation("The settings cannot be changed like this.", reasons=reasons) from None


def _application(application: Application) -> ApplicationOut:
    return ApplicationOut(
        id=application.id,
        supplier_id=application.supplier_id,
        platform=application.platform,
        shop=application.shop,
        state=application.state,
        why=application.state_reason,
        since=application.state_since,
        settings=application.settings,
        orderchamp_account=application.account_id,
        storefront_id=application.storefront_id,
        created_at=application.created_at,
    )
