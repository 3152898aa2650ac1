"""How the API says no: ``{"error": {"code", "method", "request", "message"}}``."""

from collections.abc import Mapping
from typing import Any

Thing = dict[str, Any]


class Refused(Exception):
    """A request that the API refuses."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: Thing = {"error": {"code": status, "method": "", "request": "", "message": message}}


def missing() -> Refused:
    return Refused(404, "The requested resource could not be found.")
