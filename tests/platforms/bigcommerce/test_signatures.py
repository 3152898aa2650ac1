import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.errors import InvalidSignature
from app.domain.event import Uninstalled
from app.domain.http import Delivery
from app.domain.structs import replace
from app.platforms.adapter import Secret
from app.platforms.bigcommerce.webhooks import Webhooks
from app.sandbox.bigcommerce.signing import token
from tests.platforms.samples import ROOT, Sample, delivery, samples

VECTORS: list[dict[str, Any]] = [
    each
    for each in json.loads((ROOT / "signature-vectors.json").read_text())["vectors"]
    if each["platform"] == "bigcommerce"
]
RECORDED = samples("bigcommerce")
SIGNED = [each for each in RECORDED if "webhook-signature" in each.delivery.headers]
SECRET = Secret(b"test-bigcommerce-client-secret")
ADDRESS = Secret(b"the-end-of-the-address")
AT = 1795190500


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [each for each in VECTORS if each["kind"] == kind]


def webhook(vector: dict[str, Any]) -> Delivery:
    headers = {**vector["headers"], vector["header"]: vector["expected"]}
    made = delivery(base64.b64decode(vector["body_base64"]), **headers)
    return replace(made, received_at=datetime.fromtimestamp(vector["clock_unix"], UTC))


def call(signed: str, at: int = AT) -> Delivery:
    url = f"https://service.example/uninstall/bigcommerce?signed_payload_jwt={signed}"
    return Delivery(method="GET", url=url, headers={}, body=b"", received_at=datetime.fromtimestamp(at, UTC))


def claims(**changes: object) -> dict[str, object]:
    return {"iss": "bc", "nbf": AT - 5, "exp": AT + 86_400, "jti": "one", "sub": "stores/abc123", **changes}


def test_there_are_vectors_of_every_kind_to_accept_and_to_refuse() -> None:
    for kind in ("webhook", "signed_payload_jwt"):
        assert {each["valid"] for each in of_kind(kind)} == {True, False}


@pytest.mark.parametrize("vector", of_kind("webhook"), ids=lambda each: each["id"])
def test_agrees_with_signatures_of_webhooks_computed_elsewhere(vector: dict[str, Any]) -> None:
    secret = Secret(vector["secret"].encode())

    if vector["valid"]:
        Webhooks().verify(webhook(vector), [ADDRESS, secret])
    else:
        with pytest.raises(InvalidSignature):
            Webhooks().verify(webhook(vector), [ADDRESS, secret])


@pytest.mark.parametrize("vector", of_kind("signed_payload_jwt"), ids=lambda each: each["id"])
def test_agrees_with_signatures_of_calls_computed_elsewhere(vector: dict[str, Any]) -> None:
    made, secret = call(vector["expected"], vector["clock_unix"]), Secret(vector["secret"].encode())

    if vector["valid"]:
        Webhooks().verify(made, [ADDRESS, secret])
        assert Webhooks().shop_of(made) == vector["claims"]["sub"].removeprefix("stores/")
        assert Webhooks().identify(made) == (vector["claims"]["jti"], "uninstall")
        assert Webhooks().read(made) == (Uninstalled(),)
    else:
        with pytest.raises(InvalidSignature):
            Webhooks().verify(made, [ADDRESS, secret])


@pytest.mark.parametrize("vector", of_kind("header_token"), ids=lambda each: each["id"])
def test_what_bigcommerce_would_send_in_a_header_of_ours_proves_an_address_and_no_header(
    vector: dict[str, Any],
) -> None:
    """Headers are kept with a delivery, so nothing that is secret may be in them."""
    secret, unsigned = Secret(vector["secret"].encode()), delivery(b"{}", **{vector["header"]: vector["expected"]})

    Webhooks().verify(replace(unsigned, token=vector["expected"]), [secret])
    with pytest.raises(InvalidSignature):
        Webhooks().verify(unsigned, [secret])


@pytest.mark.parametrize("sample", SIGNED, ids=[each.case for each in SIGNED])
def test_accepts_the_signature_that_a_sample_came_with(sample: Sample) -> None:
    Webhooks().verify(sample.delivery, [SECRET])
    Webhooks().verify(replace(sample.delivery, token=ADDRESS.value.decode()), [SECRET, ADDRESS])


