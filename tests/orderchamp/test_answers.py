"""What an answer means, layer by layer."""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import pytest

from app.domain.errors import (
    CredentialsRefused,
    OrderchampRejected,
    OrderchampUnavailable,
    OutcomeUnknown,
    TemporaryError,
)
from app.domain.http import Response
from app.orderchamp.answers import (
    DEFAULT_429_WAIT,
    DEFAULT_THROTTLED_WAIT,
    LONGEST_WAIT,
    Answer,
    Forbidden,
    Throttled,
    read_answer,
    read_body,
    read_throttle,
    readable,
    sentence,
)
from app.orderchamp.unknowns import is_missing, refused_line
from tests.orderchamp.scripted import NOW, ok

HTML = b"<html><body>502 Bad Gateway</body></html>"
INVALID = b'{"errors": [{"message": "Syntax Error"}]}'
THROTTLED = {"message": "Throttled"}
DONE: dict[str, Any] = {"productUpdate": {"userErrors": []}}


def read(response: Response) -> Answer:
    return read_answer(response, read_body(response), now=NOW)


def status(code: int, body: bytes = b"", **headers: str) -> Response:
    return Response(status=code, headers={"retry-after": headers["retry_after"]} if headers else {}, body=body)


LAYERS: list[tuple[str, Response, type[Exception]]] = [
    # HTTP status, before anything in the body
    ("unknown token", status(401), CredentialsRefused),
    ("forbidden", status(403, HTML), Forbidden),
    ("too many requests as text", status(429, b"Too Many Requests"), Throttled),
    ("too many requests that says throttled", status(429, json.dumps({"errors": [THROTTLED]}).encode()), Throttled),
    ("server error", status(500), OutcomeUnknown),
    ("server error with a body that looks done", status(500, json.dumps({"data": DONE}).encode()), OutcomeUnknown),
    ("gateway's HTML", status(502, HTML), OutcomeUnknown),
    ("throttled under an unexpected status", status(400, json.dumps({"errors": [THROTTLED]}).encode()), Throttled),
    ("a document refused with a status", status(400, INVALID), OrderchampRejected),
    ("a refusal under any 4xx", status(404, INVALID), OrderchampRejected),
    ("a document too large", status(413, HTML), OrderchampRejected),
    ("an address that is not there for now", status(404, HTML), OrderchampUnavailable),
    ("a conflict of the moment", status(409), OrderchampUnavailable),
    # a body that is none
    ("HTML in place of JSON", status(200, HTML), OutcomeUnknown),
    ("JSON cut off", status(200, b'{"data": {"product'), OutcomeUnknown),
    ("nothing", status(200), OutcomeUnknown),
    ("a list", status(200, b"[]"), OutcomeUnknown),
    ("neither data nor errors", ok(None), OutcomeUnknown),
    ("bytes that are no text", status(200, b"\xff\xfe{"), OutcomeUnknown),
    ("nested without end", status(200, b"[" * 100_000), OutcomeUnknown),
    # top-level errors
    ("an invalid document", ok(None, errors=[{"message": "Cannot query field x"}]), OrderchampRejected),
    ("an error that is only a text", ok(None, errors=["Cannot query field x"]), OrderchampRejected),
    ("a failure inside", ok(None, errors=[{"message": "Internal server error"}]), OutcomeUnknown),
    ("throttled", ok(None, errors=[THROTTLED]), Throttled),
    ("throttled among others", ok(None, errors=[{"message": "Oh"}, {"message": "throttled."}]), Throttled),
    ("throttled with data", ok({}, errors=[THROTTLED]), Throttled),
    ("throttled by its code", ok(None, errors=[{"message": "x", "extensions": {"code": "THROTTLED"}}]), Throttled),
]


@pytest.mark.parametrize(("response", "error"), [each[1:] for each in LAYERS], ids=[each[0] for each in LAYERS])
def test_each_layer_says_what_it_means(response: Response, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        read(response)
    assert type(raised.value) is error


def test_a_top_level_error_is_told_by_the_alias_that_it_is_about() -> None:
    errors = [{"message": "Product not found", "path": ["p0"]}, {"message": "Late"}, {"message": "Later", "path": []}]
    answer = read(ok({"p0": None, "p1": {}}, errors=errors))
    assert answer.data == {"p0": None, "p1": {}}
    assert answer.about("p0") == ("Product not found",)
    assert answer.about("p1") == ("Late", "Later")


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("0", timedelta(0)),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), timedelta(seconds=90)),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), timedelta(0)),
        ("Fri, 20 Nov 2026 12:00:30", DEFAULT_429_WAIT),
        ("9" * 30, LONGEST_WAIT),
        ("9" * 9, LONGEST_WAIT),
        ("-5", DEFAULT_429_WAIT),
        ("1.5", DEFAULT_429_WAIT),
        ("soon", DEFAULT_429_WAIT),
        ("", DEFAULT_429_WAIT),
    ],
)
def test_a_429_names_its_wait(header: str, wait: timedelta) -> None:
    with pytest.raises(Throttled) as throttled:
        read(status(429, retry_after=header))
    assert throttled.value.retry_after == wait


