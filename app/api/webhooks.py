"""Where platforms deliver. A delivery is answered 200 once it is stored, and with nothing that it could stumble over."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Path, Request, Response
from starlette.types import Receive, Scope, Send

from app.api.errors import TooLarge, TooSlow, documented, from_error, from_unread
from app.api.reading import read_delivery
from app.api.state import ApiState
from app.domain.errors import DeliveryError, InvalidSignature, NotStored, UnknownApplication
from app.flows.receive_ring import ORDERCHAMP, receive_ring
from app.logs import Sparingly

logger = structlog.get_logger(__name__)

ADDRESS = "/webhooks/"

router = APIRouter(prefix="/webhooks", tags=["Webhooks"])
uninstalls = APIRouter(prefix="/uninstall", tags=["Webhooks"])

STORED = "stored"
_NAMES: Mapping[type[Exception], str] = {
    UnknownApplication: "unknown application",
    InvalidSignature: "invalid signature",
    NotStored: "not stored",
    TooLarge: "too large",
    TooSlow: "too slow",
}
"""What deliveries are counted and logged under, by what kept them from being stored."""

STORED_HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
STORED_BODY = {"type": "http.response.body", "body": b""}

PlatformName = Annotated[str, Path(description="The platform's name, such as `shopify`.")]
ApplicationName = Annotated[str, Path(description="The Application's id.")]

_STORED = {"description": "Stored. Also for a redelivery, an unknown topic or an unreadable body."}

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
    "responses": {"200": _STORED},
}


async def answered(state: ApiState, scope: Scope, receive: Receive, send: Send) -> bool:
    """Answer a request if it is a delivery of a shop, and tell whether it was."""
    if scope["type"] != "http" or not scope["path"].startswith(ADDRESS):
        return False
    platform, _, rest = scope["path"][len(ADDRESS) :].partition("/")
    application_id, _, token = rest.partition("/")
    if not platform or not application_id or "/" in token or rest.endswith("/"):
        return False
    if scope["method"] != "POST" and not (token and scope["method"] == "GET"):
        return False
    problem = await take(state, scope, receive, platform, application_id, token)
    if problem is None:
        await send(STORED_HEAD)
        await send(STORED_BODY)
    else:
        await problem(scope, receive, send)
    return True


@router.post(
    f"/{ORDERCHAMP}/{{secret}}",
    summary="Take what Orderchamp's webhooks ring",
    responses=documented(401, 404, 413, 503),
    openapi_extra=_BODY,
    response_class=Response,
)
async def receive_rung(
    request: Request, secret: Annotated[str, Path(description="The secret that makes the address the account's own.")]
) -> Response:
    """Keep that a product was changed there, then answer 200, also for one that is not ours. What changed is looked up."""
    refused = await take(request.app.state, request.scope, request.receive, ORDERCHAMP, secret)
    return refused or Response(status_code=200)


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
    application_id: ApplicationName,
) -> Response:
    """Verify the platform's signature, store the delivery, then answer. What it says is worked through afterwards."""
    refused = await take(request.app.state, request.scope, request.receive, platform, application_id)
    return refused or Response(status_code=200)


@router.get(
    "/{platform}/{application_id}/{token}",
    summary="Take a call of one shop that signs nothing",
    responses={200: _STORED, **documented(401, 404, 413, 503)},
    response_class=Response,
)
@router.post(
    "/{platform}/{application_id}/{token}",
    summary="Take a delivery of one shop that signs nothing",
    responses=documented(401, 404, 413, 503),
    openapi_extra=_BODY,
    response_class=Response,
)
async def receive_at_secret_address(
    request: Request,
    platform: PlatformName,
    application_id: ApplicationName,
    token: Annotated[str, Path(description="The secret that makes the address the shop's own.")],
) -> Response:
    """As for a shop that signs, but the last part of the address is what proves it. It is stored nowhere."""
    refused = await take(request.app.state, request.scope, request.receive, platform, application_id, token)
    return refused or Response(status_code=200)


@router.post(
    "/{platform}",
    summary="Take a delivery for the app as a whole",
    responses=documented(401, 404, 413, 503),
    openapi_extra=_BODY,
    response_class=Response,
)
async def receive_for_app(request: Request, platform: PlatformName) -> Response:
    """For topics that a platform sends to one address for all shops, such as Shopify's compliance topics."""
    refused = await take(request.app.state, request.scope, request.receive, platform, None)
    return refused or Response(status_code=200)


@uninstalls.get(
    "/{platform}",
    summary="Take a notice that our app was removed",
    responses={200: _STORED, **documented(401, 404, 413, 503)},
    response_class=Response,
)
@uninstalls.post(
    "/{platform}",
    summary="Take a notice that our app was removed, with a body",
    responses=documented(401, 404, 413, 503),
    openapi_extra=_BODY,
    response_class=Response,
)
async def receive_uninstall(request: Request, platform: PlatformName) -> Response:
    """For platforms that send signed notices of removals to an address of their own. They are kept like deliveries."""
    refused = await take(request.app.state, request.scope, request.receive, platform, None)
    return refused or Response(status_code=200)


async def take(
    state: ApiState, scope: Scope, receive: Receive, platform: str, application_id: str | None, token: str = ""
) -> Response | None:
    """Take in one delivery, for an Application or (None) for the app as a whole; None: it is stored, or a greeting.

    Every delivery passes here, whatever becomes of it.
    """
    refused: Response | None = None
    answer = STORED
    try:
        delivery = await read_delivery(
            scope,
            receive,
            limit=state.max_body_bytes,
            seconds=state.body_seconds,
            received_at=state.services.clock(),
            token=token,
        )
        if platform == ORDERCHAMP:
            # It rings for accounts, each at an address of its own, which is the secret.
            await receive_ring(state.services, application_id or "", delivery)
        elif application_id is None:
            await state.reception.receive_for_app(platform, delivery)
        else:
            await state.reception.receive(platform, application_id, delivery)
    except DeliveryError as error:
        answer, refused = _NAMES.get(type(error), "refused"), from_error(error)
    except (TooLarge, TooSlow) as error:
        answer, refused = _NAMES[type(error)], from_unread(error)
    except Exception:
        # A bug must not cost a delivery: the shop is told to send it again.
        logger.exception("delivery_not_taken", platform=platform, application_id=_shown(application_id))
        answer, refused = "failed", from_error(NotStored("The delivery could not be stored."))
    state.answered(platform, answer)
    if refused is not None:
        _log(state.refusals, platform, application_id, answer)
    return refused


def _log(refusals: Sparingly, platform: str, application_id: str | None, answer: str) -> None:
    """Log a refusal, but not every one: strangers can cause as many as they like."""
    untold = refusals.untold(answer)
    if untold is not None:
        told = {"platform": platform[:40], "application_id": _shown(application_id), "answer": answer}
        logger.warning("delivery_refused", **told, unlogged_before=untold)


def _shown(application_id: str | None) -> str | None:
    """Return the Application's id as it was written in the address, unless it cannot be one."""
    try:
        return None if application_id is None else str(UUID(application_id))
    except ValueError:
        return None
