"""The client and the stand-in Orderchamp, which share no code: a product's life under every answer to the open questions."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from app.domain.http import Request, Response
from app.domain.ids import Sku, SourceId, SourceVariantId, StorefrontId, TargetId
from app.domain.plan import (
    Applied,
    Change,
    CreateProduct,
    CreateVariant,
    Publish,
    RefreshListing,
    SetStock,
    TargetMissing,
    Unpublish,
    UpdateProduct,
    UpdateVariant,
)
from app.domain.state import DesiredVariant, Observed, ObservedVariant
from app.orderchamp.client import OrderchampMarketplaces
from app.ports import Marketplace
from app.sandbox.orderchamp.server import create_app
from tests.orderchamp.scripted import Clock, Purse

SOURCE = SourceId("1")
SWITCHES: list[dict[str, Any]] = [
    {},
    {"listing_after_unpublish": "null"},
    {"new_variant_in_listing": "immediate"},
    {"publish_twice": "no_op"},
    {"throttle_form": "http_429_text", "retry_after_seconds": 3},
    {"bucket": "1000/50"},
    {"bucket": "unlimited"},
    {"max_cost": 1000},
    {"payload_cost": "counted"},
    {"inventory_quantity": "physical"},
    {"missing_id": "null_payload"},
    {"image_delay_seconds": 0},
]


@dataclass
class Wire:
    """The transport port over a client of the stand-in."""

    client: httpx.AsyncClient

    async def send(self, request: Request, *, within: timedelta) -> Response:
        answer = await self.client.request(
            request.method, request.url, headers=dict(request.headers), content=request.body
        )
        return Response(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=answer.content,
        )


@dataclass
class Town:
    """An account of the stand-in, seen by our client and by the controls."""

    account: Marketplace
    client: httpx.AsyncClient
    purse: Purse
    storefront: StorefrontId

    async def control(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.client.request(method, f"/_sandbox{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def shown(self, target_id: TargetId) -> dict[str, Any]:
        found: dict[str, Any] = await self.control("GET", f"/products/{target_id}")
        return found


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    transport = httpx.ASGITransport(app=create_app(clock=lambda: 1_800_000_000.0))
    async with httpx.AsyncClient(transport=transport, base_url="http://orderchamp") as client:
        opened = await client.put("/_sandbox/accounts/token", json={"name": "A", "storefronts": [{"name": "Main"}]})
        purse = Purse()
        marketplaces = OrderchampMarketplaces(
            Wire(client),
            url="http://orderchamp/v1/graphql",
            clock=lambda: datetime.now(UTC),
            sleep=Clock().sleep,
            jitter=lambda: 0.0,
        )
        storefront = StorefrontId(opened.json()["storefronts"][0]["id"])
        yield Town(account=marketplaces.open("token", purse), client=client, purse=purse, storefront=storefront)


def variant(sku: str) -> DesiredVariant:
    return DesiredVariant(
        source_id=SourceVariantId(sku),
        sku=Sku(sku),
        price=Decimal("12.50"),
        stock=3,
        policy="DENY",
        options=(sku,),
    )


NEW = CreateProduct(
    source_id=SOURCE,
    title="Bówl ✓",
    description="<p>Oak &amp; ash</p>",
    brand="Holt",
    option_names=("Size",),
    images=("https://cdn.example/1.jpg",),
    variants=(variant("A"), variant("B")),
)


async def made(town: Town, change: Any) -> Any:
    """Apply one change, which has to succeed, and return what was created."""
    (outcome,) = await town.account.apply([change], before=datetime.now(UTC) + timedelta(minutes=5))
    assert isinstance(outcome, Applied), outcome
    return outcome.observed


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
async def test_a_products_life_is_understood_alike_by_both(town: Town, switches: dict[str, Any]) -> None:
    await town.control("PUT", "/switches", switches)
    created: Observed = await made(town, NEW)
    assert {each.sku for each in created.variants.values()} == {"A", "B"}
    assert not created.published

    await made(town, Publish(source_id=SOURCE, target_id=created.id, storefront_id=town.storefront))
    added: ObservedVariant = await made(
        town, CreateVariant(source_id=SOURCE, target_id=created.id, variant=variant("C"))
    )
    await made(town, RefreshListing(source_id=SOURCE, target_id=created.id))
    await made(town, UpdateProduct(source_id=SOURCE, target_id=created.id, title="Bowl"))
    await made(
        town,
        UpdateVariant(
            source_id=SOURCE, target_id=created.id, target_variant_id=added.id, price=Decimal("0.10"), policy="CONTINUE"
        ),
    )
    await made(town, SetStock(source_id=SOURCE, target_id=created.id, target_variant_id=added.id, quantity=41))

    (found,) = await town.account.find([Sku("C"), Sku("nobody's")])
    assert found.published
    assert found.variants[added.id] == replace(
        added, price=Decimal("0.10"), stock=41, policy="CONTINUE", msrp=found.variants[added.id].msrp
    )
    seen = (await town.account.read([created.id]))[created.id]
    assert seen is not None
    assert (seen.title, seen.published, len(seen.variants)) == ("Bowl", True, 3)
    shown = await town.shown(created.id)
    assert set(shown["listing_variants"]) == {"A", "B", "C"}

    await made(town, Unpublish(source_id=SOURCE, target_id=created.id))
    hidden = (await town.account.read([created.id]))[created.id]
    assert hidden is not None
    assert not hidden.published
    assert town.purse.reported or switches.get("bucket") == "unlimited"


@pytest.mark.parametrize("missing_id", ["top_level_error", "null_payload"])
async def test_a_product_deleted_by_hand_is_missing_whatever_form_that_takes(town: Town, missing_id: str) -> None:
    await town.control("PUT", "/switches", {"missing_id": missing_id})
    created: Observed = await made(town, NEW)
    await town.control("DELETE", f"/products/{created.id}")

    assert await town.account.read([created.id]) == {created.id: None}
    changes: list[Change] = [
        UpdateProduct(source_id=SOURCE, target_id=created.id, title="Gone"),
        Unpublish(source_id=SOURCE, target_id=created.id),
        *(
            SetStock(source_id=SOURCE, target_id=created.id, target_variant_id=each, quantity=1)
            for each in created.variants
        ),
    ]
    outcomes = await town.account.apply(changes, before=datetime.now(UTC) + timedelta(minutes=5))
    assert outcomes == (TargetMissing(),) * len(changes)
