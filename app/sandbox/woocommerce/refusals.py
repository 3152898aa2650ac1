"""How the REST API says no: ``{"code", "message", "data": {"status"}}``."""

from typing import Any

Thing = dict[str, Any]


class Refused(Exception):
    """A request that the REST API refuses."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: Thing = {"code": code, "message": message, "data": {"status": status}}


def no_route() -> Refused:
    message = "No route was found matching the URL and request method."
    return Refused(404, "rest_no_route", message)


def invalid_id(resource: str) -> Refused:
    return Refused(404, f"woocommerce_rest_{resource}_invalid_id", "Invalid ID.")


def may_not(what: str, *, known: bool) -> Refused:
    """Refuse somebody: 401 who is not known, 403 whose role does not suffice."""
    return Refused(403 if known else 401, "woocommerce_rest_cannot_view", f"Sorry, you cannot {what}.")


def invalid_parameter(name: str) -> Refused:
    return Refused(400, "rest_invalid_param", f"Invalid parameter(s): {name}")
