"""No secret is shown anywhere: a whole life with secrets that can be told by sight, and every output of it searched.

Searched are logs of every level, tracebacks of bugs, answers of every kind, the OpenAPI document, metrics, every row of
the database, and how objects look in a debugger.
"""

import asyncio
import base64
import io
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import structlog
from sqlalchemy import make_url

from app.domain.ids import ApplicationId
from app.flows.receive_delivery import Reception
from app.flows.webhook_secret import CHOSEN
from app.ports import Budget, Marketplace
from app.store.database import PostgresStore
from app.worker import Worker
from tests.api.conftest import CLIENT_SECRET, ORDERCHAMP_TOKEN, SHOP, SHOP_TOKEN, Web, town
from tests.api.test_receiving import BODY, signed
from tests.fakes.canaries import leaks, represented, stored
from tests.fakes.serving import serving
from tests.fakes.shop import FakeShop, delivery, product

VAULT_KEY = base64.b64encode(b"canary of the vault, 32 letters.").decode()
AUTHORIZATION, COOKIE = "authorization-canary", "cookie-canary"
SECRETS = {
    "the shop's token": SHOP_TOKEN,
    "a refused token of the shop": "shpat_refused_canary",
    "a token that the shop quotes": "shpat_quoted_canary",
    "the client secret of the shop's own app": "shpss_own_canary",
    "our client secret": CLIENT_SECRET,
    "the Orderchamp token": ORDERCHAMP_TOKEN,
    "a refused Orderchamp token": "orderchamp-refused-canary",
    "an API key": "key-admin",
    "an API key that is not known": "key-unknown-canary",
    "the vault key": VAULT_KEY,
    "the key of the vault itself": "canary of the vault, 32 letters.",
    "the database's password": "database-password-canary",
    "a caller's own authorization": AUTHORIZATION,
    "a caller's cookie": COOKIE,
    "the token of the fake shop": "fake-token-canary",
}


@dataclass
class Town:
    """The town, and all that it showed so far."""

    web: Web
    logs: io.StringIO
    answers: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=lambda: dict(SECRETS))

    @property
    def store(self) -> PostgresStore:
        store = self.web.services.store
        assert isinstance(store, PostgresStore)
        return store

    async def listen(self, answer: httpx.Response) -> None:
        if str(answer.url).startswith(self.web.url):
            await answer.aread()
            self.answers.append(f"{answer.status_code} {list(answer.headers.items())} {answer.text}")

    async def shown(self) -> Mapping[str, str]:
        return {
            "a log": self.logs.getvalue(),
            "an answer": "\n".join(self.answers),
            "the database": await stored(self.store),
            "a repr": represented(),
        }

    async def execute(self, statement: str) -> None:
        async with self.store.pool.transaction() as connection:
            await connection.execute(statement)

    async def logged(self, event: str) -> None:
        """Wait until this was logged."""
        async with asyncio.timeout(30):
            while f'"{event}"' not in self.logs.getvalue():  # noqa: ASYNC110 - the log is another one's
                await asyncio.sleep(0.01)


@pytest.fixture
async def life(database_url: str) -> AsyncIterator[Town]:
    url = make_url(database_url).set(password=SECRETS["the database's password"])
    async with town(
        url.render_as_string(hide_password=False), vault_keys=f"canary:{VAULT_KEY}", log_level="debug"
    ) as web:
        logs = io.StringIO()
        (handler,) = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
        handler.setStream(logs)
        lives = Town(web, logs)
        web.client.event_hooks["response"] = [lives.listen]
        await web.client.put(
            f"{web.shopify}/_sandbox/shops/{SHOP}",
            json={"token": SHOP_TOKEN, "catalogue": "sample", "app_url": web.url},
        )
        yield lives


async def look_everywhere(town: Town) -> None:
    """Ask every route that only reads for everything that it knows, with every kind of key and without one."""
    web = town.web
    application = (await web.call("GET", "/v1/applications")).json()["items"][0]["id"]
    of = f"/v1/applications/{application}"
    deliveries = (await web.call("GET", f"{of}/deliveries")).json()["items"]
    source = (await web.call("GET", f"{of}/products")).json()["items"][0]["source_id"]
    replay = (await web.call("POST", "/v1/replays", {"application_id": application})).json()["id"]
    imported = (await web.call("POST", f"{of}/imports")).json()["id"]
    for path in (
        *("/openapi.json", "/docs", "/healthz", "/readyz", "/metrics", "/v1/applications", "/v1/replays"),
        *(of, f"{of}/deliveries", f"{of}/products", f"{of}/problems", f"{of}/imports/{imported}"),
        *(f"{of}/products/{source}", f"{of}/products/{source}/timeline", f"/v1/replays/{replay}"),
        *(f"/v1/deliveries/{each['id']}" for each in deliveries),
        "/v1/suppliers/oak-and-ash/applications",
    ):
        for key in ("admin", "read", "bound", None, SECRETS["an API key that is not known"]):
            await web.call("GET", path, key=key)


