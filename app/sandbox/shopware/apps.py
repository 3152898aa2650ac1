"""Installing an app: the shop registers with the app's server, and believes it only with a proof.

https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/app-registration-setup.html. A registration that is not
confirmed leaves no app behind. The key works once the app is active, so not yet while it registers.
"""

import json
import secrets
import time
from urllib.parse import urlsplit, urlunsplit

import httpx

from app.sandbox.shop.sandbox import Impossible, Unknown
from app.sandbox.shopware.bodies import written
from app.sandbox.shopware.manifest import Manifest, read
from app.sandbox.shopware.records import Thing, new_id
from app.sandbox.shopware.shops import Shops
from app.sandbox.shopware.webhooks import VERSION, read_error, signature

PATIENCE = 5.0
"""Seconds that an app's server has for each of the two calls."""

SHORTEST, LONGEST = 64, 255


class Apps:
    """The apps of all shops, one at most in each. ``transport`` is how apps' servers are reached, if not by the network."""

    def __init__(self, shops: Shops, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._shops = shops
        self._client = httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False, trust_env=False, transport=transport)

    async def install(self, shop: Thing, uploaded: bytes, *, activate: bool = True) -> Thing:
        """Upload, install and activate an app. Impossible: it is there already, or the registration failed."""
        if shop["app"] is not None:
            raise Impossible("The app is installed already.")
        manifest = read(uploaded)
        key, secret = f"SWIA{secrets.token_hex(11).upper()}", secrets.token_urlsafe(40)
        app: Thing = {
            "id": new_id(),
            "name": manifest.name,
            "version": manifest.version,
            "active": False,
            "key": key,
            "registration_url": manifest.registration_url,
            "secret": manifest.secret,
        }
        shop["app"] = app
        shop["integrations"][key] = {"secret": secret, "privileges": list(manifest.privileges), "app": True}
        try:
            confirmed = await self._register(shop, app, key_secret=secret, current=None)
        except Impossible:
            self._remove(shop)
            raise
        shop["app_secrets"].append(confirmed)
        self._add_webhooks(shop, app, manifest)
        self._shops.changed()
        self._shops.notify(shop, "app.installed", [])
        if activate:
            self.activate(shop, active=True)
        return app

    def _add_webhooks(self, shop: Thing, app: Thing, manifest: Manifest) -> None:
        for name, event, url in manifest.webhooks:
            made = {
                "id": new_id(),
                "name": name,
                "eventName": event,
                "url": url,
                "active": True,
                "errorCount": 0,
                "appId": app["id"],
                "onlyLiveVersion": False,
            }
            shop["subscriptions"][made["id"]] = made

    def activate(self, shop: Thing, *, active: bool) -> None:
        """Switch the app on or off. Of an inactive app only its own events are sent, and its key does not work."""
        app = self._installed(shop)
        app["active"] = active
        self._shops.changed()
        self._shops.notify(shop, "app.activated" if active else "app.deactivated", [])

    async def register_again(self, shop: Thing, url: str | None) -> None:
        """Exchange the secret, as when an administrator asks for that or the shop has moved to another address."""
        app = self._installed(shop)
        before = shop["url"]
        shop["url"] = url or before
        key_secret = secrets.token_urlsafe(40)
        try:
            current = shop["app_secrets"][-1]
            confirmed = await self._register(shop, app, key_secret=key_secret, current=current)
        except Impossible:
            shop["url"] = before
            raise
        shop["integrations"][app["key"]]["secret"] = key_secret
        shop["app_secrets"].append(confirmed)
        self._shops.changed()

    def uninstall(self, shop: Thing) -> None:
        """Remove the app. It is told while its webhooks are still there; its key has ended by then."""
        app = self._installed(shop)
        app["active"] = False
        self._shops.notify(shop, "app.deleted", [])
        self._remove(shop)
        self._shops.changed()

    @staticmethod
    def _installed(shop: Thing) -> Thing:
        app: Thing | None = shop["app"]
        if app is None:
            raise Unknown("There is no app in this shop")
        return app

    @staticmethod
    def _remove(shop: Thing) -> None:
        app, shop["app"] = shop["app"], None
        shop["integrations"].pop(app["key"], None)
        for each in [key for key, hook in shop["subscriptions"].items() if hook["appId"] == app["id"]]:
            del shop["subscriptions"][each]

    # Registration

    async def _register(self, shop: Thing, app: Thing, *, key_secret: str, current: str | None) -> str:
        """Register and confirm; return the secret that the app gave."""
        secret, confirmation_url = await self._ask(shop, app, current)
        payload = {
            "apiKey": app["key"],
            "secretKey": key_secret,
            "timestamp": str(int(time.time())),
            "shopUrl": shop["url"],
            "shopId": shop["shop_id"],
        }
        body = written(payload).encode()
        headers = {
            "Content-Type": "application/json",
            "shopware-shop-signature": signature(body, secret),
            "sw-version": VERSION,
        }
        if current is not None:
            headers["shopware-shop-signature-previous"] = signature(body, current)
        await self._call("POST", confirmation_url, headers, body)
        return secret

    async def _ask(self, shop: Thing, app: Thing, current: str | None) -> tuple[str, str]:
        query = f"shop-id={shop['shop_id']}&shop-url={shop['url']}&timestamp={int(time.time())}"
        parts = urlsplit(app["registration_url"])
        query = f"{parts.query}&{query}" if parts.query else query
        headers = {"shopware-app-signature": signature(query.encode(), app["secret"]), "sw-version": VERSION}
        if current is not None:
            headers["shopware-shop-signature"] = signature(query.encode(), current)
        answer = await self._call("GET", urlunsplit(parts._replace(query=query)), headers)
        try:
            told = json.loads(answer)
            proof, secret, confirmation_url = str(told["proof"]), str(told["secret"]), str(told["confirmation_url"])
        except (ValueError, KeyError, TypeError):
            raise Impossible(f"App registration failed: {read_error(answer)}") from None
        if proof.strip() != signature(f"{shop['shop_id']}{shop['url']}{app['name']}".encode(), app["secret"]):
            raise Impossible("App registration failed: The app server provided an invalid proof")
        if secret == current or not SHORTEST <= len(secret) <= LONGEST:
            raise Impossible("App registration failed: The app server provided a secret that cannot be used")
        return secret, confirmation_url

    async def _call(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> str:
        try:
            answer = await self._client.request(method, url, headers=headers, content=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Impossible(f"App registration failed: {type(error).__name__}") from error
        if not answer.is_success:
            raise Impossible(f"App registration failed: {answer.status_code} {read_error(answer.text)}")
        return answer.text

    async def aclose(self) -> None:
        await self._client.aclose()
