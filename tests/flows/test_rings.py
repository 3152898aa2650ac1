"""Orderchamp rings when somebody changes a product there: it is looked at within seconds, and treated as a sweep would."""

import dataclasses
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.application import Application
from app.domain.errors import InvalidSignature, OrderchampUnavailable, UnknownApplication
from app.domain.http import Delivery
from app.domain.ids import AccountId
from app.domain.plan import SetStock
from app.domain.structs import replace
from app.flows.operate import pause, resume
from app.flows.receive_ring import receive_ring
from app.flows.run_lane import claim_lane, run_lane
from tests.fakes.marketplace import Shown
from tests.fakes.shop import product, variant
from tests.fakes.stage import APP_SECRET, Stage

BEFORE = datetime.now(UTC) - timedelta(hours=1)


def rung(
    target_id: str, *, at: datetime | None = None, deleted: bool = False, signed: bool = False, **headers: str
) -> Delivery:
    """What Orderchamp sends when a product was changed ``at`` that time; None: now, but long after we wrote to it."""
    changed: dict[str, Any] = {} if deleted else {"updatedAt": (at or datetime.now(UTC)).isoformat()}
    body = json.dumps({"data": {"product": {"id": target_id, **changed}}}).encode()
    given = {"x-orderchamp-event": "PRODUCT_DELETED" if deleted else "PRODUCT_UPDATED", **headers}
    if signed:
        given["x-orderchamp-signature"] = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return Delivery(method="POST", url="/", headers=given, body=body, received_at=datetime.now(UTC))


async def installed(stage: Stage, *source_ids: str, **changes: Any) -> Application:
    stage.shop.put(*(product(each) for each in source_ids or ("1",)))
    application = await stage.install(**changes)
    await stage.settle()
    await age(stage)
    stage.orderchamp.calls.clear()
    return application


async def age(stage: Stage) -> None:
    """Let a minute pass since we wrote to anything."""
    await stage.execute(
        "UPDATE target SET written_from = written_from - interval '1 minute', "
        "written_until = written_until - interval '1 minute'"
    )


async def ring(stage: Stage, shown: Shown | str, **given: Any) -> None:
    secret = stage.orderchamp.rings_at.rpartition("/")[2]
    await receive_ring(stage.services, secret, rung(shown if isinstance(shown, str) else shown.id, **given))


@pytest.mark.policy("held")
async def test_what_was_unpublished_by_hand_is_held_without_waiting_for_a_sweep(stage: Stage) -> None:
    application = await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    shown.published = False
    await ring(stage, shown)
    await stage.run_lanes()
    assert (await stage.problem(application, "held")).source_ids == ("1",)
    assert not shown.published
    assert stage.orderchamp.calls == ["find"]
    assert "Orderchamp told of a change: Unpublished: by somebody on Orderchamp." in await stage.story(application, "1")
    assert await stage.count("ring") == 0


@pytest.mark.policy("deleted_on_orderchamp")
async def test_what_was_deleted_by_hand_is_seen_and_stays_so(stage: Stage) -> None:
    application = await installed(stage)
    gone = stage.orderchamp.by_sku("1-A")
    del stage.orderchamp.products[gone.id]
    await ring(stage, gone, deleted=True)
    await stage.run_lanes()
    assert (await stage.product(application, "1")).state == "detached"
    assert stage.orderchamp.products == {}


@pytest.mark.policy("edited_by_hand")
async def test_what_was_edited_by_hand_is_seen_and_overwritten_only_at_the_next_change(stage: Stage) -> None:
    application = await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    shown.title = "By hand"
    await ring(stage, shown)
    await stage.run_lanes()
    assert shown.title == "By hand"
    changed = product("1", variant("1-A", stock=1), at=1)
    stage.shop.put(changed)
    await stage.hear(application, changed)
    await stage.settle()
    assert shown.title == "Product 1"


def put_stock(shown: Shown, quantity: int) -> None:
    for variant_id, each in shown.variants.items():
        shown.variants[variant_id] = replace(each, stock=quantity)


@pytest.mark.policy("changed_again")
async def test_another_system_that_writes_after_us_gets_no_war(stage: Stage) -> None:
    application = await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    for quantity in (99, 98, 97, 96):
        put_stock(shown, quantity)
        await ring(stage, shown)
        await stage.run_lanes()
        await age(stage)
    assert shown.variants.popitem()[1].stock == 96
    assert sum(isinstance(each, SetStock) for each in stage.orderchamp.applied) == 1
    assert (await stage.problem(application, "changed_again")).subject == "1"