async def be_refused(town: Town) -> None:
    """Ask for what is refused, with secrets in every place where they can be given."""
    web = town.web
    refused_shop, refused_orderchamp = SECRETS["a refused token of the shop"], SECRETS["a refused Orderchamp token"]
    for changes, status in (
        ({"credentials": {"access_token": refused_shop}}, 422),
        ({"orderchamp": {"token": refused_orderchamp}}, 422),
        ({"credentials": refused_shop}, 422),
        ({"credentials": {"access_token": SHOP_TOKEN, "unknown": refused_shop}}, 422),
        ({"orderchamp": refused_orderchamp, "settings": {"price_kind": refused_shop}}, 422),
        ({"shop": refused_shop + " !"}, 422),
    ):
        assert (await web.install(changes=changes)).status_code == status, changes
    headers = {"Authorization": f"Bearer {web.keys['admin']}", "Content-Type": "application/json"}
    for content in (f'{{"credentials": "{refused_shop}'.encode(), refused_shop.encode() + b"\xff"):
        answer = await web.client.post(f"{web.url}/v1/suppliers/x/applications", content=content, headers=headers)
        assert answer.status_code == 422
    await web.call("GET", f"/v1/applications?cursor={refused_shop}&state={refused_shop}")


async def deliver(town: Town, application: str) -> None:
    """Deliver what is kept and what is refused, with secrets in the headers."""
    address = f"{town.web.url}/webhooks/shopify/{application}"
    own = {
        "Authorization": f"Bearer {AUTHORIZATION}",
        "Cookie": f"session={COOKIE}",
    }
    for n, (content, headers) in enumerate(
        (
            (BODY, signed(BODY, event="kept")),
            (b"not JSON", signed(b"not JSON", event="unreadable")),
            (BODY, signed(BODY, secret="wrong", event="forged")),
            (BODY, signed(BODY, event="removed", topic="app/uninstalled")),
        )
    ):
        await town.web.client.post(address, content=content, headers={**headers, **own, "X-N": str(n)})
    await town.web.client.post(f"{town.web.url}/webhooks/shopify", content=BODY, headers={**signed(BODY), **own})


async def change_credentials(town: Town, application: str) -> None:
    """Bring new credentials: some that work, some that do not, and some that the shop quotes when it refuses them."""
    web, path = town.web, f"/v1/applications/{application}"
    own = {"access_token": SHOP_TOKEN, "client_secret": SECRETS["the client secret of the shop's own app"]}
    assert (await web.call("PATCH", path, {"credentials": own})).status_code == 200
    quoted = {"credentials": {"access_token": SECRETS["a token that the shop quotes"]}}

    async def quoting(scope: Any, receive: Any, send: Any) -> None:
        sent = {name.decode(): value.decode() for name, value in scope["headers"]}
        told = json.dumps({"errors": [{"message": f"I do not like {sent}"}]}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(told))]})
        await send({"type": "http.response.body", "body": told})

    before = web.services
    async with serving(quoting) as elsewhere:
        web.app.state.services = replace(before, shop_url=lambda _, __: elsewhere)
        answer = await web.call("PATCH", path, quoted)
        web.app.state.services = before
    assert (answer.status_code, "I do not like" in answer.text) == (422, True)


async def live_with_a_secret_address(town: Town) -> None:
    """Install a shop that signs nothing: the secret is in the address at which it delivers."""
    web = town.web
    shop = FakeShop(token=SECRETS["the token of the fake shop"], secret_kind="address")
    shop.put(product("1"))
    before = web.services
    services = replace(
        before,
        adapters={**web.services.adapters, "fake": shop.adapter()},
        shop_url=lambda platform, name: f"https://{name}" if platform == "fake" else before.shop_url(platform, name),
    )
    web.app.state.services, web.app.state.reception = services, Reception(services)
    given = {"platform": "fake", "shop": "fake.example", "credentials": {"token": shop.token}}
    answer = await web.install(changes=given)
    assert answer.status_code == 201, answer.text
    application = answer.json()["id"]
    await web.work()
    async with town.store.transaction() as tx:
        secret = (await tx.vault.get(application))[CHOSEN]
    town.secrets["the secret in an address"] = secret
    address = next(iter(shop.subscriptions.values())).address
    assert address is not None
    assert secret in address
    sent = delivery(product("1", at=1))
    headers = {name: value for name, value in sent.headers.items() if name != "signature"}
    assert (await web.client.post(address, content=sent.body, headers=headers)).status_code == 200
    assert (await web.client.post(address + "x", content=sent.body, headers=headers)).status_code == 401
    await web.work()
    await web.call("GET", f"/v1/applications/{application}")
    await ring(town, application)


