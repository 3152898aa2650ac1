import base64
import json
from typing import Any

import pytest

from app.domain.errors import InvalidSignature
from app.domain.structs import replace
from app.platforms.adapter import Secret
from app.platforms.shopware.webhooks import Webhooks
from tests.platforms.samples import ROOT, Sample, delivery, samples

VECTORS: list[dict[str, Any]] = [
    each
    for each in json.loads((ROOT / "signature-vectors.json").read_text())["vectors"]
    if each["platform"] == "shopware" and each["kind"] == "webhook"
]
SIGNED = [each for each in samples("shopware") if "shopware-shop-signature" in each.delivery.headers]
SECRET = Secret(b"test-shopware-shop-secret-0123456789-0123456789-0123456789-0123456789")


def test_there_are_vectors_to_accept_and_to_refuse() -> None:
    assert {each["valid"] for each in VECTORS} == {True, False}


@pytest.mark.parametrize("vector", VECTORS, ids=[each["id"] for each in VECTORS])
def test_agrees_with_signatures_computed_elsewhere(vector: dict[str, Any]) -> None:
    signed = delivery(base64.b64decode(vector["body_base64"]), **{vector["header"]: vector["expected"]})

    if vector["valid"]:
        Webhooks().verify(signed, [Secret(vector["secret"].encode())])
    else:
        with pytest.raises(InvalidSignature):
            Webhooks().verify(signed, [Secret(vector["secret"].encode())])


@pytest.mark.parametrize("sample", SIGNED, ids=[each.case for each in SIGNED])
def test_accepts_the_signature_that_a_sample_came_with(sample: Sample) -> None:
    Webhooks().verify(sample.delivery, [SECRET])


@pytest.mark.parametrize(
    "written", ["", " ", "zz", "b8cb8d", "b8cb8d2893e65a803e1251f4ed7768bf89c61b21346cb1c397dca4a73e4a988a\n"]
)
def test_refuses_a_signature_written_in_any_other_way(written: str) -> None:
    body = base64.b64decode(VECTORS[0]["body_base64"])

    with pytest.raises(InvalidSignature):
        Webhooks().verify(delivery(body, shopware_shop_signature=written), [SECRET])


def test_a_secret_address_needs_no_signature() -> None:
    Webhooks().verify(replace(delivery(b"{}"), token="address-token"), [Secret(b"other"), Secret(b"address-token")])


@pytest.mark.parametrize("token", ["another", "address-toke", "address-token2", "ünsigned", "\ud800"])
def test_another_address_is_refused(token: str) -> None:
    with pytest.raises(InvalidSignature):
        Webhooks().verify(replace(delivery(b"{}"), token=token), [Secret(b"address-token"), Secret(b"")])


def test_another_address_is_refused_even_with_a_signature() -> None:
    signed = Webhooks().sign(delivery(b"{}"), SECRET)

    with pytest.raises(InvalidSignature):
        Webhooks().verify(replace(signed, token="another"), [SECRET])
