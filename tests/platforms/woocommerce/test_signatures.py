import base64
import json
from typing import Any

import pytest

from app.domain.errors import InvalidSignature, Unreadable
from app.platforms.adapter import Secret
from app.platforms.woocommerce.webhooks import Webhooks
from tests.platforms.samples import ROOT, Sample, delivery, samples

VECTORS: list[dict[str, Any]] = [
    each
    for each in json.loads((ROOT / "signature-vectors.json").read_text())["vectors"]
    if each["platform"] == "woocommerce"
]
SIGNED = [each for each in VECTORS if each["kind"] == "webhook"]
RECORDED = samples("woocommerce")
SECRET = Secret(b"test_woo_secret_Ab12Cd34")


def vector(name: str) -> dict[str, Any]:
    return next(each for each in VECTORS if each["id"] == f"woocommerce-{name}")


def test_there_are_vectors_to_accept_and_to_refuse() -> None:
    assert {each["valid"] for each in SIGNED} == {True, False}


@pytest.mark.parametrize("vector", SIGNED, ids=[each["id"] for each in SIGNED])
def test_agrees_with_signatures_computed_elsewhere(vector: dict[str, Any]) -> None:
    secret = Secret(vector.get("effective_secret", vector["secret"]).encode())
    signed = delivery(base64.b64decode(vector["body_base64"]), **{vector["header"].lower(): vector["expected"]})

    if vector["valid"] and vector.get("policy") != "refuse":
        Webhooks().verify(signed, [secret])
        assert Webhooks().sign(signed, secret) == signed
    else:
        with pytest.raises(InvalidSignature):
            Webhooks().verify(signed, [secret])


@pytest.mark.parametrize("sample", RECORDED, ids=[each.case for each in RECORDED])
def test_accepts_the_signature_that_a_sample_came_with(sample: Sample) -> None:
    Webhooks().verify(sample.delivery, [SECRET])


def test_knows_the_ping_as_a_greeting() -> None:
    body = base64.b64decode(vector("ping")["body_base64"])

    assert Webhooks().is_greeting(delivery(body, content_type="application/x-www-form-urlencoded"))


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"webhook_id=17", {}),
        (b"webhook_id=17", {"content_type": "application/json"}),
        (
            b"webhook_id=17",
            {"content_type": "application/x-www-form-urlencoded", "x_wc_webhook_topic": "product.updated"},
        ),
        (b"webhook_id=17&more=1", {"content_type": "application/x-www-form-urlencoded"}),
        (b"webhook_id=", {"content_type": "application/x-www-form-urlencoded"}),
        (b"webhook_id=17\n", {"content_type": "application/x-www-form-urlencoded"}),
        (b"", {"content_type": "application/x-www-form-urlencoded"}),
    ],
)
def test_nothing_else_is_a_greeting(body: bytes, headers: dict[str, str]) -> None:
    greeting = delivery(body, **headers)

    assert not Webhooks().is_greeting(greeting)
    with pytest.raises(InvalidSignature):
        Webhooks().verify(greeting, [SECRET])


def test_an_error_with_a_true_signature_says_what_to_do() -> None:
    body = base64.b64decode(vector("error-body")["body_base64"])

    with pytest.raises(Unreadable, match=r"error instead of a product: it was gone .* the next sweep finds it\."):
        Webhooks().read(delivery(body, x_wc_webhook_topic="product.updated"))