async def ring(town: Town, application: str) -> None:
    """Ring as Orderchamp does, at the address that only it was given, and as somebody who guesses."""
    async with town.store.transaction() as tx:
        found = await tx.applications.one(ApplicationId(UUID(application)))
        assert found is not None
        secret = (await tx.vault.get(f"account/{found.account_id}"))[CHOSEN]
    town.secrets["the address at which Orderchamp rings"] = secret
    for end, status in ((secret, 200), (secret[:-1], 404)):
        answer = await town.web.client.post(f"{town.web.url}/webhooks/orderchamp/{end}", content=b"{}")
        assert answer.status_code == status


class Broken:
    """Marketplaces with a bug, which comes up while the token is at hand."""

    def open(self, token: str, budget: Budget) -> Marketplace:
        request = {"headers": {"Authorization": f"Bearer {token}"}, "budget": budget}
        raise ZeroDivisionError(len(request))


async def meet_bugs(town: Town, application: str) -> None:
    """Bugs in a lane, in a route and in the database, and secrets that cannot be opened any more."""
    web = town.web
    sound = web.services
    services = replace(sound, marketplaces=Broken(), pace=replace(sound.pace, retry_scale=0.001))
    worker = Worker(services, town.store, slots=1, look=timedelta(seconds=1))
    running = asyncio.create_task(worker.run())
    await web.call("POST", f"/v1/applications/{application}/imports")
    await town.logged("lane_failed")
    worker.stop()
    await running
    await town.execute("ALTER TABLE secret ADD CONSTRAINT none CHECK (field <> 'orderchamp.token') NOT VALID")
    change = {"orderchamp": {"token": ORDERCHAMP_TOKEN}}
    assert (await web.call("PATCH", f"/v1/applications/{application}", change)).status_code == 500
    await town.execute("ALTER TABLE delivery ADD CONSTRAINT none CHECK (event_id <> 'impossible') NOT VALID")
    await web.client.post(
        f"{web.url}/webhooks/shopify/{application}", content=BODY, headers=signed(BODY, event="impossible")
    )
    await town.execute("UPDATE secret SET ciphertext = nonce WHERE field <> 'orderchamp.token'")
    web.app.state.reception = Reception(sound)
    answer = await web.client.post(f"{web.url}/webhooks/shopify/{application}", content=BODY, headers=signed(BODY))
    assert answer.status_code == 503
    await town.logged("secret_unreadable")


async def test_no_secret_is_shown_anywhere(life: Town) -> None:
    web = life.web
    await be_refused(life)
    answer = await web.install()
    assert answer.status_code == 201, answer.text
    application = answer.json()["id"]
    await web.work()
    await deliver(life, application)
    await web.work()
    await change_credentials(life, application)
    await web.work()
    await look_everywhere(life)
    await web.work()
    await look_everywhere(life)
    await live_with_a_secret_address(life)
    await meet_bugs(life, application)
    await look_everywhere(life)
    shown = await life.shown()
    for where, sign in {
        "a log": "Traceback",
        "an answer": "oca_deliveries_total",
        "the database": "delivery_body",
        "a repr": "Settings(",
    }.items():
        assert sign in shown[where], f"nothing is to be seen in {where}"
    assert leaks(shown, life.secrets) == []


Plant = Callable[[Town], Awaitable[object]]


async def in_a_log(town: Town) -> None:
    structlog.get_logger("planted").debug("asked", headers={"Authorization": f"Bearer {SHOP_TOKEN}"})


async def in_a_traceback(town: Town) -> None:
    try:
        int(SHOP_TOKEN)
    except ValueError:
        structlog.get_logger("planted").exception("failed")


async def in_a_row(town: Town) -> None:
    statement = "INSERT INTO account (id, supplier_id, name, storefronts) VALUES ('a', 's', '{}', '[]')"
    await town.execute(statement.format(base64.b64encode(SHOP_TOKEN.encode()).decode()))


async def in_an_answer(town: Town) -> None:
    town.web.app.state.metrics = lambda: asyncio.sleep(0, f"oca{{token='{SHOP_TOKEN}'}} 1".encode())
    await town.web.client.get(f"{town.web.url}/metrics")


async def in_a_repr(town: Town) -> None:
    town.web.app.state.planted = FrozenSettings(SHOP_TOKEN)


@dataclass
class FrozenSettings:
    """Something of the service's own that does not hide what it holds."""

    token: str


FrozenSettings.__module__ = "app.planted"


@pytest.mark.parametrize(
    ("plant", "where"),
    [
        (in_a_log, "a log"),
        (in_a_traceback, "a log"),
        (in_a_row, "the database"),
        (in_an_answer, "an answer"),
        (in_a_repr, "a repr"),
    ],
)
async def test_a_leak_that_was_planted_is_found(life: Town, plant: Plant, where: str) -> None:
    assert leaks(await life.shown(), life.secrets) == []
    await plant(life)
    assert [each.split(" shows ")[0] for each in leaks(await life.shown(), life.secrets)] == [where]
