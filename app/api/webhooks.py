"""Where platforms deliver. A delivery is answered 200 once it is stored, and with nothing that it could stumble over."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.errors import TooLarge, TooSlow, documented, from_error, from_unread
from app.domain.errors import DeliveryError
from app.domain.http import Delivery
from app.flows.receive_delivery import Reception

router = APIRouter(prefix="/webhooks", tags=["Webhooks"])

BODY_SECONDS = 10.0
"""How long a body may take to arrive."""

SECRET_HEADERS = frozenset({b"authorization", b"cookie", b"proxy-authorization"})
"""Headers that carry a caller's own secrets; they are not kept."""

STORED = Response(status_code=200)

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


class Door:
    """Answers deliveries of shops before anything else looks at them: routing would cost more than keeping them.

    The route ``receive`` documents the address, and gives the same answers where it is asked.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith("/webhooks/"):
            platform, _, application_id = scope["path"][len("/webhooks/") :].partition("/")
            if platform and application_id and "/" not in application_id:
                answer = await take(scope, receive, platform, application_id)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


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
) -> Response:
    """Verify the platform's signature, store the delivery, then answer. What it says is worked through afterwards."""
    return await take(request.scope, request.receive, platform, application_id)


@router.post(
    "/{platform}",
    summary="Take a delivery for the app as a whole",
    responses=documented(401, 404, 413, 503),
    openapi_extra=_BODY,
    response_class=Response,
)
async def receive_for_app(request: Request, platform: PlatformName) -> Response:
    """For topics that a platform sends to one address for all shops, such as Shopify's compliance topics."""
    return await take(request.scope, request.receive, platform, None)


async def take(scope: Scope, receive: Receive, platform: str, application_id: str | None) -> Response:
    """Take in one delivery, for an Application or (None) for the app as a whole, and return its answer.

    Every delivery passes here, whatever becomes of it.
    """
    reception: Reception = scope["app"].state.reception
    try:
        delivery = await read_delivery(scope, receive)
        if application_id is None:
            await reception.receive_for_app(platform, delivery)
        else:
            await reception.receive(platform, application_id, delivery)
    except DeliveryError as error:
        return from_error(error)
    except (TooLarge, TooSlow) as error:
        return from_unread(error)
    return STORED


async def read_delivery(scope: Scope, receive: Receive) -> Delivery:
    """Read a request as it was sent, byte for byte.

    TooLarge as soon as more comes than is accepted; TooSlow when it does not come in time, or not whole.
    """
    state = scope["app"].state
    headers = _headers(scope)
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > state.max_body_bytes:
        raise TooLarge
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _body(receive, state.max_body_bytes)
    except TimeoutError:
        raise TooSlow from None
    return Delivery(
        method=scope["method"],
        url=_url(scope, headers),
        headers=headers,
        body=body,
        received_at=state.services.clock(),
    )


async def _body(receive: Receive, limit: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts = bytearray(body)
        while message.get("more_body"):
            message = await receive()
            parts += message.get("body", b"")
            if len(parts) > limit:
                raise TooLarge
        body = bytes(parts)
    if len(body) > limit:
        raise TooLarge
    if message["type"] == "http.disconnect":
        raise TooSlow
    return body


def _headers(scope: Scope) -> Mapping[str, str]:
    """Return the headers by lower-case name; of those that are sent twice, the first."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in reversed(scope["headers"])
        if name not in SECRET_HEADERS
    }


def _url(scope: Scope, headers: Mapping[str, str]) -> str:
    """Return the address that was called, as it was written."""
    query = scope["query_string"].decode("latin-1")
    host = headers.get("host") or "{}:{}".format(*(scope["server"] or ("", "")))
    path = scope["raw_path"].decode("latin-1")
    return f"{scope['scheme']}://{host}{path}" + (f"?{query}" if query else "")