async def test_stock_that_an_order_took_is_not_put_back_before_the_shop_knows_of_the_order(stage: Stage) -> None:
    await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    put_stock(shown, 3)
    await ring(stage, shown)
    await stage.run_lanes()
    assert stage.orderchamp.stock("1-A") == 3
    assert stage.orderchamp.applied[1:] == stage.orderchamp.applied[1:2], "nothing but the import was written"


async def test_our_own_writes_ring_and_nothing_is_looked_at(stage: Stage) -> None:
    """Before it is written down what came of the call, and after; and the lane is not even woken for the latter."""
    application = await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")

    def rings_at_once(change: object) -> None:
        early.append(rung(shown.id))

    early: list[Delivery] = []
    stage.orderchamp.after = rings_at_once
    changed = product("1", at=1, title="Renamed")
    stage.shop.put(changed)
    await stage.hear(application, changed)
    await stage.run_lanes()
    assert early
    stage.orderchamp.calls.clear()
    for each in (*early, *early, rung(shown.id)):
        await receive_ring(stage.services, stage.orderchamp.rings_at.rpartition("/")[2], each)
    assert await stage.run_lanes() == 0
    assert stage.orderchamp.calls == []
    assert await stage.count("ring") == 0


async def test_what_rings_while_the_call_is_on_its_way_is_excused_when_that_is_written_down(stage: Stage) -> None:
    application = await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    await ring(stage, shown)
    assert await stage.count("ring") == 1
    changed = product("1", at=1, title="Renamed")
    stage.shop.put(changed)
    await stage.hear(application, changed)
    await stage.run_lanes()
    assert await stage.count("ring") == 0
    assert stage.orderchamp.calls == ["apply"]


async def test_a_persons_change_just_before_our_own_is_not_hidden_by_it(stage: Stage) -> None:
    application = await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    shown.published = False
    await ring(stage, shown, at=datetime.now(UTC) - timedelta(seconds=10))
    await ring(stage, shown)
    changed = product("1", at=1, title="Renamed")
    stage.shop.put(changed)
    await stage.hear(application, changed)
    await stage.settle()
    assert (await stage.problem(application, "held")).source_ids == ("1",)


async def test_a_storm_costs_one_look_for_everything_that_rang(stage: Stage) -> None:
    await installed(stage, *map(str, range(20)))
    for _ in range(10):
        for shown in tuple(stage.orderchamp.products.values()):
            await ring(stage, shown)
    assert await stage.count("ring") == 20
    assert await stage.run_lanes() <= 2
    assert stage.orderchamp.calls == ["find"]


async def test_looks_take_a_fifth_of_what_the_account_allows_at_most(stage: Stage) -> None:
    application = await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    stage.services = dataclasses.replace(
        stage.services, pace=dataclasses.replace(stage.services.pace, coalesce=timedelta(seconds=3))
    )
    await ring(stage, shown)
    assert await stage.run_lanes() == 1, "it waits until a burst is over"
    assert stage.orderchamp.calls == []
    await stage.execute("UPDATE appointment SET due_at = now() WHERE duty = 'rings'")
    await stage.execute("UPDATE lane SET due_at = now()")
    await stage.run_lanes()
    assert stage.orderchamp.calls == ["find"]
    await ring(stage, shown)
    async with stage.store.transaction() as tx:
        due = await tx.appointments.of(application.id, "rings")
    assert due is not None
    assert due.due_at > datetime.now(UTC) + timedelta(seconds=2)


async def test_what_is_not_ours_or_uninstalled_or_unreadable_changes_nothing(stage: Stage) -> None:
    await installed(stage)
    by_hand = stage.orderchamp.add("By hand", {"X": 1})
    await ring(stage, by_hand)
    await ring(stage, "")
    assert await stage.count("ring") == 0
    assert await stage.run_lanes() == 0


async def test_an_address_that_nobody_was_given_and_another_accounts_ring_are_refused(stage: Stage) -> None:
    await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    with pytest.raises(UnknownApplication):
        await receive_ring(stage.services, "guessed", rung(shown.id))
    with pytest.raises(UnknownApplication):
        await ring(stage, shown, **{"x-orderchamp-account-id": "another"})
    assert await stage.count("ring") == 0


