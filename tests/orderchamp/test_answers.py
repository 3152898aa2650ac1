"""What an answer means, layer by layer."""

import json
from datetime import timedelta
from email.utils import format_datetime

import pytest

from app.domain.errors import CredentialsRefused, IntegrationError, OrderchampRejected, OutcomeUnknown
from app.domain.http import Response
from app.orderchamp.answers import DEFAULT_429_WAIT, Throttled, read_answer
from tests.orderchamp.scripted import NOW, ok

HTML = b"<html><body>502 Bad Gateway</body></html>"


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (Response(status=401), CredentialsRefused),
        (Response(status=403, body=HTML), CredentialsRefused),
        (Response(status=429, body=b"Too Many Requests"), Throttled),
        (Response(status=500), OutcomeUnknown),
        (Response(status=502, body=HTML), OutcomeUnknown),
        (Response(status=400, body=b'{"errors": [{"message": "Syntax Error"}]}'), OrderchampRejected),
        (Response(status=404, body=HTML), OrderchampRejected),
        (Response(status=200, body=HTML), OutcomeUnknown),
        (Response(status=200, body=b'{"data": {"product'), OutcomeUnknown),
        (Response(status=200, body=b"[]"), OutcomeUnknown),
        (ok(None), OutcomeUnknown),
        (ok(None, errors=[{"message": "Cannot query field x"}]), OrderchampRejected),
        (ok(None, errors=[{"message": "Throttled"}]), Throttled),
        (ok({}, errors=[{"message": "Throttled"}]), Throttled),
    ],
)
def test_each_layer_says_what_it_means(response: Response, error: type[IntegrationError]) -> None:
    with pytest.raises(error):
        read_answer(response, now=NOW)


def test_a_status_counts_before_what_the_body_says() -> None:
    body = json.dumps({"data": {"productUpdate": {"userErrors": []}}}).encode()
    with pytest.raises(OutcomeUnknown):
        read_answer(Response(status=500, body=body), now=NOW)


def test_a_top_level_error_is_told_by_the_alias_that_it_is_about() -> None:
    answer = read_answer(ok({"p0": None, "p1": {}}, errors=[{"message": "Product not found", "path": ["p0"]}]), now=NOW)
    assert answer.errors == {"p0": "Product not found"}
    assert answer.data == {"p0": None, "p1": {}}


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", timedelta(seconds=7)),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), timedelta(seconds=90)),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), timedelta(0)),
        ("soon", DEFAULT_429_WAIT),
        ("", DEFAULT_429_WAIT),
    ],
)
def test_a_429_names_its_wait(header: str, wait: timedelta) -> None:
    with pytest.raises(Throttled) as throttled:
        read_answer(Response(status=429, headers={"retry-after": header}), now=NOW)
    assert throttled.value.retry_after == wait


def test_a_throttled_query_waits_until_the_bucket_holds_what_it_costs() -> None:
    throttle = {"limit": 2000, "remaining": 100, "restoreRate": 50, "requestedCost": 600}
    with pytest.raises(Throttled) as throttled:
        read_answer(ok(None, errors=[{"message": "Throttled"}], throttle=throttle), now=NOW)
    assert throttled.value.retry_after == timedelta(seconds=10)
    assert throttled.value.throttle is not None
    assert throttled.value.throttle.restore_rate == 50


@pytest.mark.parametrize("told", [None, {}, {"limit": "much"}, {"limit": 1, "remaining": 1}])
def test_an_answer_that_tells_no_bucket_is_an_answer(told: object) -> None:
    assert read_answer(ok({"a": 1}, throttle=told), now=NOW).throttle is None
