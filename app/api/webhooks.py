"""Where platforms deliver. A delivery is answered 200 once it is stored, and with nothing that it could stumble over."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from app.api.dependencies import ReceptionDep, ServicesDep
from app.api.errors import TooLarge, documented
from app.domain.http import Delivery
from app.flows.services import Services

router = APIRouter(prefix="/webhooks", tags=["Webhooks"])

PlatformName = Annotated[str, Path(description="The platform's name, such as `shopify`.")]

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The platform's own bytes. The signature is checked over exactly these.",
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {"id": 8801234567890, "title": "Oak board", "status": "active", "variants": []},
            }
        },
    },
    "responses": {"200": {"description": "Stored. Also for a redelivery, an unknown topic or an unreadable body."}},
}


@router.post(
    "/{platform}/{application_id}",
    summary="Take a delivery of one shop",
    responses=documented(401, 404, 413, 503),
    openapi_extra=_BODY,
    response_class=Response,
)
async def receive(
    request: Request,
    platform: PlatformName,
    application_id: Annotated[str, Path(description="The Application's id.")],
    reception: ReceptionDep,
    services: ServicesDep,
) -> Response:
    """Verify the platform's signature, store the delivery, then answer. What it says is worked through afterwards."""
    delivery = await read_delivery(request, services)
    await reception.receive(platform, application_id, delivery)
    return Response(status_code=200)


@router.post(
    "/{platform}",
    summary="Take a delivery for the app as a whole",
    responses=documented(401, 404, 413, 503),
    openapi_extra=_BODY,
    response_class=Response,
)
async def receive_for_app(
    request: Request, platform: PlatformName, reception: ReceptionDep, services: ServicesDep
) -> Response:
    """For topics that a platform sends to one address for all shops, such as Shopify's compliance topics."""
    delivery = await read_delivery(request, services)
    await reception.receive_for_app(platform, delivery)
    return Response(status_code=200)


async def read_delivery(request: Request, services: Services) -> Delivery:
    """Read a request as it was sent, byte for byte; TooLarge as soon as more comes than is accepted."""
    limit: int = request.app.state.max_body_bytes
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge
    return Delivery(
        method=request.method,
        url=str(request.url),
        headers=_headers(request),
        body=bytes(body),
        received_at=services.clock(),
    )


def _headers(request: Request) -> Mapping[str, str]:
    """Return the headers by lower-case name, without the ones that carry a caller's own secrets."""
    secret = {"authorization", "cookie", "proxy-authorization"}
    return {name: value for name, value in request.headers.items() if name not in secret}
