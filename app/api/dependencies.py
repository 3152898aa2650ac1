"""What routes are given: the services, and who is asking."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator, AwareDatetime

from app.api.errors import NotAllowed, NotFound
from app.domain.application import Application
from app.domain.ids import ApplicationId, SupplierId
from app.flows.services import Services

ROLES = ("read", "operate", "admin")

bearer = HTTPBearer(auto_error=False, description="An API key, made with `python -m app.cli api-key`.")


def services_of(request: Request) -> Services:
    """Return the services that the composition root gave to the application."""
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(services_of)]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever holds the API key. ``supplier_id`` None: every supplier's things are theirs to see."""

    role: str
    supplier_id: SupplierId | None
    key_id: UUID

    @property
    def name(self) -> str:
        """What the caller is called where their deeds are told; never the key itself."""
        return f"the key {self.key_id}"

    def may_see(self, supplier_id: SupplierId) -> bool:
        return self.supplier_id is None or self.supplier_id == supplier_id


async def caller_of(
    services: ServicesDep, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Caller:
    """Return who is asking; NotAllowed without a known key."""
    if given is None:
        raise NotAllowed("Send an API key: `Authorization: Bearer <key>`.", known=False)
    async with services.store.transaction() as tx:
        key = await tx.keys.find(given.credentials)
    if key is None:
        raise NotAllowed("The API key is not known.", known=False)
    return Caller(role=key.role, supplier_id=key.supplier_id, key_id=key.id)


CallerDep = Annotated[Caller, Depends(caller_of)]


class Needs:
    """A dependency that lets only keys with at least this role through."""

    def __init__(self, role: str) -> None:
        self._role = role

    def __call__(self, caller: CallerDep) -> Caller:
        if ROLES.index(caller.role) < ROLES.index(self._role):
            raise NotAllowed(f"This needs the role {self._role}; the key has the role {caller.role}.", known=True)
        return caller


Reader = Annotated[Caller, Depends(Needs("read"))]
Operator = Annotated[Caller, Depends(Needs("operate"))]
Admin = Annotated[Caller, Depends(Needs("admin"))]


async def visible(services: Services, caller: Caller, application_id: UUID) -> Application:
    """Return an Application that the caller may see; NotFound otherwise."""
    async with services.store.transaction() as tx:
        application = await tx.applications.one(ApplicationId(application_id))
    if application is None or not caller.may_see(application.supplier_id):
        raise NotFound("Application")
    return application


def in_utc(when: datetime) -> datetime:
    """Return the same time in UTC; ValueError when it is in none of the years that there are, or names no time zone."""
    if when.tzinfo is None:
        raise ValueError("It names no time zone.")
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise ValueError("It is in no year of UTC's.") from None


Time = Annotated[AwareDatetime, AfterValidator(in_utc)]
"""A time that somebody gives us. The database keeps it in UTC, where those at the ends of the calendar do not exist."""

Limit = Annotated[int, Query(ge=1, le=200, description="How many items to return at most.")]
TEXT = r"^[^\x00]+$"
"""What the database takes as text."""

SupplierName = Annotated[str, Path(min_length=1, max_length=200, pattern=TEXT)]

GO_ON = "Where to go on: `next_cursor` of the answer before."
Position = Annotated[str | None, Query(max_length=300, description=GO_ON)]