async def test_an_account_whose_rings_were_once_signed_is_rung_for_by_signed_ones_alone(stage: Stage) -> None:
    await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    await ring(stage, shown)
    await stage.run_lanes()
    await ring(stage, shown, signed=True)
    await stage.run_lanes()
    with pytest.raises(InvalidSignature):
        await ring(stage, shown)
    assert await stage.count("ring") == 0
    await ring(stage, shown, signed=True)
    assert await stage.count("ring") == 1


async def test_two_applications_of_an_account_each_hear_of_their_own_and_both_of_what_they_share(stage: Stage) -> None:
    first = await installed(stage, "1")
    stage.shop.products.clear()
    second = await installed(stage, "2", shop="second.example")
    shared = stage.orderchamp.by_sku("2-A")
    await stage.execute("UPDATE binding SET target_id = :to WHERE application_id = :id", to=shared.id, id=first.id)
    await ring(stage, shared)
    assert await stage.count("ring") == 2
    await ring(stage, stage.orderchamp.by_sku("1-A"))
    assert await stage.count("ring") == 2, "to this nobody is bound any more"
    await stage.settle()
    assert await stage.count("ring") == 0
    assert await stage.story(second, "2")


async def test_a_ring_never_has_another_accounts_token_asked(stage: Stage) -> None:
    """Two accounts with a product of the same id: only the one whose address rang is looked at."""
    first = await installed(stage, "1")
    secret = stage.orderchamp.rings_at.rpartition("/")[2]
    shown = stage.orderchamp.by_sku("1-A")
    stage.orderchamp.account_id = AccountId("another")
    stage.orderchamp.tokens = {"another token"}
    stage.shop.products.clear()
    second = await stage.install(supplier_id="another", shop="second.example", orderchamp_token="another token")
    await stage.settle()
    await stage.execute(
        "INSERT INTO binding (application_id, source_variant_id, source_id, account_id, target_id, target_variant_id) "
        "VALUES (:id, 'v', 's', 'another', :target_id, 'tv')",
        id=second.id,
        target_id=shown.id,
    )
    await receive_ring(stage.services, secret, rung(shown.id))
    async with stage.store.transaction() as tx:
        assert len(await tx.rings.waiting(first.id, limit=10)) == 1
        assert await tx.rings.waiting(second.id, limit=10) == ()


async def test_while_an_application_is_paused_rings_are_kept_for_the_day_it_goes_on(stage: Stage) -> None:
    application = await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    await pause(stage.services, application.id)
    shown.published = False
    await ring(stage, shown)
    await stage.run_lanes()
    assert stage.orderchamp.calls == []
    await resume(stage.services, application.id)
    await stage.settle()
    assert (await stage.problem(application, "held")).source_ids == ("1",)


async def test_what_is_being_worked_on_is_looked_at_by_whoever_plans_for_it_next(stage: Stage) -> None:
    application = await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    shown.published = False
    await ring(stage, shown)
    await stage.execute("UPDATE source_product SET due_at = now() + interval '1 hour'")
    await stage.run_lanes()
    assert stage.orderchamp.calls == []
    await stage.settle()
    assert stage.orderchamp.calls[0] == "read"
    assert (await stage.problem(application, "held")).source_ids == ("1",)


async def test_an_orderchamp_that_does_not_answer_is_asked_again_and_nothing_that_rang_is_lost(stage: Stage) -> None:
    application = await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    shown.published = False
    await ring(stage, shown)
    find = stage.orderchamp.find_trouble = [OrderchampUnavailable("away"), OrderchampUnavailable("away")]
    held = await claim_lane(stage.services)
    assert held is not None
    await run_lane(stage.services, held)
    assert await stage.count("ring") == 1
    await stage.settle()
    assert find == []
    assert (await stage.problem(application, "held")).source_ids == ("1",)


async def test_what_rings_again_during_the_look_is_looked_at_again(stage: Stage) -> None:
    await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    await ring(stage, shown)
    held = await claim_lane(stage.services)
    assert held is not None

    async def rings() -> None:
        await ring(stage, shown)

    stage.orderchamp.during_find = rings
    await run_lane(stage.services, held)
    assert await stage.count("ring") == 0
    assert stage.orderchamp.calls == ["find", "find"]
