"""``make demo``: the seven rows of the README's table, each as a change in the shop, with what Orderchamp shows and why."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from app.local.browser import NotThere
from app.local.patience import until
from app.local.platforms import Platform
from app.local.postgres import scratch
from app.local.processes import NotStarted, free_port
from app.local.town import Ports, Town, town
from app.local.walk import install_in_browser

PATIENCE = 20.0
"""Seconds that Orderchamp has to show a change."""

SINCE_OUR_WRITE = 2.5
"""Seconds after which a change on Orderchamp is not taken for our own."""

CATALOGUE = [
    {"title": "Oak board", "variants": [{"sku": "OAK", "price": "34.95", "quantity": 12}], "description": "<p>Oak</p>"},
    {"title": "Ash bowl", "variants": [{"sku": "ASH", "price": "49.00", "quantity": 5}]},
    {"title": "Linen towel", "variants": [{"sku": "LINEN", "price": "9.50", "quantity": 80}]},
    {
        "title": "Stone mug",
        "options": ["Color"],
        "variants": [{"sku": "MUG-SAND", "price": "14.50", "quantity": 44, "options": ["Sand"]}],
    },
]


PACE = {"COALESCE_SECONDS": "0.2", "LOOK_SECONDS": "1", "POLL_SECONDS": "1"}
"""Settings that spare whoever watches the waiting."""


class Wrong(Exception):
    """A row of the table does not hold."""


@dataclass(slots=True)
class Stage:
    """The town, and the Application that is looked at."""

    town: Town
    application_id: str
    storefronts: list[dict[str, str]]

    async def product(self, title: str) -> dict[str, Any]:
        found: dict[str, Any] = next(
            each for each in await self.town.shop("GET", "/products") if each["title"] == title
        )
        return found

    async def until(self, sku: str, expected: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until Orderchamp shows what is expected for an SKU."""
        shown: dict[str, Any] = {}
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds(shown := await self.town.shown(sku) or {}):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise Wrong(f"expected {expected}, but Orderchamp shows {shown or 'nothing'}") from None
        return shown

    async def why(self, source_id: object, count: int = 2) -> list[str]:
        """Return the last sentences of a product's story, each with the delivery that caused it."""
        path = f"/v1/applications/{self.application_id}/products/{source_id}/timeline?limit=200"
        items = (await self.town.api("GET", path))["items"][-count:]
        return [
            each["sentence"] + (f" [delivery {each['delivery_id']}]" if each["delivery_id"] else "") for each in items
        ]

    async def rest(self) -> None:
        """Wait until nothing is left to do, so that one row's story does not run into the next."""

        async def look() -> tuple[bool, object]:
            pending = (await self.town.shop("GET", "/quiet"))["pending"]
            backlog = (await self.town.api("GET", f"/v1/applications/{self.application_id}"))["counters"]["backlog"]
            return pending == 0 and backlog == 0, f"{pending} deliveries under way, {backlog} waiting"

        await until(look, "What is left to do", patience=PATIENCE)


Row = Callable[[Stage], Awaitable[tuple[str, list[str]]]]


async def deleted(stage: Stage) -> tuple[str, list[str]]:
    """A synced product is deleted: the product is unpublished."""
    product = await stage.product("Oak board")
    await stage.town.shop("DELETE", f"/products/{product['id']}")
    shown = await stage.until("OAK", "status unpublished", lambda seen: seen.get("status") == "unpublished")
    return f"“Oak board” is {shown['status']}", await stage.why(product["id"])


async def unpublished(stage: Stage) -> tuple[str, list[str]]:
    """A synced product is set inactive: the product is unpublished."""
    product = await stage.product("Ash bowl")
    await stage.town.shop("POST", f"/products/{product['id']}/unpublish")
    shown = await stage.until("ASH", "status unpublished", lambda seen: seen.get("status") == "unpublished")
    return f"“Ash bowl” is {shown['status']}", await stage.why(product["id"])


async def republished(stage: Stage) -> tuple[str, list[str]]:
    """A synced product is re-published: to the last storefront used, unless the platform's input names one."""
    product = await stage.product("Ash bowl")
    first, second = stage.storefronts
    change = {"orderchamp": {"storefront_id": second["id"]}}
    await stage.town.api("PATCH", f"/v1/applications/{stage.application_id}", change)
    await stage.town.shop("POST", f"/products/{product['id']}/publish")
    meant = second if stage.town.platform.names_storefront else first
    shown = await stage.until(
        "ASH",
        f"published on {meant['name']}",
        lambda seen: seen.get("status") == "published" and seen["storefront"]["id"] == meant["id"],
    )
    where = shown["storefront"]["name"]
    return f"“Ash bowl” is {shown['status']} on {where} (chosen since: {second['name']})", await stage.why(
        product["id"]
    )


