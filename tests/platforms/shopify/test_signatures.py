import base64
import json
from typing import Any

import pytest

from app.domain.errors import InvalidSignature
from app.platforms.adapter import Secret
from app.platforms.shopify.webhooks import Webhooks
from tests.platforms.samples import ROOT, Sample, delivery, samples

VECTORS: list[dict[str, Any]] = [
    each
    for each in json.loads((ROOT / "signature-vectors.json").read_text())["vectors"]
    if each["platform"] == "shopify" and each["kind"] == "webhook"
]
RECORDED = samples("shopify")
SECRET = Secret(b"test-shopify-client-secret")


def test_there_are_vectors_to_accept_and_to_refuse() -> None:
    assert {each["valid"] for each in VECTORS} == {True, False}


@pytest.mark.parametrize("vector", VECTORS, ids=[each["id"] for each in VECTORS])
def test_agrees_with_signatures_computed_elsewhere(vector: dict[str, Any]) -> None:
    secrets = [Secret(each.encode()) for each in vector.get("secrets_accepted", [vector["secret"]])]
    signed = delivery(base64.b64decode(vector["body_base64"]), **{vector["header"].lower(): vector["expected"]})

    if vector["valid"]:
        Webhooks().verify(signed, secrets)
    else:
        with pytest.raises(InvalidSignature):
            Webhooks().verify(signed, secrets)


@pytest.mark.parametrize("sample", RECORDED, ids=[each.case for each in RECORDED])
def test_accepts_the_signature_that_a_sample_came_with(sample: Sample) -> None:
    Webhooks().verify(sample.delivery, [SECRET])


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "m5d4IPWr8V5x4AjEQ1Zx9B4XhTH0djHvMlS5tgxk2D8",
        "m5d4IPWr8V5x4AjEQ1Zx9B4XhTH0djHvMlS5tgxk2D8=\n",
        "m5d4IPWr8V5x4AjEQ1Zx9B4XhTH0djHvMlS5tgxk2D8= ",
        "sha256=m5d4IPWr8V5x4AjEQ1Zx9B4XhTH0djHvMlS5tgxk2D8=",
        "m5d4IPWr8V5x4AjEQ1Zx9B4XhTH0djHvMlS5tgxk",
    ],
)
def test_refuses_a_signature_written_in_any_other_way(written: str) -> None:
    body = base64.b64decode(next(each for each in VECTORS if each["id"] == "shopify-webhook-1")["body_base64"])

    with pytest.raises(InvalidSignature):
        Webhooks().verify(delivery(body, x_shopify_hmac_sha256=written), [SECRET])


def test_an_events_delivery_is_judged_by_its_own_signature_alone() -> None:
    signed = Webhooks().sign(delivery(b"{}"), SECRET)
    both = delivery(b"{}", **signed.headers, shopify_hmac_sha256="bm9uc2Vuc2U=")

    with pytest.raises(InvalidSignature):
        Webhooks().verify(both, [SECRET])
