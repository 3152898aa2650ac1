"""What the routes have in common, for as long as the process lives."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import State

from app.flows.receive_delivery import Reception
from app.flows.services import Services
from app.logs import Sparingly


@dataclass(kw_only=True, repr=False, eq=False)
class ApiState(State):
    """The application's state. ``services`` and ``reception`` are there once it has started.

    ``answered`` is told the platform and the answer of every delivery; ``metrics`` gives what ``/metrics`` shows.
    Its parts are plain attributes: every delivery asks for six of them, and Starlette looks for each in vain before it
    finds it.
    """

    services: Services = field(init=False)
    reception: Reception = field(init=False)
    max_body_bytes: int
    body_seconds: float
    secure_cookies: bool
    answered: Callable[[str, str], None]
    refusals: Sparingly = field(default_factory=Sparingly)
    metrics: Callable[[], Awaitable[bytes]]
    database_revision: Callable[[], Awaitable[str | None]]
    known_revisions: tuple[str, ...]

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