async def variant_added(stage: Stage) -> tuple[str, list[str]]:
    """A variant is added: matched by SKU to an existing Orderchamp variant; none there: created on the bound product."""
    token = stage.town.keys["orderchamp"]
    by_hand = {
        "title": "Moss mug, by hand",
        "variants": [{"sku": "MUG-MOSS", "price": "14.50", "inventoryQuantity": 1}],
    }
    made = await stage.town.sandbox("POST", f"{stage.town.orderchamp}/_sandbox/products?token={token}", by_hand)
    mug = await stage.product("Stone mug")
    for sku, color, quantity in (("MUG-MOSS", "Moss", 21), ("MUG-SLATE", "Slate", 9)):
        variant = {"sku": sku, "price": "14.50", "quantity": quantity, "options": [color]}
        await stage.town.shop("POST", f"/products/{mug['id']}/variants", variant)
    matched = await stage.until(
        "MUG-MOSS", "21 pieces on the variant made by hand", lambda seen: _stock(seen, "MUG-MOSS") == 21
    )
    if matched["id"] != made["id"]:
        raise Wrong(f"MUG-MOSS should be the variant made by hand ({made['id']}), but is on {matched['id']}")
    created = await stage.until(
        "MUG-SLATE",
        "a variant on the bound product, in its listing",
        lambda seen: "MUG-SLATE" in seen.get("listing_variants", ()) and _stock(seen, "MUG-SLATE") == 9,
    )
    skus = ", ".join(each["sku"] for each in created["variants"])
    shown = f"MUG-MOSS matched on “{matched['title']}”; “{created['title']}” has {skus}"
    return shown, await stage.why(mug["id"], 6)


async def stock_changed(stage: Stage) -> tuple[str, list[str]]:
    """Stock changes: always sent."""
    towel = await stage.product("Linen towel")
    path = f"/products/{towel['id']}/variants/{towel['variants'][0]['id']}/stock"
    await stage.town.shop("PUT", path, {"quantity": 73})
    shown = await stage.until("LINEN", "73 pieces", lambda seen: _stock(seen, "LINEN") == 73)
    return f"LINEN has {_stock(shown, 'LINEN')} pieces", await stage.why(towel["id"])


async def details_changed(stage: Stage) -> tuple[str, list[str]]:
    """Details change: sent when that field is switched on; here the description is switched off."""
    fields = {"settings": {"fields": {"description": False}}}
    await stage.town.api("PATCH", f"/v1/applications/{stage.application_id}", fields)
    towel = await stage.product("Linen towel")
    before = (await stage.town.shown("LINEN") or {})["description"]
    changes = {
        "title": "Linen towel, washed",
        "description": "<p>Not to be seen</p>",
        "images": ["https://cdn.oak-and-ash.example/files/towel.jpg"],
    }
    await stage.town.shop("PATCH", f"/products/{towel['id']}", changes)
    variant = f"/products/{towel['id']}/variants/{towel['variants'][0]['id']}"
    await stage.town.shop("PATCH", variant, {"price": "10.25"})
    shown = await stage.until(
        "LINEN",
        "new title, price and image",
        lambda seen: (
            bool(seen)
            and seen["title"] == "Linen towel, washed"
            and seen["variants"][0]["price"] == "10.25"
            and seen["images"] == changes["images"]
        ),
    )
    if shown["description"] != before:
        raise Wrong(f"the description is switched off, but Orderchamp shows {shown['description']!r}")
    price = shown["variants"][0]["price"]
    return f"“{shown['title']}” at {price}, description as before", await stage.why(towel["id"], 3)


async def new_product(stage: Stage) -> tuple[str, list[str]]:
    """A product is new: matched by SKU first; missing products and variants are created."""
    token = stage.town.keys["orderchamp"]
    by_hand = {"title": "Spoon, there before", "variants": [{"sku": "SPOON", "price": "7.25", "inventoryQuantity": 0}]}
    made = await stage.town.sandbox("POST", f"{stage.town.orderchamp}/_sandbox/products?token={token}", by_hand)
    known = {"title": "Walnut spoon", "variants": [{"sku": "SPOON", "price": "7.25", "quantity": 140}]}
    spoon = await stage.town.shop("POST", "/products", known)
    fresh = {"title": "Butter dish", "variants": [{"sku": "BUTTER", "price": "22.00", "quantity": 9}]}
    dish = await stage.town.shop("POST", "/products", fresh)
    matched = await stage.until(
        "SPOON", "published", lambda seen: seen.get("status") == "published" and _stock(seen, "SPOON") == 140
    )
    if matched["id"] != made["id"]:
        raise Wrong(f"SPOON should be the product made by hand ({made['id']}), but is {matched['id']}")
    created = await stage.until("BUTTER", "published", lambda seen: seen.get("status") == "published")
    shown = f"“{matched['title']}” was matched; “{created['title']}” was created; both are published"
    return shown, [*await stage.why(spoon["id"], 3), *await stage.why(dish["id"], 3)]


