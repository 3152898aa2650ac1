import dataclasses
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.errors import InvalidInstallation, InvalidSignature
from app.domain.http import Delivery, Response
from app.domain.structs import replace
from app.platforms.adapter import Secret, Ticket
from app.platforms.woocommerce.handshake import Handshake
from tests.platforms.asking import drive, in_turn
from tests.platforms.samples import delivery

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
TICKET = Ticket(
    state="state-1",
    callback="https://service.example/install/woocommerce/callback",
    confirm="https://service.example/install/woocommerce/confirm",
    shop="shop.example/winkel",
    base_url="https://shop.example/winkel",
    secret=Secret(b"x"),
)
KEY = {
    "key_id": 3,
    "user_id": "state-1",
    "consumer_key": "ck_key",
    "consumer_secret": "cs_secret",
    "key_permissions": "read_write",
}
HANDSHAKE = Handshake()


def posted(body: object) -> Delivery:
    return delivery(body if isinstance(body, bytes) else json.dumps(body).encode())


def returned(query: str) -> Delivery:
    return replace(delivery(b""), method="GET", url=f"{TICKET.callback}?{query}")


def test_the_supplier_is_sent_to_the_shops_own_page() -> None:
    split = urlsplit(HANDSHAKE.begin(TICKET, {}))

    assert f"{split.scheme}://{split.netloc}{split.path}" == "https://shop.example/winkel/wc-auth/v1/authorize"
    assert parse_qs(split.query) == {
        "app_name": ["Orderchamp"],
        "scope": ["read_write"],
        "user_id": ["state-1"],
        "return_url": [TICKET.callback],
        "callback_url": [TICKET.callback],
    }


def test_without_a_shop_there_is_no_page() -> None:
    with pytest.raises(InvalidInstallation):
        HANDSHAKE.begin(dataclasses.replace(TICKET, shop=None, base_url=None), {})


def test_a_key_that_the_shop_hands_over_is_taken_and_answered_200() -> None:
    heard = HANDSHAKE.hear(posted(KEY), TICKET, {}, now=NOW)

    assert heard.reply == Response(status=200)
    assert heard.shop == TICKET.shop
    assert heard.credentials is not None
    assert drive(heard.credentials, in_turn()) == {"consumer_key": "ck_key", "consumer_secret": "cs_secret"}


def test_the_browser_that_comes_back_decides_nothing_unless_it_was_denied() -> None:
    back = HANDSHAKE.hear(returned("success=1&user_id=state-1"), TICKET, {}, now=NOW)
    assert (back.reply, back.credentials, back.refused) == (None, None, None)
    bare = HANDSHAKE.hear(returned("user_id=state-1"), TICKET, {}, now=NOW)
    assert bare.refused is None
    denied = HANDSHAKE.hear(returned("success=0&user_id=state-1"), TICKET, {}, now=NOW)
    assert (denied.reply, denied.credentials) == (None, None)
    assert denied.refused == "The key was denied in the shop, so nothing was installed."


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", {}, {"user_id": "state-1"}, {**KEY, "consumer_key": 1}])
def test_a_call_without_a_key_is_none(body: object) -> None:
    with pytest.raises(InvalidSignature):
        HANDSHAKE.hear(posted(body), TICKET, {}, now=NOW)


@pytest.mark.parametrize(
    ("call", "state"),
    [
        (posted(KEY), "state-1"),
        (posted({"user_id": 7}), None),
        (posted(b"\xff"), None),
        (posted([]), None),
        (returned("success=1&user_id=state-1"), "state-1"),
        (returned("success=1"), None),
        (returned("user_id="), None),
    ],
)
def test_a_call_names_the_state_of_its_install(call: Delivery, state: str | None) -> None:
    assert HANDSHAKE.state_of(call) == state
    assert HANDSHAKE.shop_of(call) is None
