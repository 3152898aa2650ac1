"""Installs that go through a browser, for the back office: begin one, and look at how it goes."""

from uuid import UUID

from fastapi import APIRouter

from app.api.bodies import InstallOut, InstallStartedOut, StartBody
from app.api.dependencies import Admin, Caller, Reader, ServicesDep, SupplierName
from app.api.errors import NotFound, documented
from app.domain.ids import InstallId, StorefrontId, SupplierId
from app.domain.installing import PendingInstall
from app.flows.installs.start import Start, start_install

router = APIRouter(prefix="/v1", tags=["Installs"], responses=documented(401, 403, 404, 422, 503))


@router.post(
    "/suppliers/{supplier_id}/installs",
    summary="Begin an install in the supplier's browser",
    status_code=201,
    responses=documented(409),
)
async def begin(supplier_id: SupplierName, body: StartBody, services: ServicesDep, caller: Admin) -> InstallStartedOut:
    """Answer with the address to open in the supplier's browser; both sides are asked for their consent there.

    Without a token of Orderchamp's, the supplier is asked at Orderchamp, too. Nothing is installed before both have agreed,
    and an install that nobody finishes ends by itself. Each call begins another one.
    """
    if not caller.may_see(SupplierId(supplier_id)):
        raise NotFound("supplier")
    token, storefront = body.orderchamp.token, body.orderchamp.storefront_id
    wanted = Start(
        supplier_id=SupplierId(supplier_id),
        platform=body.platform,
        shop=body.shop,
        orderchamp_token=None if token is None else token.get_secret_value(),
        storefront_id=None if storefront is None else StorefrontId(storefront),
        settings=body.settings,
    )
    install, url = await start_install(services, wanted)
    return InstallStartedOut(**_install(install).model_dump(), url=url)


@router.get("/installs/{install_id}", summary="Look at an install")
async def show(install_id: UUID, services: ServicesDep, caller: Reader) -> InstallOut:
    """Whether it waits, for what, or how it ended and what to do."""
    async with services.store.reading() as tx:
        install = await tx.installs.one(InstallId(install_id))
    if install is None or not _may_see(caller, install):
        raise NotFound("install")
    return _install(install)


def _may_see(caller: Caller, install: PendingInstall) -> bool:
    return caller.supplier_id is None or caller.supplier_id == install.supplier_id


def _install(install: PendingInstall) -> InstallOut:
    return InstallOut(
        id=install.id,
        supplier_id=install.supplier_id,
        platform=install.platform,
        shop=install.shop,
        state=install.state,
        why=install.why,
        way_on=install.way_on,
        application_id=install.application_id,
        expires_at=install.expires_at,
    )
