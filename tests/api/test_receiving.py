"""Receiving over HTTP: what is stored, what is refused, and that nothing a stranger sends is our fault."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.main import create_app
from tests.api.conftest import CLIENT_SECRET, SHOP, Web, settings
from tests.fakes.serving import serving

BODY = b'{"id": 632910393, "title": "D\xc3\xa9cor \xe2\x80\x93 houten plank \xe2\x9c\x93"}\n'


def signed(
    body: bytes, *, topic: str = "products/update", secret: str = CLIENT_SECRET, event: str = "e1"
) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-Webhook-Id": event,
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        "Content-Type": "application/json",
    }


@pytest.fixture
async def address(web: Web, shop: str) -> str:
    answer = await web.install()
    assert answer.status_code == 201, answer.text
    return f"{web.url}/webhooks/shopify/{answer.json()['id']}"


async def deliveries(web: Web, address: str) -> list[dict[str, str]]:
    application_id = address.rsplit("/", 1)[-1]
    answer = await web.call("GET", f"/v1/applications/{application_id}/deliveries")
    items: list[dict[str, str]] = answer.json()["items"]
    return items


async def test_a_signed_delivery_is_stored_byte_for_byte(web: Web, address: str) -> None:
    answer = await web.client.post(address, content=BODY, headers=signed(BODY))
    assert (answer.status_code, answer.content) == (200, b"")
    (stored,) = await deliveries(web, address)
    assert (stored["topic"], stored["event_id"]) == ("products/update", "e1")
    whole = (await web.call("GET", f"/v1/deliveries/{stored['id']}")).json()
    assert whole["body"].encode() == BODY


async def test_a_redelivery_is_answered_like_the_first_and_stored_once(web: Web, address: str) -> None:
    answers = [await web.client.post(address, content=BODY, headers=signed(BODY)) for _ in range(3)]
    assert {each.status_code for each in answers} == {200}
    assert len(await deliveries(web, address)) == 1


async def test_a_wrong_signature_is_refused_and_nothing_is_stored(web: Web, address: str) -> None:
    answer = await web.client.post(address, content=BODY, headers=signed(BODY, secret="another"))
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/invalid-signature"
    assert await deliveries(web, address) == []


@pytest.mark.parametrize("position", [0, 10, len(BODY) - 1])
async def test_a_body_changed_by_a_byte_is_refused(web: Web, address: str, position: int) -> None:
    changed = bytearray(BODY)
    changed[position] ^= 1
    answer = await web.client.post(address, content=bytes(changed), headers=signed(BODY))
    assert answer.status_code == 401


async def test_an_unknown_application_is_not_found_whatever_its_id_looks_like(web: Web) -> None:
    for name in (str(uuid4()), "not-an-id", "1", "%00"):
        answer = await web.client.post(f"{web.url}/webhooks/shopify/{name}", content=BODY, headers=signed(BODY))
        assert answer.status_code == 404, name
    answer = await web.client.post(f"{web.url}/webhooks/nonsense/{uuid4()}", content=BODY, headers=signed(BODY))
    assert answer.status_code == 404


@pytest.mark.parametrize("announced", [True, False])
async def test_an_oversized_body_is_refused_before_it_is_hashed(web: Web, address: str, announced: bool) -> None:
    web.app.state.max_body_bytes = 1000
    large = b"x" * 2000

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    content = large if announced else chunks()
    answer = await web.client.post(address, content=content, headers={"X-Shopify-Hmac-Sha256": "AAAA"})
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/too-large"


async def test_a_database_that_is_away_is_a_503_that_says_when_to_come_back(database_url: str) -> None:
    app = create_app(settings("postgresql://nobody@127.0.0.1:1/nowhere"))
    async with serving(app) as url, httpx.AsyncClient(trust_env=False, timeout=10) as client:
        answer = await client.post(f"{url}/webhooks/shopify/{uuid4()}", content=BODY, headers=signed(BODY))
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert (await client.get(f"{url}/readyz")).status_code == 503
        assert (await client.get(f"{url}/healthz")).status_code == 200


async def test_unknown_topics_and_unreadable_bodies_are_kept_with_an_outcome(web: Web, address: str) -> None:
    for n, (topic, body) in enumerate([("shop/update", b"{}"), ("products/update", b"not json"), ("", b"")]):
        answer = await web.client.post(address, content=body, headers=signed(body, topic=topic, event=f"e{n}"))
        assert answer.status_code == 200, topic
    await web.work()
    outcomes = {each["event_id"]: each["outcome"] for each in await deliveries(web, address)}
    assert outcomes == {"e0": "ignored", "e1": "unreadable", "e2": "ignored"}


async def test_a_paused_application_takes_deliveries(web: Web, address: str) -> None:
    application_id = address.rsplit("/", 1)[-1]
    await web.call("POST", f"/v1/applications/{application_id}/pause")
    assert (await web.client.post(address, content=BODY, headers=signed(BODY))).status_code == 200


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
async def test_compliance_topics_come_to_the_apps_own_address(web: Web, address: str, topic: str) -> None:
    body = json.dumps({"shop_id": 1, "shop_domain": SHOP}).encode()
    url = f"{web.url}/webhooks/shopify"
    assert (await web.client.post(url, content=body, headers=signed(body, topic=topic))).status_code == 200
    assert (await web.client.post(url, content=body + b" ", headers=signed(body, topic=topic))).status_code == 401
    await web.work()
    assert [each["outcome"] for each in await deliveries(web, address)] == ["ignored"]


async def test_a_compliance_notice_about_a_shop_nobody_installed_is_accepted(web: Web) -> None:
    body = json.dumps({"shop_id": 1, "shop_domain": "stranger.myshopify.com"}).encode()
    answer = await web.client.post(
        f"{web.url}/webhooks/shopify", content=body, headers=signed(body, topic="shop/redact")
    )
    assert answer.status_code == 200


async def test_garbage_never_is_our_fault(web: Web, address: str) -> None:
    # What HTTP lets a client send: anything but controls, without white space at the ends.
    header = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]), max_size=40)
    header = header.map(lambda text: text.encode("latin-1").strip().decode("latin-1"))

    @given(body=st.binary(max_size=300), topic=header, event=header, signature=st.one_of(st.none(), header))
    @hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def never_5xx(body: bytes, topic: str, event: str, signature: str | None) -> None:
        headers = signed(body) | {"X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": event}
        if signature is not None:
            headers["X-Shopify-Hmac-Sha256"] = signature
        sent.append((body, [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]))

    sent: list[tuple[bytes, list[tuple[bytes, bytes]]]] = []
    never_5xx()
    for body, headers in sent:
        answer = await web.client.post(address, content=body, headers=headers)
        assert answer.status_code in (200, 400, 401), (body, headers)
    await web.work()
    assert "waiting" not in {each["outcome"] or "waiting" for each in await deliveries(web, address)}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_notices_of_removals_are_taken_like_any_other_delivery(web: Web, address: str, method: str) -> None:
    body = b"" if method == "GET" else json.dumps({"shop_domain": SHOP}).encode()
    url = f"{web.url}/uninstall/shopify?shop={SHOP}"
    headers = signed(body, topic="app/uninstalled")
    assert (await web.client.request(method, url, content=body, headers=headers)).status_code == 200
    wrong = signed(body, topic="app/uninstalled", secret="another")
    assert (await web.client.request(method, url, content=body, headers=wrong)).status_code == 401
    assert (await web.client.request(method, f"{web.url}/uninstall/nonsense")).status_code == 404
    (stored,) = await deliveries(web, address)
    assert stored["topic"] == "app/uninstalled"
