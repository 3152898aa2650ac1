"""The whole town in one process: the web application, a stand-in Orderchamp and stand-in shops, on real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.api.application import Api
from app.domain.ids import SupplierId
from app.flows.installs.finish import finish_install
from app.flows.run_lane import claim_lane, run_lane
from app.flows.services import Services
from app.local.processes import free_port
from app.main import create_app
from app.sandbox.orderchamp.server import create_app as create_orderchamp
from app.sandbox.shopify.server import create_app as create_shopify
from app.settings import Settings
from app.store.database import PostgresStore
from tests.fakes.serving import serving
from tests.fakes.stage import LANES_THAT_WAIT

SHOP = "oak-and-ash.myshopify.com"
CLIENT_ID = "test-client-id"
CLIENT_SECRET = "test-shopify-client-secret"
ORDERCHAMP_TOKEN = "orderchamp-token-canary"
SHOP_TOKEN = "shpat_canary"


def settings(database_url: str, **changes: Any) -> Settings:
    return Settings(
        environment="development",
        database_url=database_url,
        platform_apps={"shopify": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}},
        orderchamp_client_id="test-orderchamp-app",
        orderchamp_client_secret="test-orderchamp-app-secret",
        allow_private_addresses=True,
        **{"log_level": "error", **changes},
    )


@dataclass
class Web:
    """The web application on a socket, with keys to it."""

    url: str
    app: Api
    client: httpx.AsyncClient
    keys: Mapping[str, str]
    orderchamp: str
    shopify: str

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    async def call(self, method: str, path: str, body: object = None, *, key: str | None = "admin") -> httpx.Response:
        headers = {} if key is None else {"Authorization": f"Bearer {self.keys.get(key, key)}"}
        return await self.client.request(method, self.url + path, json=body, headers=headers)

    async def install(
        self, supplier: str = "oak-and-ash", changes: Mapping[str, object] | None = None
    ) -> httpx.Response:
        body = {
            "platform": "shopify",
            "shop": SHOP,
            "credentials": {"access_token": SHOP_TOKEN},
            "orderchamp": {"token": ORDERCHAMP_TOKEN},
            "settings": {"price_kind": "wholesale"},
            **(changes or {}),
        }
        return await self.call("POST", f"/v1/suppliers/{supplier}/applications", body)

    async def work(self) -> None:
        """Run lanes until nothing is left to do now, letting waits pass at once."""
        services = replace(self.services, pace=replace(self.services.pace, gather=timedelta(0)))
        for _ in range(100):
            while await finish_install(services):
                pass
            while (held := await claim_lane(services)) is not None:
                await run_lane(services, held)
            store = services.store
            assert isinstance(store, PostgresStore)
            async with store.pool.transaction() as connection:
                waits = (
                    *(("source_product", "due_at"), ("source_product", "read_due_at"), ("replay_share", "due_at")),
                    *(("import", "due_at"), ("sweep", "due_at"), ("preview", "due_at")),
                )
                for table, column in waits:
                    await connection.execute(
                        f"UPDATE {table} SET {column} = now() WHERE {column} IS NOT NULL"  # noqa: S608
                    )
                done = await connection.execute(LANES_THAT_WAIT)
            if not done:
                return
        raise AssertionError("something always waits")

    async def quiet(self, shop: str) -> None:
        """Wait until every webhook of the shop was delivered."""
        async with asyncio.timeout(10):
            while (await self.client.get(f"{shop}/quiet")).json()["pending"]:  # noqa: ASYNC110 - another server
                await asyncio.sleep(0.01)

    async def change_unheard(self, shop: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Rename a product of the sample shop, sell of another one and delete a third; it tells nobody from now on."""
        there = {each["title"]: each for each in (await self.client.get(f"{shop}/products")).json()}
        await self.client.put(f"{shop}/switches", json={"drop_probability": 1})
        renamed, sold, deleted = (there[each] for each in ("Oak board", "Ash salad bowl", "Walnut spoon"))
        before = changed = renamed["updated_at"]
        while changed == before:
            # The shop's times are whole seconds: within one, two states have the same version.
            told = await self.client.patch(f"{shop}/products/{renamed['id']}", json={"title": "Oak board, large"})
            changed = told.json()["updated_at"]
        stock = f"{shop}/products/{sold['id']}/variants/{sold['variants'][0]['id']}/stock"
        await self.client.put(stock, json={"quantity": 3})
        await self.client.delete(f"{shop}/products/{deleted['id']}")
        return renamed, sold, deleted

    async def shown(self, sku: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = (
            await self.client.get(f"{self.orderchamp}/_sandbox/products", params={"sku": sku})
        ).json()
        assert len(found) == 1, f"{len(found)} products have the SKU {sku}"
        return found[0]


@pytest.fixture
async def web(database_url: str) -> AsyncIterator[Web]:
    async with town(database_url) as opened:
        yield opened


@contextlib.asynccontextmanager
async def town(
    database_url: str, *, shops: Mapping[str, str] = MappingProxyType({}), **changes: Any
) -> AsyncIterator[Web]:
    """The web application with these settings, beside a stand-in Orderchamp and stand-in shops.

    ``shops`` are those of other platforms, by the platform's name.
    """
    async with (
        serving(
            create_orderchamp(client_id="test-orderchamp-app", client_secret="test-orderchamp-app-secret")
        ) as orderchamp,
        serving(create_shopify(client_secret=CLIENT_SECRET, client_id=CLIENT_ID)) as shopify,
        httpx.AsyncClient(trust_env=False, timeout=20) as client,
    ):
        await client.put(f"{orderchamp}/_sandbox/accounts/{ORDERCHAMP_TOKEN}", json={"name": "Oak & Ash Wholesale"})
        await client.put(f"{orderchamp}/_sandbox/switches", json={"bucket": "unlimited"})
        port = free_port()
        chosen = settings(
            database_url,
            public_url=f"http://127.0.0.1:{port}",
            orderchamp_api_url=f"{orderchamp}/v1/graphql",
            orderchamp_www_url=orderchamp,
            shop_urls={"shopify": shopify + "/shops/{shop}", **shops},
            coalesce_seconds=0,
            **changes,
        )
        app = create_app(chosen)
        async with serving(app, port=port) as url:
            keys = await _keys(app.state.services)
            yield Web(url=url, app=app, client=client, keys=keys, orderchamp=orderchamp, shopify=shopify)


async def _keys(services: Services) -> Mapping[str, str]:
    keys = {"read": "key-read", "operate": "key-operate", "admin": "key-admin", "bound": "key-bound"}
    async with services.store.transaction() as tx:
        for name, key in keys.items():
            role = "admin" if name == "bound" else name
            supplier = SupplierId("oak-and-ash") if name == "bound" else None
            await tx.keys.add(uuid4(), key, role=role, supplier_id=supplier)
    return keys


@pytest.fixture
async def shop(web: Web) -> str:
    """An open sandbox shop with the sample catalogue; its controls' URL."""
    controls = f"{web.shopify}/_sandbox/shops/{SHOP}"
    await web.client.put(controls, json={"token": SHOP_TOKEN, "catalogue": "sample", "app_url": web.url})
    return controls
