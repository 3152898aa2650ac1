"""Suppliers: erasing everything that is held of one."""

from fastapi import APIRouter, Response

from app.api.dependencies import Admin, ServicesDep, SupplierName
from app.api.errors import NotFound, documented
from app.domain.ids import SupplierId
from app.flows.erase import erase_supplier

router = APIRouter(prefix="/v1", tags=["Applications"], responses=documented(401, 403, 404, 422, 503))


@router.delete(
    "/suppliers/{supplier_id}",
    summary="Erase a supplier",
    status_code=204,
    response_class=Response,
    responses={
        202: {"description": "It is being erased; ask again."},
        204: {"description": "Nothing is held of the supplier."},
        **documented(409),
    },
)
async def delete_supplier(
    supplier_id: SupplierName,
    services: ServicesDep,
    caller: Admin,
) -> Response:
    """Everything goes: Applications with their deliveries, products and timelines, secrets, and the supplier's API keys.

    Every Application has to be uninstalled before. Repeating it is safe; deliveries that come late are refused.
    """
    if not caller.may_see(SupplierId(supplier_id)):
        raise NotFound("supplier")
    done = await erase_supplier(services, SupplierId(supplier_id))
    return Response(status_code=204 if done else 202)
