"""How the API says no: ``{"status", "title", "type"}``, with the fields that are wrong under ``errors``."""

from collections.abc import Mapping
from typing import Any

Thing = dict[str, Any]

CODES = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"


class Refused(Exception):
    """A request that the API refuses."""

    def __init__(self, status: int, title: str, *, errors: Thing | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.headers: dict[str, str] = {}
        self.body: Thing = {"status": status, "title": title, "type": CODES, **({"errors": errors} if errors else {})}

    def with_headers(self, headers: Mapping[str, str]) -> "Refused":
        self.headers |= headers
        return self


def missing(what: str) -> Refused:
    return Refused(404, f"The {what} was not found with the given filters/ID")
