import base64
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.errors import CredentialsRefused, IntegrationError, PlatformRejected, PlatformUnavailable, RateLimited
from app.domain.http import Request, Response
from app.platforms.asking import PATIENCE
from app.platforms.woocommerce.rest import Answer, KeyNotSeen, NoApi, NotThere, ask
from tests.platforms.asking import answer, drive, in_turn
from tests.platforms.woocommerce.shop import CONNECTION, GONE, page_for_people, refusal

PLAIN = replace(CONNECTION, details={"rest_api_at": "rest_route"})
BY_PARAMETERS = replace(CONNECTION, details={"key_sent_in": "parameters"})


def get(answered: Response) -> Answer:
    return drive(ask(CONNECTION, "GET", "/products", operation="page"), in_turn(answered))


def asked_of(connection: object, **query: str) -> Request:
    asked: list[Request] = []
    reading = ask(connection, "GET", "/products", operation="page", query=query)  # type: ignore[arg-type]
    drive(reading, in_turn(answer([]), asked=asked))
    return asked[0]


def test_a_request_carries_the_key_and_asks_past_every_cache() -> None:
    request = asked_of(CONNECTION, per_page="25")

    assert request.url == "https://shop.example/winkel/wp-json/wc/v3/products?per_page=25"
    assert request.headers["Authorization"] == f"Basic {base64.b64encode(b'ck_key:cs_secret').decode()}"
    assert (request.uncached_by, request.operation, request.body) == ("uncached", "WooCommerce page", b"")


def test_with_plain_permalinks_the_route_is_a_parameter() -> None:
    split = urlsplit(asked_of(PLAIN, per_page="25").url)

    assert (split.path, parse_qs(split.query)) == (
        "/winkel/",
        {"rest_route": ["/wc/v3/products"], "per_page": ["25"]},
    )


def test_where_headers_get_lost_the_key_is_among_the_parameters_and_shows_nowhere() -> None:
    request = asked_of(BY_PARAMETERS)

    assert parse_qs(urlsplit(request.url).query) == {"consumer_key": ["ck_key"], "consumer_secret": ["cs_secret"]}
    assert "Authorization" not in request.headers
    assert "cs_secret" not in repr(request) + request.operation


def test_a_change_is_written_as_json_and_asks_past_no_cache() -> None:
    asked: list[Request] = []
    reading = ask(CONNECTION, "POST", "/webhooks", operation="subscribe", body={"topic": "product.updated"})
    drive(reading, in_turn(answer({}, status=201), asked=asked))

    assert (asked[0].body, asked[0].headers["Content-Type"]) == (b'{"topic": "product.updated"}', "application/json")
    assert asked[0].uncached_by == ""


def test_an_answer_tells_how_many_pages_there_are() -> None:
    assert get(answer([1], x_wp_totalpages="3")) == Answer(body=[1], pages=3)
    assert get(answer([1], x_wp_totalpages="many")).pages == 1
    assert get(answer(b"\xef\xbb\xbf[1]")).body == [1]


@pytest.mark.parametrize(
    ("answered", "expected", "words"),
    [
        (GONE, NotThere, ""),
        (refusal(404, "rest_no_route"), NoApi, "is the plugin active?"),
        (page_for_people(404), NoApi, "is it the address of the WordPress site?"),
        (refusal(401, "woocommerce_rest_cannot_view"), KeyNotSeen, "does not see the key"),
        (refusal(401, "woocommerce_rest_authentication_error"), CredentialsRefused, "does not accept the key"),
        (page_for_people(401), CredentialsRefused, "does not accept the key"),
        (refusal(403, "woocommerce_rest_cannot_view"), CredentialsRefused, "has to manage the shop"),
        (page_for_people(403), PlatformUnavailable, "has to let the REST API through"),
        (page_for_people(406), PlatformUnavailable, "has to let the REST API through"),
        (page_for_people(503), PlatformUnavailable, "503"),
        (page_for_people(500), PlatformUnavailable, "500"),
        (refusal(500, "internal_server_error"), PlatformUnavailable, "500"),
        (page_for_people(200), PlatformUnavailable, "not JSON"),
        (answer(b"<br />Notice: Undefined index[]"), PlatformUnavailable, "not JSON"),
        (answer(b""), PlatformUnavailable, "not JSON"),
        (page_for_people(301, location="https://www.shop.example/winkel/"), PlatformUnavailable, "www.shop.example"),
        (page_for_people(302), PlatformUnavailable, "elsewhere"),
        (page_for_people(302, location="http://["), PlatformUnavailable, "elsewhere"),
        (refusal(400, "rest_invalid_param", "Invalid parameter(s): per_page"), PlatformRejected, "per_page"),
        (answer([], status=400), PlatformRejected, "400"),
        (answer("no", status=418), PlatformRejected, "418"),
    ],
)
def test_what_an_answer_means(answered: Response, expected: type[Exception], words: str) -> None:
    with pytest.raises(expected) as raised:
        get(answered)

    assert words in str(raised.value)
    assert type(raised.value) is expected or expected is not CredentialsRefused


def test_a_refusal_is_of_the_shops_side() -> None:
    with pytest.raises(CredentialsRefused) as refused:
        get(refusal(401, "woocommerce_rest_authentication_error"))

    assert refused.value.side == "shop"


def test_a_shop_that_asks_to_wait_is_asked_again_after_the_wait() -> None:
    asked: list[Request] = []
    limited = page_for_people(429, retry_after="12")
    reading = ask(CONNECTION, "GET", "/products", operation="page")

    found = drive(reading, in_turn(limited, page_for_people(429), answer([]), asked=asked))

    assert found.body == []
    assert [each.after for each in asked] == [timedelta(0), timedelta(seconds=12), timedelta(seconds=5)]


def test_a_shop_that_asks_to_wait_for_ever_is_not_asked_for_ever() -> None:
    answers = [refusal(429, "too_many_requests")] * PATIENCE
    with pytest.raises(RateLimited):
        drive(ask(CONNECTION, "GET", "/products", operation="page"), in_turn(*answers))


@pytest.mark.parametrize(
    ("given", "wait"),
    [("30", timedelta(seconds=30)), ("999999999999", timedelta(days=1)), ("soon", None), ("-1", None), ("", None)],
)
def test_an_outage_may_say_how_long_it_lasts(given: str, wait: timedelta | None) -> None:
    with pytest.raises(PlatformUnavailable) as raised:
        get(page_for_people(503, retry_after=given))

    assert raised.value.retry_after == wait


def test_no_message_repeats_the_key() -> None:
    for answered in (page_for_people(403), refusal(401, "x", "y" * 1000), page_for_people(301)):
        with pytest.raises(IntegrationError) as raised:
            drive(ask(BY_PARAMETERS, "GET", "/products", operation="page"), in_turn(answered))
        assert "cs_secret" not in str(raised.value)
        assert len(str(raised.value)) < 600
