"""Apps: the registration as an app's server sees it that knows nothing of the service."""

import base64
import hashlib
import hmac
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import httpx
import pytest

from app.sandbox.shop.sandbox import Impossible
from app.sandbox.shopware.apps import Apps
from app.sandbox.shopware.manifest import read
from app.sandbox.shopware.sandbox import Sandbox
from tests.sandbox.controls import Thing
from tests.sandbox.receiver import Receiver
from tests.sandbox.shopware.standin import SHOP, StandIn

NAME, APP_SECRET = "TestApp", "app-secret"
SHOP_SECRETS = ["1" * 64, "2" * 64]


def manifest(webhooks: str = "", *, name: str = NAME, license_: str = "MIT", more: str = "") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest><meta><name>{name}</name><label>Test</label><author>A</author><copyright>c</copyright>
<version>1.0.0</version><license>{license_}</license></meta>
<setup><registrationUrl>https://app.example/register?state=s%20t</registrationUrl><secret>{APP_SECRET}</secret></setup>
<permissions><read>product</read></permissions><webhooks>{webhooks}</webhooks>{more}</manifest>"""


def packed(text: str, folder: str = NAME) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr(f"{folder}/manifest.xml", text)
    return into.getvalue()


def uploaded(text: str, **more: object) -> Thing:
    return {"archive": base64.b64encode(packed(text)).decode(), **more}


def signed(message: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


@dataclass
class Server:
    """The app's server. ``spoil`` may change its answer to a registration."""

    calls: list[httpx.Request] = field(default_factory=list)
    spoil: Callable[[Thing], object] = lambda told: told
    confirms: int = 204

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        if request.method == "POST":
            return httpx.Response(self.confirms, json={"error": "not now"} if self.confirms >= 400 else None)
        query = dict(parse_qsl(request.url.query.decode()))
        proof = signed(f"{query['shop-id']}{query['shop-url']}{NAME}".encode(), APP_SECRET)
        secret = SHOP_SECRETS[sum(each.method == "GET" for each in self.calls) - 1]
        told = {"proof": proof, "secret": secret, "confirmation_url": "https://app.example/confirm"}
        return httpx.Response(200, json=self.spoil(told))


@pytest.fixture
def server(sandbox: Sandbox) -> Server:
    server = Server()
    sandbox.apps = Apps(sandbox.shops, httpx.MockTransport(server))
    return server


async def test_a_shop_registers_with_a_signature_and_confirms_with_its_keys(shopware: StandIn, server: Server) -> None:
    shop = await shopware.do("POST", "/app", uploaded(manifest()))
    registration, confirmation = server.calls

    raw = registration.url.query
    assert raw.startswith(b"state=s%20t&shop-id=")
    assert f"shop-url=https://{SHOP}&".encode() in raw
    assert registration.headers["shopware-app-signature"] == signed(raw, APP_SECRET)
    assert "shopware-shop-signature" not in registration.headers
    assert confirmation.headers["shopware-shop-signature"] == signed(confirmation.content, SHOP_SECRETS[0])
    assert "shopware-shop-signature-previous" not in confirmation.headers
    told = json.loads(confirmation.content)
    assert (told["shopId"], told["shopUrl"]) == (shop["shop_id"], f"https://{SHOP}")
    await shopware.log_in(told["apiKey"], told["secretKey"])
    assert (await shopware.search())["data"] == []


async def test_a_key_works_only_while_the_app_is_active(shopware: StandIn, server: Server) -> None:
    await shopware.do("POST", "/app", uploaded(manifest(), activate=False))
    told = json.loads(server.calls[-1].content)
    assert (await shopware.ask_token(told["apiKey"], told["secretKey"])).status_code == 401

    await shopware.do("POST", "/app/activate")
    assert (await shopware.ask_token(told["apiKey"], told["secretKey"])).status_code == 200
    await shopware.do("POST", "/app/deactivate")
    assert (await shopware.ask_token(told["apiKey"], told["secretKey"])).status_code == 401


async def test_an_app_may_do_what_its_manifest_asks_for(shopware: StandIn, server: Server) -> None:
    await shopware.do("POST", "/app", uploaded(manifest()))
    told = json.loads(server.calls[-1].content)
    await shopware.log_in(told["apiKey"], told["secretKey"])

    assert (await shopware.refused("currency"))[0] == 403


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: {**told, "proof": "0" * 64},
        lambda told: {**told, "secret": "short"},
        lambda _: {"error": "not you"},
        lambda _: [],
        lambda told: {name: value for name, value in told.items() if name != "confirmation_url"},
    ],
)
async def test_a_registration_that_fails_leaves_no_app_behind(
    shopware: StandIn, server: Server, spoil: Callable[[Thing], object]
) -> None:
    server.spoil = spoil
    await shopware.do("POST", "/app", uploaded(manifest()), status=422)

    assert (await shopware.do("GET", ""))["app"] is None
    assert len(server.calls) == 1


