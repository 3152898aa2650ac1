"""A second shop, installed as suppliers do it: begun at Orderchamp, in a browser, with the consent of both sides."""

import httpx

from app.local.browser import Browser
from app.local.platforms import Consent
from app.local.processes import NotStarted
from app.local.town import Town

CATALOGUE = [{"title": "Birch tray", "variants": [{"sku": "BIRCH", "price": "19.00", "quantity": 14}]}]


async def open_second_shop(here: Town, consent: Consent) -> str:
    """Open another shop, which has yet to let our app in, and return its address."""
    shop = f"{here.shops}/_sandbox/shops/{consent.shop}"
    await here.sandbox("PUT", shop, {"catalogue": CATALOGUE, **consent.opened})
    return consent.shop


async def install_in_browser(here: Town, consent: Consent, storefront_id: str | None = None) -> str:
    """Walk through the install of the second shop, printing each page, and return the Application's id."""
    shop = await open_second_shop(here, consent)
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        browser = Browser(client)
        await browser.open(f"{here.web}/install/orderchamp")
        print(f"   Orderchamp asks: {browser.heading}")
        await browser.press("Grant Access")
        print(f"   We ask: {browser.heading}")
        chosen = {"platform": here.platform.name, "shop": shop, "price_kind": "wholesale"}
        if storefront_id is not None:
            chosen["storefront"] = storefront_id
        await browser.press("Continue", **chosen)
        for button in consent.buttons:
            print(f"   {here.platform.title} asks: {browser.heading}")
            await browser.press(button)
        await browser.until("Connected")
        print(f"   In the end: {browser.heading}")
    applications = (await here.api("GET", "/v1/applications"))["items"]
    found = next((each["id"] for each in applications if each["shop"] == shop), None)
    if found is None:
        raise NotStarted(f"{shop} is not installed.")
    application_id: str = found
    await here.until_imported(application_id)
    return application_id
