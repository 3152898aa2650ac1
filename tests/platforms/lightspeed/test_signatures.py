import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.errors import InvalidSignature
from app.domain.http import Delivery
from app.domain.structs import replace
from app.platforms.adapter import Secret
from app.platforms.lightspeed.signatures import digest, message, parameters, signed_with
from app.platforms.lightspeed.webhooks import Webhooks
from tests.platforms.samples import ROOT, Sample, delivery, samples

VECTORS: list[dict[str, Any]] = [
    each
    for each in json.loads((ROOT / "signature-vectors.json").read_text())["vectors"]
    if each["platform"] == "lightspeed-ecom-c"
]
RECORDED = samples("lightspeed")
SECRET = Secret(b"test-lightspeed-app-secret")
ADDRESS = Secret(b"the-end-of-the-address")


def of_kind(*kinds: str) -> list[dict[str, Any]]:
    return [each for each in VECTORS if each["kind"] in kinds]


def call(query: str) -> Delivery:
    url = f"https://service.example/uninstall/lightspeed?{query}"
    return Delivery(method="GET", url=url, headers={}, body=b"", received_at=datetime(2026, 11, 20, tzinfo=UTC))


def test_there_are_vectors_of_every_kind_to_accept_and_to_refuse() -> None:
    assert {each["kind"] for each in VECTORS} >= {"install", "uninstall", "webhook", "api_auth"}
    assert {each["valid"] for each in of_kind("webhook")} == {True, False}


@pytest.mark.parametrize("vector", of_kind("webhook"), ids=lambda each: each["id"])
def test_agrees_with_signatures_of_bodies_computed_elsewhere(vector: dict[str, Any]) -> None:
    secret = Secret(vector["secret"].encode())
    sent = delivery(base64.b64decode(vector["body_base64"]), x_signature=vector["expected"])
    signed = replace(sent, token=ADDRESS.value.decode())

    if vector["valid"]:
        Webhooks().verify(signed, [ADDRESS, secret])
    else:
        with pytest.raises(InvalidSignature):
            Webhooks().verify(signed, [ADDRESS, secret])


@pytest.mark.parametrize("vector", of_kind("install", "uninstall"), ids=lambda each: each["id"])
def test_agrees_with_signatures_of_calls_computed_elsewhere(vector: dict[str, Any]) -> None:
    signed = base64.b64decode(vector["message_base64"])

    assert signed_with(signed, vector["expected"], [Secret(vector["secret"].encode())]) is vector["valid"]
    if vector["valid"]:
        assert message(parameters(call(vector["query"]))) == signed
        Webhooks().verify(call(vector["query"]), [Secret(vector["secret"].encode())])


@pytest.mark.parametrize("vector", of_kind("api_auth"), ids=lambda each: each["id"])
def test_agrees_with_passwords_computed_elsewhere(vector: dict[str, Any]) -> None:
    assert digest(vector["token"].encode(), Secret(vector["secret"].encode())) == vector["expected"]


@pytest.mark.parametrize("sample", RECORDED, ids=[each.case for each in RECORDED])
def test_accepts_the_signature_that_a_sample_came_with(sample: Sample) -> None:
    Webhooks().verify(replace(sample.delivery, token=ADDRESS.value.decode()), [SECRET, ADDRESS])


def test_a_delivery_without_a_signature_is_proven_by_its_address_alone() -> None:
    unsigned = replace(delivery(b"{}", x_event="products/updated"), token=ADDRESS.value.decode())

    Webhooks().verify(unsigned, [ADDRESS])


def test_a_signature_alone_is_not_enough() -> None:
    with pytest.raises(InvalidSignature, match="address"):
        Webhooks().verify(RECORDED[0].delivery, [SECRET])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "language=nl&shop_id=123456&timestamp=1795190402&cluster_id=eu1",
        "language=nl&shop_id=123456&timestamp=1795190402&cluster_id=eu1&signature=",
        "language=nl&shop_id=654321&timestamp=1795190402&cluster_id=eu1&signature=acdb8a56a273336d5373fbf2edc1cb46",
        "language=nl&shop_id=1&shop_id=123456&timestamp=1795190402&signature=acdb8a56a273336d5373fbf2edc1cb46",
    ],
)
def test_a_call_that_says_something_else_than_was_signed_is_refused(query: str) -> None:
    with pytest.raises(InvalidSignature):
        Webhooks().verify(call(query), [SECRET])


def test_the_call_of_a_removed_app_is_of_the_shop_on_its_cluster() -> None:
    query = next(each["query"] for each in of_kind("uninstall"))

    assert Webhooks().shop_of(call(query)) == "eu1-123456"
    assert Webhooks().shop_of(call(query.replace("eu1", "moon"))) is None
    assert Webhooks().shop_of(delivery(b"{}")) is None


def test_two_removals_at_different_times_are_two_events() -> None:
    first, second = (call(f"shop_id=1&timestamp={1795190402 + n}&signature=x") for n in range(2))

    assert Webhooks().identify(first)[1] == "uninstalled"
    assert Webhooks().identify(first) != Webhooks().identify(second)
    assert Webhooks().identify(first) == Webhooks().identify(
        replace(first, received_at=first.received_at + timedelta(1))
    )