def test_a_secret_address_proves_what_is_not_signed_and_nothing_that_is_signed_wrongly() -> None:
    at_address = replace(delivery(b"{}"), token=ADDRESS.value.decode())
    Webhooks().verify(at_address, [ADDRESS, SECRET])

    signed_by_another = Webhooks().sign(at_address, Secret(b"another"))
    with pytest.raises(InvalidSignature, match="client secret"):
        Webhooks().verify(replace(signed_by_another, token=at_address.token), [ADDRESS, SECRET])


def test_another_address_is_refused_however_it_is_signed() -> None:
    with pytest.raises(InvalidSignature, match="address"):
        Webhooks().verify(replace(SIGNED[0].delivery, token="another"), [ADDRESS, SECRET])


def test_a_webhook_that_is_tried_for_two_days_is_accepted_at_its_secret_address() -> None:
    late = replace(SIGNED[0].delivery, received_at=SIGNED[0].delivery.received_at + timedelta(days=2))

    Webhooks().verify(replace(late, token=ADDRESS.value.decode()), [ADDRESS, SECRET])
    with pytest.raises(InvalidSignature, match="another time"):
        Webhooks().verify(late, [ADDRESS, SECRET])


@pytest.mark.parametrize(
    "signature", ["", "v1", "v1,", "v1,é", "v2,AAAA", ",", "v1,AAAA v1,", "v1," + "A" * 44, "v1,====", "\x00"]
)
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    made = replace(SIGNED[0].delivery, headers={**SIGNED[0].delivery.headers, "webhook-signature": signature})

    with pytest.raises(InvalidSignature):
        Webhooks().verify(made, [SECRET])


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
@pytest.mark.parametrize("value", [None, "", "1795186894", "soon", "9" * 400, "٣"])
def test_what_is_signed_beside_the_body_is_proven_too(name: str, value: str | None) -> None:
    headers = {each: told for each, told in SIGNED[0].delivery.headers.items() if each != name}
    made = replace(SIGNED[0].delivery, headers=headers if value is None else {**headers, name: value})

    with pytest.raises(InvalidSignature):
        Webhooks().verify(made, [SECRET])


@pytest.mark.parametrize(
    "signed",
    [
        "",
        "a.b",
        "..",
        "é.é.é",
        token("another", claims()),
        token("", claims()),
        token(SECRET.value.decode(), claims(iss="someone")),
        token(SECRET.value.decode(), claims(nbf=AT + 100)),
        token(SECRET.value.decode(), claims(exp=AT - 100)),
        token(SECRET.value.decode(), claims(exp="never")),
        token(SECRET.value.decode(), claims(exp=10**400)),
        token(SECRET.value.decode(), {}),
        token(SECRET.value.decode(), claims()) + "&signed_payload_jwt=" + token(SECRET.value.decode(), claims()),
    ],
    ids=range(13),
)
def test_a_call_that_does_not_prove_itself_is_refused(signed: str) -> None:
    with pytest.raises(InvalidSignature):
        Webhooks().verify(call(signed), [SECRET])
    assert all(each.isprintable() and each for each in Webhooks().identify(call(signed)))


def test_two_removals_are_two_events_and_one_that_is_told_twice_is_one() -> None:
    first, second = (call(token("x", claims(jti=each))) for each in ("one", "two"))

    assert Webhooks().identify(first) == Webhooks().identify(
        replace(first, received_at=first.received_at + timedelta(1))
    )
    assert Webhooks().identify(first) != Webhooks().identify(second)


@pytest.mark.parametrize("sub", ["stores/../x", "abc/123", "", None, 7, "stores/ABC123"])
def test_a_call_of_no_store_is_about_none(sub: object) -> None:
    assert Webhooks().shop_of(call(token("x", claims(sub=sub)))) is None


def test_a_webhook_names_its_store_and_is_told_apart_by_its_hash() -> None:
    first = SIGNED[0].delivery
    told = json.loads(first.body)
    doubled = replace(first, body=json.dumps(told, indent=1).encode(), headers={})
    another = replace(first, body=json.dumps({**told, "hash": "f" * 40}).encode())

    assert Webhooks().shop_of(first) == "abc123"
    assert Webhooks().identify(first) == Webhooks().identify(doubled)
    assert Webhooks().identify(first) != Webhooks().identify(another)
    # It is no id to keep: two changes in one second may share it.
    assert Webhooks().identify(first)[0].startswith("same:")