def _stock(shown: dict[str, Any], sku: str) -> int | None:
    return next((each["quantity"] for each in shown.get("variants", ()) if each["sku"] == sku), None)


ROWS: tuple[Row, ...] = (
    deleted,
    unpublished,
    republished,
    variant_added,
    stock_changed,
    details_changed,
    new_product,
)


async def demo(platform: Platform) -> int:
    """Walk through the rows with a shop of this platform and return the exit code: 0 when all of them hold."""
    ports = Ports(web=free_port(), orderchamp=free_port(), shops=free_port())
    with scratch("demo") as folder:
        what = f"PostgreSQL, the service, a sandbox Orderchamp and a sandbox {platform.title} shop"
        print(f"Starting {what} …", flush=True)
        async with town(folder, ports, PACE, platform=platform) as here:
            storefronts = await here.open_account(["Main", "Outlet"])
            await here.open_shop(CATALOGUE)
            application = await here.install(storefronts[0]["id"])
            await here.until_imported(application["id"])
            print(f"Installed; {len(CATALOGUE)} products imported and published.\n", flush=True)
            stage = Stage(here, application["id"], storefronts)
            return await _walk(stage)


async def _walk(stage: Stage) -> int:
    for number, row in enumerate(ROWS, 1):
        print(f"{number}. {(row.__doc__ or '').strip()}")
        try:
            shown, why = await row(stage)
            await stage.rest()
        except (Wrong, NotStarted) as wrong:
            print(f"   WRONG: {wrong}\n\nRow {number} ({row.__name__}) does not hold.")
            print(stage.town.processes.tail("worker"))
            return 1
        print(f"   Orderchamp: {shown}")
        for sentence in why:
            print(f"   why: {sentence}")
        if row.__name__ in stage.town.platform.limits:
            print(f"   {stage.town.platform.title}: {stage.town.platform.limits[row.__name__]}")
        print(flush=True)
    print("All seven rows hold.")
    return await _change_by_hand(stage) or await _walk_in_browser(stage)


async def _change_by_hand(stage: Stage) -> int:
    """Unpublish a product on Orderchamp by hand, whose webhook rings for it, and return the exit code."""
    print("\nSomebody unpublishes “Linen towel, washed” on Orderchamp:")
    await asyncio.sleep(SINCE_OUR_WRITE)
    shown = await stage.town.shown("LINEN") or {}
    await stage.town.sandbox("POST", f"{stage.town.orderchamp}/_sandbox/products/{shown['id']}/unpublish")
    began = time.monotonic()
    problems: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while not problems:
                await asyncio.sleep(0.1)
                path = f"/v1/applications/{stage.application_id}/problems?kind=held"
                problems = (await stage.town.api("GET", path))["items"]
    except TimeoutError:
        print("   WRONG: nothing was heard of it.")
        print(stage.town.processes.tail("worker"))
        return 1
    print(f"   known after {time.monotonic() - began:.1f} s: {problems[0]['sentence']}")
    return 0


async def _walk_in_browser(stage: Stage) -> int:
    """Install a second shop as suppliers do it, where the platform has a part in that; the first one was installed by hand."""
    consent = stage.town.platform.consent
    if consent is None:
        print(f"{stage.town.platform.title} is installed with keys alone, as above: the shop has no part in it.")
        return 0
    print("\nA second shop, installed in a browser from Orderchamp's “Apps & Integrations”:")
    try:
        await install_in_browser(stage.town, consent, stage.storefronts[0]["id"])
        shown = await stage.until("BIRCH", "published", lambda seen: seen.get("status") == "published")
    except (NotThere, NotStarted, Wrong) as wrong:
        print(f"   WRONG: {wrong}\n\nThe install in a browser does not work.")
        print(stage.town.processes.tail("web"))
        return 1
    print(f"   Orderchamp: “{shown['title']}” is {shown['status']}\n\nThe install in a browser works.")
    return 0
