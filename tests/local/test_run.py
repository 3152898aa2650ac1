"""What ``make run`` shows to try fits whatever people have done to the shop since the last time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from app.local.platforms import SHOPIFY
from app.local.postgres import EmbeddedServer
from app.local.processes import NotStarted, Processes
from app.local.run import run, walkthrough
from app.local.town import Ports, Town

ACTIVE = {"id": "7", "state": "active", "why": "Installed.", "counters": {"products": {"published": 1}}}


def sold(title: str, **changes: object) -> dict[str, Any]:
    variant = {"id": 11, "sku": "A B", "tracked": True}
    return {"id": 1, "title": title, "status": "active", "published_at": "now", "variants": [variant], **changes}


def shown(*products: Mapping[str, Any], application: Mapping[str, Any] = ACTIVE) -> str:
    here = Town(
        platform=SHOPIFY,
        ports=Ports(web=1, orderchamp=2, shops=3),
        keys={"api": "the-key"},
        processes=cast("Processes", None),
        database=cast("EmbeddedServer", None),
        client=cast("httpx.AsyncClient", None),
    )
    return walkthrough(here, application, products, Path(".data"))


def test_what_is_tried_is_named_as_it_is_called_now() -> None:
    told = shown(sold("Elm board", id=5))
    assert "Sell some of “Elm board” in the shop" in told
    assert "/_sandbox/shops/oak-and-ash.myshopify.com/products/5/variants/11/stock" in told
    assert "sku=A%20B" in told
    assert "/v1/applications/7/products/5/timeline" in told


@pytest.mark.parametrize(
    "passed_over",
    [
        sold("A draft", status="draft"),
        sold("Unpublished", published_at=None),
        sold("Without an SKU", variants=[{"id": 1, "sku": None, "tracked": True}]),
        sold("Not counted", variants=[{"id": 1, "sku": "X", "tracked": False}]),
        sold("Without variants", variants=[]),
    ],
    ids=lambda product: product["title"],
)
def test_a_product_with_which_nothing_could_be_seen_is_passed_over(passed_over: Mapping[str, Any]) -> None:
    assert "Sell some of “Oak board”" in shown(passed_over, sold("Oak board"))
    nothing = shown(passed_over)
    assert "Sell" not in nothing
    assert "Install another shop" in nothing


def test_an_application_that_somebody_paused_is_told_how_to_go_on() -> None:
    paused = {**ACTIVE, "state": "paused", "why": "Paused by a person."}
    told = shown(sold("Oak board"), application=paused)
    assert "Application   7 is paused (Paused by a person.)" in told
    assert "curl -X POST -H 'Authorization: Bearer the-key' http://127.0.0.1:1/v1/applications/7/resume" in told


@pytest.mark.parametrize("given", ["", "abc", "-1", "0", "65536", "٣"])
async def test_a_port_that_is_none_is_named(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_PORT", given)
    with pytest.raises(NotStarted, match=f"WEB_PORT is '{given}', which is no port"):
        await run()
