"""Errors to HTTP statuses: the only place that knows them. Every answer is an RFC 9457 problem that says what to do."""

import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

from app.api.reasons import UNREADABLE, reasons_of
from app.domain.errors import (
    AlreadyInstalled,
    ApplicationNotFound,
    ConsentRefused,
    CredentialsRefused,
    DeliveryNotFound,
    InstallNotFound,
    IntegrationError,
    InvalidInstallation,
    InvalidSignature,
    NotPossibleNow,
    NotStored,
    TemporaryError,
    UnknownApplication,
    WrongAnswer,
    WrongBrowser,
)

logger = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

LOGGED = frozenset({"application_id", "delivery_id", "replay_id", "import_id", "problem_id"})
"""Parts of addresses that are logged with an error: ids of ours, no secrets."""


class Reason(BaseModel):
    """One part of the request, and what is wrong with it."""

    field: str = Field(examples=["credentials.access_token"])
    message: str = Field(examples=["It is missing."])


class Problem(BaseModel):
    """What went wrong (RFC 9457). ``type`` is stable; ``detail`` says what to do."""

    type: str = Field(examples=["/problems/credentials-refused"])
    title: str = Field(examples=["Credentials refused"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["The shop does not accept the access token. Make a new one and install again."])
    reasons: list[Reason] | None = Field(default=None, description="One entry for each part that is wrong.")


class TooLarge(Exception):
    """A request's body is larger than what is accepted."""


class TooSlow(Exception):
    """A request's body does not arrive."""


class NotAllowed(Exception):
    """The API key is missing, unknown, or may not do this. ``known`` tells which."""

    def __init__(self, detail: str, *, known: bool) -> None:
        super().__init__(detail)
        self.detail = detail
        self.known = known


class NotFound(Exception):
    """What was asked for does not exist, or not for this key."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def problem(
    status: int,
    name: str,
    detail: str,
    *,
    reasons: Sequence[tuple[str, str]] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Return a problem as a response."""
    body = Problem(
        type=f"/problems/{name}",
        title=name.replace("-", " ").capitalize(),
        status=status,
        detail=detail,
        reasons=[Reason(field=field, message=message) for field, message in reasons] or None,
    )
    return JSONResponse(body.model_dump(exclude_none=True), status_code=status, headers=headers, media_type=MEDIA_TYPE)


def from_error(error: IntegrationError) -> JSONResponse:
    """Return what a caller is told about an error of ours."""
    match error:
        case UnknownApplication():
            return problem(404, "unknown-application", "There is no such Application.")
        case InvalidSignature():
            return problem(401, "invalid-signature", f"{error} Nothing was stored.")
        case NotStored():
            seconds = str(math.ceil(error.retry_after.total_seconds()))
            detail = f"{error} Nothing was kept; send it again."
            return problem(503, "not-stored", detail, headers={"Retry-After": seconds})
        case ApplicationNotFound() | DeliveryNotFound() | InstallNotFound():
            return problem(404, "not-found", str(error))
        case WrongBrowser() | ConsentRefused():
            return problem(403, "forbidden", str(error))
        case AlreadyInstalled() | NotPossibleNow():
            name = "already-installed" if isinstance(error, AlreadyInstalled) else "not-possible-now"
            return problem(409, name, str(error))
        case InvalidInstallation() | WrongAnswer():
            name = "wrong-answer" if isinstance(error, WrongAnswer) else "invalid-installation"
            return problem(422, name, str(error), reasons=error.reasons)
        case CredentialsRefused():
            field = "credentials" if error.side == "shop" else "orderchamp.token"
            who = "The shop" if error.side == "shop" else "Orderchamp"
            detail = f"{who} refused the credentials: {error}"
            return problem(422, "credentials-refused", detail, reasons=[(field, str(error))])
        case TemporaryError():
            wait = RETRY_AFTER_SECONDS if error.retry_after is None else math.ceil(error.retry_after.total_seconds())
            detail = f"{error} Nothing was stored; try again later."
            return problem(503, "unavailable", detail, headers={"Retry-After": str(wait)})
        case _:
            return problem(422, "not-possible", str(error))


def from_unread(error: TooLarge | TooSlow) -> JSONResponse:
    """Return what a caller is told whose request was not read to its end."""
    if isinstance(error, TooLarge):
        return problem(413, "too-large", "The body is larger than what is accepted. Nothing was stored.")
    # The rest of a large body is thrown away as it comes; nobody waits for the rest of one that does not come.
    headers = {"Connection": "close", "Retry-After": str(RETRY_AFTER_SECONDS)}
    return problem(
        503, "not-stored", "The body took too long to arrive. Nothing was kept; send it again.", headers=headers
    )


def add_error_handlers(app: FastAPI, *, unavailable: tuple[type[Exception], ...]) -> None:
    """Have every error of the application answered as a problem. ``unavailable`` are those of an absent database."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, IntegrationError)  # noqa: S101 - registered for these only
        return from_error(error)

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return problem(422, "invalid-request", "The request is not as documented.", reasons=reasons_of(error.errors()))

    async def away(request: Request, error: Exception) -> JSONResponse:
        logger.warning("database_unavailable", error=type(error).__name__, **asked(request.scope))
        detail = "The database is not available; try again later."
        return problem(503, "unavailable", detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})

    async def not_allowed(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, NotAllowed)  # noqa: S101
        if error.known:
            return problem(403, "forbidden", error.detail)
        return problem(401, "unauthorized", error.detail, headers={"WWW-Authenticate": "Bearer"})

    async def not_found(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, NotFound)  # noqa: S101
        return problem(404, "not-found", f"There is no such {error.what}.")

    app.add_exception_handler(Exception, _bug)
    app.add_exception_handler(IntegrationError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(NotAllowed, not_allowed)
    app.add_exception_handler(NotFound, not_found)
    for each in unavailable:
        app.add_exception_handler(each, away)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == HTTPStatus.BAD_REQUEST:
        # Bytes that are no text: FastAPI tells them apart from text that is no JSON, and no caller needs to.
        return problem(422, "invalid-request", "The request is not as documented.", reasons=[("body", UNREADABLE)])
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem(404, "not-found", "There is nothing at this address; /docs shows what there is.")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"This address takes {headers.get('Allow', 'other methods')}; /docs shows what there is."
        return problem(405, "method-not-allowed", detail, headers=headers)
    return problem(error.status_code, "http-error", f"{error.detail}.", headers=headers)


async def _bug(_: Request, __: Exception) -> JSONResponse:
    detail = "The service failed, and logged why. Whether anything was changed is not known: look before you repeat it."
    return problem(500, "internal-error", detail)


def asked(scope: Scope) -> dict[str, str]:
    """Return what was asked for as far as it may be logged: the route, not what was written into it, and who it is about."""
    route = getattr(scope.get("route"), "path", "")
    ids = {name: str(value) for name, value in scope.get("path_params", {}).items() if name in LOGGED}
    return {"method": scope.get("method", ""), "route": route, **ids}


def documented(*names: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's description of the problems with these statuses, each with an example."""
    return {status: _EXAMPLES[status] for status in names}


def _example(name: str, status: int, detail: str, description: str) -> dict[str, Any]:
    body = {
        "type": f"/problems/{name}",
        "title": name.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
    }
    return {
        "description": description,
        "model": Problem,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": body}},
    }


_EXAMPLES = {
    401: _example("unauthorized", 401, "The API key is not known.", "The key or the signature is missing or wrong."),
    403: _example(
        "forbidden", 403, "This needs the role operate; the key has the role read.", "The key may not do this."
    ),
    404: _example("not-found", 404, "There is no such Application.", "It does not exist, or not for this key."),
    409: _example(
        "already-installed",
        409,
        "Another supplier has installed this shop; it has to be uninstalled there first.",
        "The state of things does not allow it now.",
    ),
    413: _example(
        "too-large", 413, "The body is larger than what is accepted. Nothing was stored.", "The body is too large."
    ),
    422: _example(
        "credentials-refused",
        422,
        "The shop refused the credentials: Invalid API key or access token.",
        "The request cannot work as it was given; `reasons` names each part.",
    ),
    503: _example(
        "unavailable",
        503,
        "The database is not available; try again later.",
        "Something that is needed does not answer; `Retry-After` says when to come back.",
    ),
}
