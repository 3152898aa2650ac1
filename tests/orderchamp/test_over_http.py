"""The client and the stand-in Orderchamp, which share no code, over real HTTP and under every answer to the open questions."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

import httpx
import pytest

from app.domain.application import Account
from app.domain.errors import RateLimited
from app.domain.ids import AccountId, Sku, SourceId, SourceVariantId, StorefrontId, SupplierId, TargetId
from app.domain.plan import (
    Applied,
    Change,
    CreateProduct,
    CreateVariant,
    NotSent,
    Publish,
    RefreshListing,
    SetStock,
    TargetMissing,
    Unclear,
    Unpublish,
    UpdateProduct,
    UpdateVariant,
)
from app.domain.product import Measures
from app.domain.state import DesiredVariant, Observed, ObservedVariant
from app.domain.structs import replace
from app.orderchamp.client import OrderchampMarketplaces
from app.ports import Budget, Marketplace
from app.sandbox.orderchamp.server import create_app
from app.sandbox.orderchamp.switches import Switches
from app.store.database import PostgresStore
from app.store.vault import Keyring
from app.transport import HttpTransport
from tests.fakes.serving import serving
from tests.orderchamp.scripted import Clock, Purse

SOURCE = SourceId("1")
NOT_OURS = {name for name in Switches.model_fields if "webhook" in name}
"""We have Orderchamp send us nothing."""
NUMBERS: dict[str, Any] = {"max_cost": 400, "mutation_cost": 100, "image_delay_seconds": 0, "retry_after_seconds": 3}


def less_likely() -> Iterator[dict[str, Any]]:
    """Every other answer to one open question, and all of them together."""
    together: dict[str, Any] = {}
    for name, field in Switches.model_fields.items():
        if name in NOT_OURS:
            continue
        literal = get_origin(field.annotation) is Literal
        values = [each for each in get_args(field.annotation) if each != field.default] if literal else [NUMBERS[name]]
        yield from ({name: each} for each in values)
        together[name] = values[0]
    yield together


SWITCHES: list[dict[str, Any]] = [{}, *less_likely()]


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
    transport = HttpTransport(allow_private=True)
    async with serving(create_app()) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        opened = await client.put("/_sandbox/accounts/token", json={"name": "A", "storefronts": [{"name": "Main"}]})
        purse = Purse()
        storefront = StorefrontId(opened.json()["storefronts"][0]["id"])
        yield Town(account=open_account(transport, url, purse), client=client, purse=purse, storefront=storefront)
    await transport.aclose()


def open_account(transport: HttpTransport, url: str, budget: Budget, *, seconds: float = 10) -> Marketplace:
    return OrderchampMarketplaces(
        transport,
        url=f"{url}/v1/graphql",
        clock=lambda: datetime.now(UTC),
        sleep=Clock().sleep,
        jitter=lambda: 0.0,
        call_deadline=timedelta(seconds=seconds),
    ).open("token", budget)


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
    assert town.purse.reported


@pytest.mark.parametrize("missing_id", ["top_level_error", "null_payload"])
async def test_images_are_counted_when_they_have_arrived(town: Town, missing_id: str) -> None:
    await town.control("PUT", "/switches", {"missing_id": missing_id, "image_delay_seconds": 60})
    waiting: Observed = await made(town, NEW)
    await town.control("PUT", "/switches", {"missing_id": missing_id, "image_delay_seconds": 0, "max_cost": 100})
    there: Observed = await made(
        town, replace(NEW, variants=(variant("C"),), images=(*NEW.images, "https://b.example/2"))
    )
    gone: Observed = await made(town, replace(NEW, variants=(variant("D"),)))
    await town.control("DELETE", f"/products/{gone.id}")
    counted = await town.account.count_images([waiting.id, gone.id, there.id])
    assert counted == {waiting.id: 0, there.id: 2}
    await town.control("PUT", "/switches", {"image_delay_seconds": 0, "image_downloads": "fail"})
    await made(town, UpdateProduct(source_id=SOURCE, target_id=there.id, images=("https://b.example/3",)))
    assert await town.account.count_images([there.id]) == {there.id: 0}


async def test_weight_dimensions_barcode_and_category_arrive_and_are_read_again(town: Town) -> None:
    light, heavy = Measures(weight_grams=Decimal(800), length_cm=Decimal("20.5")), Measures(weight_grams=Decimal(900))
    sold = replace(variant("A"), measures=light, barcode="8712345678906")
    created: Observed = await made(
        town, replace(NEW, variants=(sold,), measures=light, category="JEWELRY_ACCESSORIES_BRACELETS_BANGLE_BRACELETS")
    )
    (target_variant_id,) = created.variants
    seen = (await town.account.read([created.id]))[created.id]
    assert seen is not None
    assert (seen.measures, seen.variants[target_variant_id].barcode) == (light, "8712345678906")
    shown = (await town.shown(created.id))["variants"][0]
    assert (shown["weight"], shown["length"], shown["width"]) == (800, 20.5, None)
    await made(town, UpdateProduct(source_id=SOURCE, target_id=created.id, measures=heavy))
    await made(
        town,
        UpdateVariant(source_id=SOURCE, target_id=created.id, target_variant_id=target_variant_id, barcode="871"),
    )
    seen = (await town.account.read([created.id]))[created.id]
    assert seen is not None
    assert seen.measures == replace(light, weight_grams=Decimal(900))
    assert seen.variants[target_variant_id].barcode == "871"


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


def many(count: int) -> CreateProduct:
    return replace(NEW, variants=tuple(variant(f"S{n}") for n in range(count)))


SOON = timedelta(minutes=5)


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
async def test_many_changes_at_once_arrive_under_every_switch(town: Town, switches: dict[str, Any]) -> None:
    await town.control("PUT", "/switches", {**switches, "bucket": "unlimited"})
    created: Observed = await made(town, many(130))
    assert len(created.variants) == 130, "more than one page of them"
    ids = {each.sku: each.id for each in created.variants.values()}

    changes: list[Change] = [
        SetStock(source_id=SOURCE, target_id=created.id, target_variant_id=each, quantity=n)
        for n, each in enumerate(ids.values())
    ]
    changes += [
        UpdateVariant(source_id=SOURCE, target_id=created.id, target_variant_id=each, price=Decimal(n + 1) / 100)
        for n, each in enumerate(ids.values())
    ]
    outcomes = await town.account.apply(changes, before=datetime.now(UTC) + SOON)
    assert outcomes == (Applied(),) * 260
    (found,) = await town.account.find(list(ids))
    assert {(each.sku, each.stock, each.price) for each in found.variants.values()} == {
        (sku, n, Decimal(n + 1) / 100) for n, sku in enumerate(ids)
    }
    seen = (await town.account.read([created.id]))[created.id]
    assert seen is not None
    assert len(seen.variants) == 130


def test_every_open_question_is_tried() -> None:
    tried = {name for switches in SWITCHES for name in switches}
    assert tried | NOT_OURS == set(Switches.model_fields)


@pytest.mark.parametrize(
    ("kind", "operation", "first"),
    [
        ("lost_answer", "productPublish", Unclear),
        ("reset", "productPublish", Unclear),
        ("http_500", "productPublish", Unclear),
        ("http_502_html", "productPublish", Unclear),
        ("malformed_json", "productPublish", Unclear),
        ("hang_after", "productPublish", Unclear),
        ("slow_drip", "productPublish", Unclear),
        ("http_429", "productPublish", NotSent),
        ("throttled", "productPublish", NotSent),
        ("lost_answer", "productUnpublish", Applied),
        ("reset", "productUnpublish", Applied),
        ("http_500", "productUnpublish", Applied),
        ("malformed_json", "productUnpublish", Applied),
        ("hang_before", "productUnpublish", Applied),
        ("http_429", "productUnpublish", NotSent),
        ("throttled", "productUnpublish", NotSent),
    ],
)
async def test_misbehaviour_on_the_wire_has_the_outcome_of_the_retry_table(
    town: Town, kind: str, operation: str, first: type[object]
) -> None:
    created: Observed = await made(town, NEW)
    await town.control("DELETE", "/calls")
    await town.control("POST", "/faults", {"kind": kind, "operation": operation, "seconds": 2})
    publish = Publish(source_id=SOURCE, target_id=created.id, storefront_id=town.storefront)
    hide = Unpublish(source_id=SOURCE, target_id=created.id)
    transport = HttpTransport(allow_private=True)
    impatient = open_account(transport, str(town.client.base_url).rstrip("/"), town.purse, seconds=0.5)
    change: Change = publish if operation == "productPublish" else hide
    (outcome,) = await impatient.apply([change], before=datetime.now(UTC) + SOON)
    await transport.aclose()
    assert isinstance(outcome, first)
    calls = await town.control("GET", "/calls")
    assert calls["requests"] == (2 if first is Applied else 1)


@pytest.mark.parametrize("kind", ["half_bulk", "user_error"])
async def test_half_of_a_bulk_is_made_whole(town: Town, kind: str) -> None:
    created: Observed = await made(town, many(10))
    await town.control("POST", "/faults", {"kind": kind, "operation": "inventoryLevelBulkAdjust"})
    changes = [
        SetStock(source_id=SOURCE, target_id=created.id, target_variant_id=each, quantity=77)
        for each in created.variants
    ]
    assert await town.account.apply(changes, before=datetime.now(UTC) + SOON) == (Applied(),) * 10
    seen = (await town.account.read([created.id]))[created.id]
    assert seen is not None
    assert {each.stock for each in seen.variants.values()} == {77}


@pytest.mark.parametrize(
    ("switches", "longest"),
    [
        ({"throttle_form": "graphql_200"}, 20),
        ({"throttle_form": "http_429_text"}, 30),
        ({"throttle_form": "http_429_text", "retry_after_seconds": 7}, 7),
    ],
    ids=str,
)
async def test_a_bucket_that_is_empty_tells_the_wait_in_either_form(
    town: Town, switches: dict[str, Any], longest: float
) -> None:
    created: Observed = await made(town, NEW)
    await town.control("PUT", "/switches", {"bucket": "1000/50", "mutation_cost": 990, **switches})
    change = UpdateProduct(source_id=SOURCE, target_id=created.id, title="Bowl")
    await made(town, change)
    (outcome,) = await town.account.apply([change], before=datetime.now(UTC) + SOON)
    assert isinstance(outcome, NotSent)
    assert isinstance(outcome.error, RateLimited)
    assert town.purse.blocked
    assert timedelta(0) < town.purse.blocked[-1] <= timedelta(seconds=longest)
    assert outcome.error.retry_after is not None
    assert outcome.error.retry_after >= town.purse.blocked[-1]


async def test_workers_that_draw_from_one_budget_are_never_throttled(town: Town, database_url: str) -> None:
    created: Observed = await made(town, NEW)
    await town.control("DELETE", "/calls")
    await town.control("PUT", "/switches", {"bucket": "1000/50"})
    await town.control("POST", "/faults", {"kind": "latency", "seconds": 0.2, "times": None, "operation": "product"})
    keyring = Keyring(keys={"a": bytes(32)}, active="a")
    store = PostgresStore(database_url, keyring=keyring, random_bytes=bytes, pool=4)
    async with store.transaction() as tx:
        await tx.accounts.save(Account(id=AccountId("a"), name="A", storefronts=()), SupplierId("s"))
    transport = HttpTransport(allow_private=True)
    url = str(town.client.base_url).rstrip("/")
    workers = [open_account(transport, url, store.budget(AccountId("a"))) for _ in range(2)]
    # The first answer tells how large the bucket is.
    await workers[0].account()
    reads = (workers[n % 2].read([created.id]) for n in range(40))
    found = await asyncio.gather(*reads, return_exceptions=True)
    await transport.aclose()
    await store.close()
    failed = [each for each in found if isinstance(each, BaseException)]
    assert len(failed) < len(found)
    assert all(isinstance(each, RateLimited) and each.retry_after for each in failed)
    calls = await town.control("GET", "/calls")
    assert calls["throttled"] == 0