async def test_a_confirmation_that_is_refused_leaves_no_app_behind(shopware: StandIn, server: Server) -> None:
    server.confirms = 401
    await shopware.do("POST", "/app", uploaded(manifest()), status=422)

    assert (await shopware.do("GET", ""))["app"] is None


async def test_registering_again_is_signed_twice_and_needs_another_secret(shopware: StandIn, server: Server) -> None:
    await shopware.do("POST", "/app", uploaded(manifest()))
    await shopware.do("POST", "/app/register-again", {"url": "https://moved.example/"})
    registration, confirmation = server.calls[2:]

    assert registration.headers["shopware-shop-signature"] == signed(registration.url.query, SHOP_SECRETS[0])
    assert confirmation.headers["shopware-shop-signature"] == signed(confirmation.content, SHOP_SECRETS[1])
    assert confirmation.headers["shopware-shop-signature-previous"] == signed(confirmation.content, SHOP_SECRETS[0])
    assert json.loads(confirmation.content)["shopUrl"] == "https://moved.example/"

    server.spoil = lambda told: {**told, "secret": SHOP_SECRETS[1]}
    SHOP_SECRETS.append("3" * 64)
    await shopware.do("POST", "/app/register-again", {}, status=422)
    SHOP_SECRETS.pop()


async def test_an_apps_webhooks_are_signed_and_nobody_may_change_them(
    shopware: StandIn, server: Server, receiver: Receiver
) -> None:
    hook = f'<webhook name="p" url="{receiver.url}" event="product.written"/>'
    await shopware.do("POST", "/app", uploaded(manifest(hook)))
    await shopware.add()
    (got,) = await receiver.until(1)

    assert got.headers["shopware-shop-signature"] == signed(got.content, SHOP_SECRETS[0])
    assert got.body["source"].keys() == {"url", "appVersion", "shopId", "eventId"}
    (ours,) = await shopware.webhooks()
    assert (await shopware.call("PATCH", f"/webhook/{ours['id']}", {"active": False})).status_code == 400


async def test_only_what_is_about_the_app_is_sent_while_it_is_inactive(
    shopware: StandIn, server: Server, receiver: Receiver
) -> None:
    events = ("product.written", "app.activated", "app.deactivated")
    hooks = "".join(f'<webhook name="{each}" url="{receiver.url}" event="{each}"/>' for each in events)
    await shopware.do("POST", "/app", uploaded(manifest(hooks)))
    await receiver.until(1)
    await shopware.do("POST", "/app/deactivate")
    await shopware.add()
    await shopware.quiet()

    assert [each.body["data"]["event"] for each in receiver.received] == ["app.activated", "app.deactivated"]


async def test_the_removal_of_the_app_is_told_once_and_its_keys_end(
    shopware: StandIn, server: Server, receiver: Receiver
) -> None:
    hook = f'<webhook name="gone" url="{receiver.url}" event="app.deleted"/>'
    await shopware.do("POST", "/app", uploaded(manifest(hook)))
    receiver.statuses = [500]
    await shopware.do("DELETE", "/app")
    (got,) = await receiver.until(1)
    await shopware.quiet()

    assert got.headers["shopware-shop-signature"] == signed(got.content, SHOP_SECRETS[0])
    assert got.body["data"] == {"payload": [], "event": "app.deleted"}
    assert len(receiver.received) == 1
    told = json.loads(server.calls[-1].content)
    assert (await shopware.ask_token(told["apiKey"], told["secretKey"])).status_code == 401
    assert await shopware.webhooks() == []
    await shopware.do("DELETE", "/app", status=404)


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"PK",
        packed(manifest(), folder="Another"),
        packed("<manifest"),
        packed("<other/>"),
        packed(manifest(name="test-app"), folder="test-app"),
        packed(manifest(license_="")),
        packed(manifest(more="<requirements/>")),
        packed(manifest('<webhook name="p" url="https://x" event="product.written" onlyLiveVersion="true"/>')),
        packed(manifest('<webhook name="p" url="https://x" event="not an event"/>')),
        packed(manifest().replace("<read>", "<crud>").replace("</read>", "</crud>")),
    ],
)
def test_an_archive_that_older_shops_would_refuse_is_refused(archive: bytes) -> None:
    with pytest.raises(Impossible):
        read(archive)
