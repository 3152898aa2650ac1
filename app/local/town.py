"""A small town: the service with its database, a stand-in Orderchamp, and stand-in shops of one platform, all on this machine."""

import contextlib
import json
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.local.patience import until
from app.local.platforms import SHOPIFY, Platform
from app.local.postgres import EmbeddedServer, embedded_server
from app.local.processes import NotStarted, Processes, run_module

SUPPLIER = "oak-and-ash"

REUSE = httpx.Limits(keepalive_expiry=2)
"""A connection that has rested longer is not used again: servers close it after five seconds, perhaps just then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where the servers listen."""

    web: int
    orderchamp: int
    shops: int


@dataclass(slots=True, kw_only=True)
class Town:
    """A town that is up. ``api`` speaks to the service with an admin key."""

    platform: Platform
    ports: Ports
    keys: Mapping[str, str]
    processes: Processes
    database: EmbeddedServer
    client: httpx.AsyncClient

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.ports.web}"

    @property
    def orderchamp(self) -> str:
        return f"http://127.0.0.1:{self.ports.orderchamp}"

    @property
    def shops(self) -> str:
        return f"http://127.0.0.1:{self.ports.shops}"

    @property
    def credentials(self) -> dict[str, str]:
        """What the supplier enters for the shop."""
        secret = {name: self.keys[f"{self.platform.name}-{name}"] for name in self.platform.credentials}
        return {**secret, **self.platform.entered}

    async def api(self, method: str, path: str, body: object = None) -> Any:
        """Call the service as the back office does; the answer's JSON, or an error with the problem it told."""
        headers = {"Authorization": f"Bearer {self.keys['api']}"}
        return await self._call(method, self.web + path, body, headers)

    async def sandbox(self, method: str, url: str, body: object = None) -> Any:
        """Call a sandbox's controls."""
        return await self._call(method, url, body, {})

    async def _call(self, method: str, url: str, body: object, headers: Mapping[str, str]) -> Any:
        try:
            answer = await self.client.request(method, url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise NotStarted(f"{method} {url} was not answered: {str(error) or type(error).__name__}") from error
        if answer.is_error:
            raise NotStarted(f"{method} {url} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json() if answer.content else None

    async def shop(self, method: str, path: str, body: object = None) -> Any:
        """Do something in the shop."""
        return await self.sandbox(method, f"{self.shops}/_sandbox/shops/{self.platform.shop}{path}", body)

    async def shown(self, sku: str) -> dict[str, Any] | None:
        """Return what Orderchamp shows for an SKU; None when it has no such variant."""
        token = self.keys["orderchamp"]
        found = await self.sandbox("GET", f"{self.orderchamp}/_sandbox/products?token={token}&sku={sku}")
        return found[0] if found else None

    async def open_account(self, storefronts: list[str]) -> list[dict[str, str]]:
        """Give the supplier an Orderchamp account and return its storefronts."""
        body = {"name": "Oak & Ash Wholesale", "storefronts": [{"name": name} for name in storefronts]}
        url = f"{self.orderchamp}/_sandbox/accounts/{self.keys['orderchamp']}"
        found: list[dict[str, str]] = (await self.sandbox("PUT", url, body))["storefronts"]
        return found

    async def open_shop(self, catalogue: object = "sample") -> None:
        """Open the shop, with this catalogue if it is new."""
        await self.shop("PUT", "", {"credentials": self.credentials, "catalogue": catalogue})

    async def install(
        self, storefront_id: str | None = None, settings: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Install the Application through the public API, or again, and return it."""
        orderchamp: dict[str, Any] = {"token": self.keys["orderchamp"]}
        if storefront_id is not None:
            orderchamp["storefront_id"] = storefront_id
        body = {
            "platform": self.platform.name,
            "shop": self.platform.shop,
            "credentials": self.credentials,
            "orderchamp": orderchamp,
            "settings": {"price_kind": "wholesale", **self.platform.settings, **(settings or {})},
        }
        installed: dict[str, Any] = await self.api("POST", f"/v1/suppliers/{SUPPLIER}/applications", body)
        return installed

    async def until_imported(self, application_id: str, *, patience: float = 60) -> dict[str, Any]:
        """Wait until the catalogue is on Orderchamp and nothing waits any more, as long as it comes any further."""
        application: dict[str, Any] = {}

        async def look() -> tuple[bool, object]:
            application.update(await self.api("GET", f"/v1/applications/{application_id}"))
            state, backlog, importing = application["state"], application["counters"]["backlog"], application["import"]
            if state in ("failed", "paused"):
                raise NotStarted(f"The installation is {state}: {application['why']}")
            if state == "active" and backlog == 0:
                return True, None
            if importing is None or importing["state"] != "running":
                return False, f"{backlog} waiting"
            return False, (f"{backlog} waiting", importing["phase"], importing["counters"], await self._calls())

        try:
            await until(look, "The import", patience=patience, every=0.2)
        except NotStarted as error:
            raise NotStarted(f"{error}\n{self.processes.tail('worker')}") from error
        return application

    async def _calls(self) -> str:
        """Tell how often the stand-ins were called: that something moves which the service counts nowhere."""
        told = []
        for name, url in (("the shop", self.shops), ("Orderchamp", self.orderchamp)):
            try:
                calls = await self.sandbox("GET", f"{url}/_sandbox/calls")
            except NotStarted:
                told.append(f"{name} too busy to tell")  # A stand-in does one thing at a time, however long that takes.
            else:
                told.append(f"{calls.get('total', calls.get('requests'))} calls to {name}")
        return ", ".join(told)

    async def until_web_is_ready(self) -> None:
        """Wait until the web process serves and has its database."""
        await self.processes.until_ready("web", lambda: _answers(f"{self.web}/readyz"))


@contextlib.asynccontextmanager
async def town(
    data: Path,
    ports: Ports,
    settings: Mapping[str, str],
    *,
    platform: Platform = SHOPIFY,
    web_processes: int = 1,
    workers: int = 1,
    remember: bool = True,
) -> AsyncIterator[Town]:
    """Bring everything up on this folder, and down again at the end. The workers are called worker, worker-2 and so on.

    ``remember`` False: the sandbox forgets everything when it ends.
    """
    processes = Processes(logs=data / "logs")
    with embedded_server(data / "postgres") as database:
        keys = Keys(data / "keys")
        here = {"web": f"http://127.0.0.1:{ports.web}", "shops": f"http://127.0.0.1:{ports.shops}"}
        app = {name: keys.made(name.replace("_", "-")) for name in platform.app}
        app |= {name: address.format(**here) for name, address in platform.pages.items()}
        orderchamp_app = {name: keys.made(f"orderchamp-{name}") for name in ("client_id", "client_secret")}
        environment = {
            "ENVIRONMENT": "development",
            "DATABASE_URL": database.url,
            "PUBLIC_URL": f"http://127.0.0.1:{ports.web}",
            "VAULT_KEYS": await keys.vault(),
            "ORDERCHAMP_API_URL": f"http://127.0.0.1:{ports.orderchamp}/v1/graphql",
            "ORDERCHAMP_WWW_URL": f"http://127.0.0.1:{ports.orderchamp}",
            "ORDERCHAMP_CLIENT_ID": orderchamp_app["client_id"],
            "ORDERCHAMP_CLIENT_SECRET": orderchamp_app["client_secret"],
            "SHOP_URLS": json.dumps({platform.name: f"http://127.0.0.1:{ports.shops}/shops/{{shop}}"}),
            "PLATFORM_APPS": json.dumps({platform.name: app} if app else {}),
            "ALLOW_PRIVATE_ADDRESSES": "true",
            **settings,
        }
        await run_module(["app.cli", "migrate"], environment)
        try:
            state = data / "sandbox" if remember else None
            await _start_stand_in(processes, "orderchamp", ports.orderchamp, state, orderchamp_app)
            await _start_stand_in(processes, platform.name, ports.shops, state, app)
            for name in ("orderchamp", platform.name):
                await processes.until_ready(name, processes.says_ready(name))
            await _start_service(processes, ports, environment, web_processes=web_processes, workers=workers)
            known = {
                "api": await keys.api(environment),
                "client-secret": keys.made("client-secret"),
                "orderchamp": keys.made("orderchamp-token"),
                **keys.of_shop(platform),
            }
            async with httpx.AsyncClient(trust_env=False, timeout=20, limits=REUSE) as client:
                yield Town(
                    platform=platform,
                    ports=ports,
                    keys=known,
                    processes=processes,
                    database=database,
                    client=client,
                )
        finally:
            await processes.stop()


async def _start_stand_in(
    processes: Processes, name: str, port: int, state: Path | None, app: Mapping[str, str]
) -> None:
    """Start a stand-in that knows our app by these keys, and remembers in the folder ``state``; None: nowhere."""
    told = {f"SANDBOX_{key.upper()}": value for key, value in app.items()}
    saved = () if state is None else ("--state", str(state / f"{name}.json"))
    await processes.start(name, "app.sandbox", name, "--port", str(port), *saved, environment=told)


async def _start_service(
    processes: Processes, ports: Ports, environment: Mapping[str, str], *, web_processes: int, workers: int
) -> None:
    serve = ("app.cli", "serve", "--port", str(ports.web), "--processes", str(web_processes))
    await processes.start("web", *serve, environment=environment)
    for name in worker_names(workers):
        await processes.start(name, "app.cli", "worker", environment=environment)
    await processes.until_ready("web", lambda: _answers(f"http://127.0.0.1:{ports.web}/readyz"))


def worker_names(count: int) -> tuple[str, ...]:
    """Return the names of so many workers."""
    return ("worker", *(f"worker-{number}" for number in range(2, count + 1)))


async def _answers(url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(url)).is_success
        except httpx.HTTPError:
            return False


class Keys:
    """Keys of this town, made once and kept in files that only their owner may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def made(self, name: str) -> str:
        """Return a random secret of this name."""
        return self._kept(name) or self._keep(name, secrets.token_urlsafe(24))

    def of_shop(self, platform: Platform) -> dict[str, str]:
        """Return what a supplier enters for a shop of this platform, each named ``<platform>-<credential>``."""
        named = {f"{platform.name}-{name}": start for name, start in platform.credentials.items()}
        return {name: start + self.made(name.replace("_", "-")) for name, start in named.items()}

    async def vault(self) -> str:
        """Return the vault key."""
        return self._kept("vault") or self._keep("vault", await run_module(["app.cli", "vault-key"], {}))

    async def api(self, environment: Mapping[str, str]) -> str:
        """Return an admin key for the API."""
        made = self._kept("api")
        return made or self._keep("api", await run_module(["app.cli", "api-key", "--role", "admin"], environment))

    def _kept(self, name: str) -> str | None:
        path = self._folder / name
        return path.read_text().strip() if path.exists() else None

    def _keep(self, name: str, value: str) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(value)
        return value
