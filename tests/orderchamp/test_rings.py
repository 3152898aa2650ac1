"""What Orderchamp's webhooks bring: read with care, and signed or not."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.http import Delivery
from app.orderchamp.rings import OrderchampRings

SECRET = "secret"
AT = "2026-11-26T10:00:00+00:00"
UPDATED = {"data": {"product": {"id": "UHJvZHVjdDox", "title": "Mug", "updatedAt": AT}}}
BELL = OrderchampRings(SECRET)


def delivery(body: bytes, *, event: str = "PRODUCT_UPDATED", key: str | None = SECRET, **headers: str) -> Delivery:
    given = {"x-orderchamp-event": event, "x-orderchamp-account-id": "QWNjb3VudDox", **headers}
    if key is not None:
        given["x-orderchamp-signature"] = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return Delivery(method="POST", url="/", headers=given, body=body, received_at=datetime.now(UTC))


def test_an_update_names_account_product_and_time() -> None:
    ring = BELL.read(delivery(json.dumps(UPDATED).encode()))
    assert (ring.account_id, ring.target_id) == ("QWNjb3VudDox", "UHJvZHVjdDox")
    assert ring.changed_at == datetime(2026, 11, 26, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "data",
    [{"product": {"id": "p"}}, {"product": "p"}, {"product": None, "id": "p"}, {"deletedProductId": "p"}],
)
def test_a_delete_names_the_product_in_any_form_that_can_be_expected_and_no_time(data: dict[str, Any]) -> None:
    ring = BELL.read(delivery(json.dumps({"data": data}).encode(), event="PRODUCT_DELETED"))
    assert (ring.target_id, ring.changed_at) == ("p", None)


def test_the_time_of_a_delete_is_not_believed_since_it_is_that_of_an_earlier_change() -> None:
    assert BELL.read(delivery(json.dumps(UPDATED).encode(), event="PRODUCT_DELETED")).changed_at is None


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"[]", b'"p"', b'{"data": null}', b'{"data": {"product": 7}}', b"[" * 100_000]
)
def test_what_cannot_be_read_is_about_no_product(body: bytes) -> None:
    ring = BELL.read(delivery(body))
    assert (ring.target_id, ring.changed_at) == ("", None)


@pytest.mark.parametrize("told", ["soon", 5, None, "2026-13-01", ""])
def test_a_time_that_is_none_is_none(told: object) -> None:
    body = json.dumps({"data": {"product": {"id": "p", "updatedAt": told}}}).encode()
    assert BELL.read(delivery(body)).changed_at is None


def test_its_own_signature_is_told_from_every_other() -> None:
    body = json.dumps(UPDATED).encode()
    assert BELL.is_signed(delivery(body))
    assert not BELL.is_signed(delivery(body, key="another"))
    assert not BELL.is_signed(delivery(body, key=None))
    good = delivery(body).headers["x-orderchamp-signature"]
    for wrong in (good.upper(), good[:-1], good + "0", "é", ""):
        assert not BELL.is_signed(delivery(body, key=None, **{"x-orderchamp-signature": wrong}))
    changed = Delivery(
        method="POST", url="/", headers=delivery(body).headers, body=body + b" ", received_at=datetime.now(UTC)
    )
    assert not BELL.is_signed(changed)


def test_where_there_is_no_app_nothing_is_signed_by_it() -> None:
    assert not OrderchampRings("").is_signed(delivery(b"{}", key=""))
