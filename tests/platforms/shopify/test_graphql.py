import json
from datetime import timedelta

import pytest

from app.domain.errors import (
    CredentialsRefused,
    IntegrationError,
    PlatformRejected,
    PlatformUnavailable,
    RateLimited,
)
from app.platforms.shopify.graphql import API_VERSION, ask
from tests.platforms.asking import drive
from tests.platforms.shopify.admin import CONNECTION, saying


def error(message: str, code: str | None = None) -> dict[str, object]:
    extensions = {} if code is None else {"extensions": {"code": code}}
    return {"errors": [{"message": message, **extensions}]}


def throttled(requested: object, available: object, rate: object) -> dict[str, object]:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": rate}
    cost = {"requestedQueryCost": requested, "actualQueryCost": None, "throttleStatus": status}
    return {**error("Throttled", "THROTTLED"), "extensions": {"cost": cost}}


def asked(body: object, *, status: int = 200, **headers: str) -> object:
    return drive(ask(CONNECTION, "shop", "query shop { shop { name } }", {}), saying(body, status=status, **headers))


def test_one_request_carries_the_document_and_the_token() -> None:
    request = next(ask(CONNECTION, "shop", "query shop { shop { name } }", {"after": None}, cost=7))

    assert (request.method, request.cost, request.operation) == ("POST", 7, "Shopify shop")
    assert request.url == f"https://oak-and-ash.myshopify.com/admin/api/{API_VERSION}/graphql.json"
    assert request.headers["X-Shopify-Access-Token"] == "shpat_token"
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body) == {
        "query": "query shop { shop { name } }",
        "variables": {"after": None},
        "operationName": "shop",
    }
    assert "shpat_token" not in repr(request)


def test_the_data_is_returned() -> None:
    assert asked({"data": {"shop": {"name": "Oak"}}, "extensions": {"cost": {}}}) == {"shop": {"name": "Oak"}}


@pytest.mark.parametrize(
    ("status", "body", "refusal"),
    [
        (401, b'{"errors":"[API] Invalid API key or access token (unrecognized login)"}', CredentialsRefused),
        (403, b'{"errors":"[API] This action requires merchant approval"}', CredentialsRefused),
        (402, b'{"errors":"Unavailable Shop"}', PlatformUnavailable),
        (404, b'{"errors":"Not Found"}', PlatformUnavailable),
        (423, b'{"errors":"Locked"}', PlatformUnavailable),
        (429, b"", RateLimited),
        (500, b"<html>", PlatformUnavailable),
        (502, b"", PlatformUnavailable),
        (503, b"<html>", PlatformUnavailable),
        (530, b"", PlatformUnavailable),
        (400, b"{}", PlatformRejected),
        (302, b"", PlatformRejected),
        (200, b"", PlatformUnavailable),
        (200, b"<html>maintenance</html>", PlatformUnavailable),
        (200, b"[]", PlatformUnavailable),
        (200, b"{}", PlatformUnavailable),
        (200, b"[" * 100_000, PlatformUnavailable),
        (200, b'{"data": 1e99999999999999999999}', PlatformUnavailable),
        (200, b'{"data": null}', PlatformUnavailable),
        (200, b'{"errors": "Not Found"}', PlatformUnavailable),
    ],
)
def test_each_layer_of_failure_says_what_to_do(status: int, body: bytes, refusal: type[IntegrationError]) -> None:
    with pytest.raises(refusal) as refused:
        asked(body, status=status)

    assert str(refused.value)
    assert "shpat_token" not in str(refused.value)


@pytest.mark.parametrize(
    ("message", "code", "refusal"),
    [
        ("Throttled", "THROTTLED", RateLimited),
        ("Throttled", None, RateLimited),
        ("Access denied for products field.", "ACCESS_DENIED", CredentialsRefused),
        (
            "Query cost is 1200, which exceeds the single query max cost limit (1000).",
            "MAX_COST_EXCEEDED",
            PlatformRejected,
        ),
        ("Internal error.", "INTERNAL_SERVER_ERROR", PlatformUnavailable),
        ("Timeout", "TIMEOUT", PlatformUnavailable),
        ("Field 'colour' doesn't exist on type 'Product'", "undefinedField", PlatformRejected),
    ],
)
def test_an_error_in_the_answer_says_what_to_do(
    message: str, code: str | None, refusal: type[IntegrationError]
) -> None:
    with pytest.raises(refusal):
        asked(error(message, code))


@pytest.mark.parametrize("errors", [[None], ["text"], [{"extensions": []}], [{"extensions": {"code": None}}], {"a": 1}])
def test_errors_of_any_shape_are_errors(errors: object) -> None:
    with pytest.raises((PlatformRejected, PlatformUnavailable)):
        asked({"errors": errors, "data": {"shop": None}})


def test_refused_credentials_are_those_of_the_shop() -> None:
    with pytest.raises(CredentialsRefused) as refused:
        asked(b"", status=401)

    assert refused.value.side == "shop"


@pytest.mark.parametrize(
    ("requested", "available", "rate", "seconds"),
    [
        (900, 400, 100.0, 5.0),
        (900, 400.0, 50, 10.0),
        (10, 9, 100, 0.1),
        (10, 500, 100, 0.1),
        (900, 400, 0, 2.0),
        (900, None, 100, 2.0),
        (None, 400, 100, 2.0),
        ("x", 400, 100, 2.0),
        (1e300, 0, 1e-10, 86400.0),
    ],
)
def test_a_throttled_query_waits_until_its_cost_is_there(
    requested: object, available: object, rate: object, seconds: float
) -> None:
    with pytest.raises(RateLimited) as limited:
        asked(throttled(requested, available, rate))

    assert limited.value.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2.0", 2.0),
        ("30", 30.0),
        ("", 2.0),
        ("soon", 2.0),
        ("-1", 0.0),
        ("1e300", 86400.0),
        ("inf", 86400.0),
        ("nan", 2.0),
    ],
)
def test_a_429_names_the_wait(header: str, seconds: float) -> None:
    with pytest.raises(RateLimited) as limited:
        asked(b"", status=429, retry_after=header)

    assert limited.value.retry_after == timedelta(seconds=seconds)
