import json
from datetime import timedelta

import pytest

from app.domain.errors import CredentialsRefused, IntegrationError, PlatformRejected, PlatformUnavailable, RateLimited
from app.domain.http import Request, Response
from app.platforms.asking import PATIENCE
from app.platforms.shopware.talk import MissingPrivileges, Talk, get_token
from tests.platforms.asking import drive
from tests.platforms.shopware.admin import CONNECTION, WITHOUT_TOKEN, answer, errors, in_turn, lacking

TOKEN = answer({"token_type": "Bearer", "expires_in": 600, "access_token": "new-token"})
FOUND = answer({"data": []})
REFUSED = errors(401, "The resource owner or authorization server denied the request.")


def search(answered: Response, *more: Response) -> list[Request]:
    asked: list[Request] = []
    drive(Talk(CONNECTION).search("product", {}, operation="page"), in_turn(answered, *more, asked=asked))
    return asked


def test_a_kept_token_is_used() -> None:
    (request,) = search(FOUND)

    assert request.url == "https://shop.example/nl/api/search/product"
    assert request.headers["Authorization"] == "Bearer kept-token"
    assert request.headers["Accept"] == "application/json"


def test_a_token_that_is_not_accepted_is_replaced_and_the_call_is_made_again() -> None:
    _, token, again = search(REFUSED, TOKEN, FOUND)

    assert token.url == "https://shop.example/nl/api/oauth/token"
    assert json.loads(token.body) == {
        "grant_type": "client_credentials",
        "client_id": "SWIAKEY",
        "client_secret": "hush",
    }
    assert again.headers["Authorization"] == "Bearer new-token"


def test_one_token_serves_all_calls_of_a_talk() -> None:
    asked: list[Request] = []
    talk = Talk(WITHOUT_TOKEN)
    saying = in_turn(TOKEN, FOUND, FOUND, asked=asked)
    for _ in range(2):
        drive(talk.search("product", {}, operation="page"), saying)

    assert [each.operation for each in asked] == ["Shopware token", "Shopware page", "Shopware page"]


def test_a_new_token_that_is_not_accepted_either_means_that_the_key_is_refused() -> None:
    with pytest.raises(CredentialsRefused):
        search(REFUSED, TOKEN, REFUSED)
    with pytest.raises(CredentialsRefused):
        drive(Talk(WITHOUT_TOKEN).search("product", {}, operation="page"), in_turn(TOKEN, REFUSED))


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_key_that_gets_no_token_is_refused(status: int) -> None:
    with pytest.raises(CredentialsRefused) as refused:
        search(REFUSED, errors(status, "Client authentication failed"))

    assert refused.value.side == "shop"


def test_missing_privileges_are_named() -> None:
    with pytest.raises(MissingPrivileges) as refused:
        search(lacking("product:read", "media:read"))

    assert refused.value.privileges == ("product:read", "media:read")
    assert "product:read, media:read" in str(refused.value)


@pytest.mark.parametrize("told", [errors(403, "no"), errors(403, "{}"), answer(b"<html>", status=403)])
def test_a_refusal_that_names_no_privilege_is_one_all_the_same(told: Response) -> None:
    with pytest.raises(MissingPrivileges) as refused:
        search(told)

    assert refused.value.privileges == ()


# Waiting

LIMITED = errors(429, "Too many requests, try again in 7 seconds.", meta={"parameters": {"seconds": 7}})


@pytest.mark.parametrize(
    ("limited", "wait"),
    [
        (answer(status=429, retry_after="30"), 30),
        (LIMITED, 7),
        (answer(b"slow down", status=429), 5),
        (answer(status=429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), 5),
        (answer(status=429, retry_after="-3"), 0),
        (answer(status=429, retry_after="99999999"), 86_400),
    ],
)
def test_a_call_is_made_again_after_the_wait_that_the_shop_asks_for(limited: Response, wait: int) -> None:
    first, second = search(limited, FOUND)

    assert first.after == timedelta(0)
    assert second.after == timedelta(seconds=wait)


def test_a_token_is_asked_for_again_after_the_wait_that_the_shop_asks_for() -> None:
    asked: list[Request] = []
    token = drive(get_token(WITHOUT_TOKEN), in_turn(LIMITED, TOKEN, asked=asked))

    assert token.value == "new-token"
    assert [each.after for each in asked] == [timedelta(0), timedelta(seconds=7)]


def test_a_shop_that_only_asks_to_wait_is_left_alone_in_the_end() -> None:
    for reading in (Talk(CONNECTION).search("product", {}, operation="page"), get_token(CONNECTION)):
        with pytest.raises(RateLimited) as limited:
            drive(reading, in_turn(*[LIMITED] * PATIENCE))
        assert limited.value.retry_after == timedelta(seconds=7)


# Answers


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (answer(status=500), PlatformUnavailable),
        (answer(b"<html>", status=503), PlatformUnavailable),
        (answer(b"<html>", status=404), PlatformUnavailable),
        (errors(404, "Entity not found"), PlatformRejected),
        (errors(400, "Unknown field"), PlatformRejected),
        (answer(status=418), PlatformRejected),
        (answer(b"<html>"), PlatformUnavailable),
        (answer([]), PlatformUnavailable),
        (answer({"data": {}}), PlatformUnavailable),
        (answer(), PlatformUnavailable),
        (answer(b'{"data": NaN}'), PlatformUnavailable),
    ],
)
def test_what_an_answer_means(told: Response, error: type[IntegrationError]) -> None:
    with pytest.raises(error) as raised:
        search(told)

    assert str(raised.value).endswith(".")


def test_a_redirect_is_not_followed_and_says_where_the_shop_is() -> None:
    with pytest.raises(PlatformUnavailable) as raised:
        search(answer(status=301, location="https://www.shop.example/nl/api/search/product\x00"))

    assert "https://www.shop.example/nl" in str(raised.value)
    assert str(raised.value).isprintable()


def test_the_shops_own_words_are_told() -> None:
    with pytest.raises(PlatformRejected) as raised:
        search(errors(400, "The field nonsense is not known."))

    assert "The field nonsense is not known" in str(raised.value)


def test_an_empty_answer_says_nothing() -> None:
    assert (
        drive(Talk(CONNECTION).call("PATCH", "/webhook/1", {}, operation="mend"), in_turn(answer(status=204))) is None
    )


@pytest.mark.parametrize(
    "told", [answer({}), answer([]), answer({"access_token": ""}), answer({"access_token": "a\r\nX: y"}), answer(b"")]
)
def test_an_answer_without_a_token_is_none(told: Response) -> None:
    with pytest.raises(PlatformUnavailable):
        drive(get_token(WITHOUT_TOKEN), in_turn(told))


@pytest.mark.parametrize(
    ("life", "seconds"), [(600, 600), ("600", 600), (None, 30), (0, 30), ("soon", 30), (10**9, 86_400)]
)
def test_a_token_lasts_as_long_as_the_shop_says_within_reason(life: object, seconds: int) -> None:
    token = drive(get_token(WITHOUT_TOKEN), in_turn(answer({"access_token": "x", "expires_in": life})))

    assert token.lasts == timedelta(seconds=seconds)
    assert "x" not in repr(token).replace("lasts", "").replace("Token", "").replace("timedelta", "")