@pytest.mark.parametrize(
    ("code", "body"), [(503, b""), (404, HTML), (200, json.dumps({"errors": [THROTTLED]}).encode())]
)
def test_a_wait_is_honoured_whatever_else_the_answer_says(code: int, body: bytes) -> None:
    with pytest.raises(TemporaryError) as raised:
        read(status(code, body, retry_after="40"))
    assert raised.value.retry_after == timedelta(seconds=40)


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ({"limit": 2000, "remaining": 100, "restoreRate": 50, "requestedCost": 600}, timedelta(seconds=10)),
        ({"limit": 2000, "remaining": 599, "restoreRate": 50, "requestedCost": 600}, timedelta(seconds=0.1)),
        ({"limit": 2000, "remaining": 1900, "restoreRate": 50, "requestedCost": 600}, DEFAULT_THROTTLED_WAIT),
        ({"limit": 2000, "remaining": 100, "restoreRate": 50}, DEFAULT_THROTTLED_WAIT),
        ({"limit": 2000, "remaining": 100, "restoreRate": 0, "requestedCost": 600}, DEFAULT_THROTTLED_WAIT),
        ({"limit": 2e9, "remaining": 0, "restoreRate": 1e-9, "requestedCost": 1e9}, LONGEST_WAIT),
        (None, DEFAULT_THROTTLED_WAIT),
    ],
)
def test_a_throttled_document_waits_until_the_bucket_holds_what_it_costs(
    told: Mapping[str, Any] | None, wait: timedelta
) -> None:
    with pytest.raises(Throttled) as throttled:
        read(ok(None, errors=[THROTTLED], throttle=told))
    assert throttled.value.retry_after == wait


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        [],
        "full",
        {"limit": "much", "remaining": 1, "restoreRate": 1},
        {"limit": 1, "remaining": 1},
        {"limit": 0, "remaining": 0, "restoreRate": 50},
        {"limit": 1000, "remaining": 10, "restoreRate": 0},
        {"limit": float("inf"), "remaining": 10, "restoreRate": 50},
        {"limit": 1000, "remaining": float("nan"), "restoreRate": 50},
    ],
)
def test_a_bucket_that_cannot_be_is_not_believed(told: object) -> None:
    response = ok({"a": 1}, throttle=told)
    assert read_throttle(read_body(response)) is None
    assert read(response).data == {"a": 1}


def test_a_bucket_is_read_from_an_answer_that_was_refused() -> None:
    told = {"limit": 2000, "remaining": -5, "restoreRate": "100", "requestedCost": 30.5, "actualCost": None}
    throttle = read_throttle(read_body(ok(None, errors=[{"message": "No"}], throttle=told)))
    assert throttle is not None
    assert (throttle.limit, throttle.remaining, throttle.restore_rate) == (2000, -5, 100)
    assert (throttle.requested, throttle.actual) == (30.5, None)


def test_numbers_keep_every_digit() -> None:
    body = read_body(status(200, b'{"price": 12345678901234567.89, "id": 9007199254740993}'))
    assert body == {"price": Decimal("12345678901234567.89"), "id": 9007199254740993}


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        ("Product not found", True),
        ("ProductVariant not found.", True),
        ("Product variant not found", True),
        ("Inventory level not found", True),
        ("Storefront not found", False),
        ("ProductImage not found", False),
        ("CustomFieldsValue not found", False),
        ("Product not found in this storefront", False),
        ("no reason given", False),
    ],
)
def test_only_a_missing_product_or_variant_is_a_missing_target(message: str, missing: bool) -> None:
    assert is_missing(message) is missing


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"message": "Too long.", "field": ["variants", 0, "sku"]}, "Too long (variants.0.sku)"),
        ({"message": "Too long", "field": "title"}, "Too long (title)"),
        ({"message": None, "field": None}, "no reason given"),
    ],
)
def test_a_user_error_is_told_with_its_field(error: Mapping[str, Any], told: str) -> None:
    assert sentence(error) == told


@pytest.mark.parametrize(
    ("path", "line"),
    [(["inventoryLevels", "3", "adjustment"], 3), (["inventoryLevels", 3], 3), (["adjustment"], None), (None, None)],
)
def test_the_line_of_a_bulk_is_read_from_a_path(path: list[object] | None, line: int | None) -> None:
    assert refused_line(path) == line


def test_a_form_that_nobody_has_seen_is_said_to_be_one() -> None:
    with pytest.raises(OutcomeUnknown, match="form that is not known"), readable():
        Decimal("much")
