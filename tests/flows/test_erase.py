"""Erasing a supplier leaves nothing behind in any table, and nothing comes back."""

import dataclasses
from collections.abc import Mapping

import pytest
from sqlmodel import SQLModel

from app.domain.application import Application
from app.domain.errors import NotPossibleNow, UnknownApplication
from app.domain.event import Erasure
from app.domain.ids import AccountId, SourceId, SupplierId
from app.domain.replay import Selection
from app.domain.structs import replace
from app.flows import erase as erasing
from app.flows.erase import erase_supplier
from app.flows.operate import uninstall
from app.flows.receive_delivery import Reception
from app.flows.replay import start_replay
from app.flows.run_lane import erase_now
from tests.fakes.killing import Killer, live_through
from tests.fakes.listening import Listening
from tests.fakes.shop import FakeShop, delivery, product, variant
from tests.fakes.stage import Stage

GONE = SupplierId("gone-canary")
STAYS = SupplierId("stays")

ROWS_THAT_THE_STAGE_MAKES_BY_ITSELF = {
    "application", "account", "lane", "secret", "delivery", "delivery_body", "source_product", "source_variant", "binding",
    "target", "import", "timeline", "problem", "replay", "replay_share",
    "replayed",
}  # fmt: skip

BY_HAND = {
    "appointment": "INSERT INTO appointment (application_id, duty, due_at) VALUES (:application_id, 'canary', now())",
    "pending_install": "INSERT INTO pending_install (id, supplier_id, application_id, state, why, way_on, expires_at) "
    "VALUES (gen_random_uuid(), :supplier_id, :application_id, 'installed', 'canary', '', now())",
    "problem_product": "INSERT INTO problem_product (application_id, source_id, problem_id) "
    "SELECT application_id, 'by hand', id FROM problem WHERE application_id = :application_id LIMIT 1",
    "in_flight": "INSERT INTO in_flight (application_id, source_id, lease_token, until, what) "
    "VALUES (:application_id, '1', 1, now(), 'canary')",
    "sku_choice": "INSERT INTO sku_choice (account_id, folded, application_id, source_variant_id) "
    "VALUES (:account_id, 'canary', :application_id, 'v-1')",
    "sku_claim": "INSERT INTO sku_claim (account_id, sku, application_id, source_variant_id) "
    "VALUES (:account_id, 'canary', :application_id, 'v-1')",
    "subscription": "INSERT INTO subscription (application_id, topic, address, health, message) "
    "VALUES (:application_id, 'canary', '', '', '')",
    "sweep": "INSERT INTO sweep (id, application_id, state, phase, reason, counters) "
    "VALUES (gen_random_uuid(), :application_id, 'done', 'showing', 'canary', '{}')",
    "finding": "INSERT INTO finding (application_id, sweep_id, source_id, side, kind, sentence, repaired, generation) "
    "SELECT application_id, id, 'canary', 'shop', 'stock', '', true, 1 FROM sweep WHERE application_id = :application_id",
    "sighting": "INSERT INTO sighting (application_id, reading_id, source_id) "
    "VALUES (:application_id, gen_random_uuid(), 'canary')",
    "account_webhook": "INSERT INTO account_webhook (account_id) VALUES (:account_id)",
    "ring": "INSERT INTO ring (application_id, target_id, changed_from, changed_until) "
    "VALUES (:application_id, 'canary', now(), now())",
    "poll": "INSERT INTO poll (application_id, cursor) VALUES (:application_id, 'canary')",
    "preview": "INSERT INTO preview (id, application_id, state, phase, reason, counters, expires_at) "
    "VALUES (gen_random_uuid(), :application_id, 'done', 'planning', 'canary', '{}', now())",
    "preview_product": "INSERT INTO preview_product (preview_id, application_id, source_id, title, gone, wants_published, state, "
    "hiding, due, to_read, flipped, moved) SELECT id, application_id, 'canary', '', false, false, '', 'free', false, false, "
    "false, false FROM preview WHERE application_id = :application_id",
    "preview_variant": "INSERT INTO preview_variant (preview_id, application_id, source_variant_id, source_id) "
    "SELECT id, application_id, 'canary', 'canary' FROM preview WHERE application_id = :application_id",
    "preview_binding": "INSERT INTO preview_binding (preview_id, application_id, source_variant_id, source_id, account_id) "
    "SELECT id, application_id, 'canary', 'canary', :account_id FROM preview WHERE application_id = :application_id",
    "preview_target": "INSERT INTO preview_target (preview_id, application_id, target_id, account_id, refresh_listing, held, "
    "was_published, images_missing) SELECT id, application_id, 'canary', :account_id, false, false, false, false "
    "FROM preview WHERE application_id = :application_id",
    "preview_item": "INSERT INTO preview_item (preview_id, application_id, kind, source_id, fields, sentence) "
    "SELECT id, application_id, 'skipped', 'canary', '{}', 'canary' FROM preview WHERE application_id = :application_id",
    "erasure": "INSERT INTO erasure (supplier_id) VALUES (:supplier_id)",
    "api_key": "INSERT INTO api_key (id, digest, role, supplier_id) "
    "VALUES (gen_random_uuid(), convert_to(:supplier_id, 'UTF8'), 'read', :supplier_id)",
}
"""A row in every other table. A new table has to be added to one of the two."""


async def live(stage: Stage, supplier: SupplierId, *, shops: int = 1) -> list[Application]:
    """A supplier with rows in every table, all uninstalled in the end."""
    stage.orderchamp.account_id = AccountId(f"account of {supplier}")
    stage.shop.put(product("1"), product("2", variant(None)))
    applications = []
    for n in range(shops):
        application = await stage.install(
            supplier_id=supplier,
            shop=f"{n}.{supplier}.example",
            credentials={"token": stage.shop.token},
        )
        await stage.settle()
        stage.shop.put(product("1", at=1))
        await stage.hear(application, product("1", at=1), delivery_of(supplier))
        await stage.settle()
        applications.append(application)
    await start_replay(stage.services, Selection(source_id=SourceId("1")), supplier_id=supplier, by="the supplier")
    await stage.settle()
    return applications


def delivery_of(supplier: SupplierId) -> Erasure:
    """Something that the shop says once more, so that a body names the supplier."""
    return Erasure(subject=f"customer of {supplier}")


async def leave(stage: Stage, applications: list[Application]) -> None:
    for each in applications:
        await uninstall(stage.services, each.id, unpublish=False)
    await stage.settle()


async def fill(stage: Stage, application: Application, *, but: tuple[str, ...] = ()) -> None:
    given = {
        "application_id": application.id,
        "account_id": application.account_id,
        "supplier_id": application.supplier_id,
    }
    async with stage.store.pool.transaction() as connection:
        for table, statement in BY_HAND.items():
            if table not in but:
                names = {name: value for name, value in given.items() if f":{name}" in statement}
                await connection.execute(statement, names)
    async with stage.store.transaction() as tx:
        await tx.vault.put(str(application.id), {"left.behind": "canary"})
        await tx.vault.put(f"account/{application.account_id}", {"left.behind": "canary"})


async def contents(stage: Stage) -> Mapping[str, list[str]]:
    """Every row of every table, as text. Until when a publication settles is left out: settling brings that forward."""
    async with stage.store.pool.connection() as connection:
        await connection.execute("UPDATE target SET publishing_until = NULL")
        return {
            table: [
                row[0]
                for row in await connection.execute(f"SELECT CAST(t AS text) FROM {table} t ORDER BY 1")  # noqa: S608
            ]
            for table in SQLModel.metadata.tables
        }


async def test_no_table_keeps_a_row_or_a_secret_of_an_erased_supplier(stage: Stage) -> None:
    (stays,) = await live(stage, STAYS)
    await leave(stage, [stays])
    await fill(stage, stays, but=("erasure",))
    before = await contents(stage)
    applications = await live(stage, GONE, shops=2)
    await leave(stage, applications)
    await fill(stage, applications[0], but=("erasure",))
    full = await contents(stage)
    assert set(full) == ROWS_THAT_THE_STAGE_MAKES_BY_ITSELF | set(BY_HAND)
    assert [table for table in full if len(full[table]) <= len(before[table])] == ["erasure"]
    assert not await erase_supplier(stage.services, GONE)
    assert await stage.count("erasure") == 1
    await stage.settle()
    assert await erase_supplier(stage.services, GONE), "repeated: the same"
    after = await contents(stage)
    moved = ("lane", "in_flight")  # Of the one that stays, times and leases may have moved.
    assert {table: rows for table, rows in after.items() if table not in moved} == {
        table: rows for table, rows in before.items() if table not in moved
    }
    assert [len(after[table]) for table in moved] == [len(before[table]) for table in moved]
    # Rows by hand say "canary" for the one that stays, too; that none more are left is compared above.
    assert "canary" not in str({table: rows for table, rows in after.items() if table not in BY_HAND})


async def test_an_installed_supplier_is_not_erased_and_one_that_is_being_erased_not_installed(stage: Stage) -> None:
    (application,) = await live(stage, GONE)
    with pytest.raises(NotPossibleNow, match=str(application.id)):
        await erase_supplier(stage.services, GONE)
    assert await stage.count("erasure") == 0
    await leave(stage, [application])
    await erase_supplier(stage.services, GONE)
    with pytest.raises(NotPossibleNow):
        await stage.install(supplier_id=GONE, shop="new.example")
    await stage.settle()
    fresh = await stage.install(supplier_id=GONE, shop="new.example")
    assert fresh.id != application.id


async def test_a_late_delivery_finds_nobody(stage: Stage) -> None:
    (application,) = await live(stage, GONE)
    reception = Reception(stage.services)
    await reception.receive("fake", str(application.id), delivery(product("1", at=7)))
    await leave(stage, [application])
    for _ in range(2):
        with pytest.raises(UnknownApplication):
            await reception.receive("fake", str(application.id), delivery(product("1", at=8)))
        await erase_supplier(stage.services, GONE)
        await stage.settle()
    assert await stage.count("delivery") == 0


async def test_an_erasure_killed_anywhere_goes_on_where_it_was(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "BATCH", 2)
    applications = await live(stage, GONE, shops=2)
    await leave(stage, applications)
    await erase_supplier(stage.services, GONE)
    await stage.remember()

    async def live_on(killer: Killer) -> int:
        await stage.go_back()
        await live_through(stage, killer)
        return sum(len(rows) for rows in (await contents(stage)).values())

    counting = Killer()
    assert await live_on(counting) == 0
    assert counting.awaits > 100
    for at in range(1, counting.awaits + 1, 7):
        assert await live_on(Killer(at=at)) == 0, f"killed at await {at}"


async def test_the_command_line_erases_without_a_worker(stage: Stage) -> None:
    applications = await live(stage, GONE, shops=2)
    await leave(stage, applications)
    await erase_now(stage.services, GONE)
    assert not any((await contents(stage)).values())
    await erase_now(stage.services, SupplierId("never heard of"))


async def test_a_shop_that_asks_for_it_is_erased_once_it_is_uninstalled(stage: Stage) -> None:
    applications = await live(stage, GONE, shops=2)
    asking, staying = applications
    await leave(stage, [asking])
    asked = delivery(Erasure(subject="shop"))
    to_the_app = replace(asked, headers={**asked.headers, "shop": asking.shop})
    told = Listening()
    stage.services = dataclasses.replace(stage.services, observer=told)
    services = dataclasses.replace(stage.services, apps={"fake": {"secret": "secret"}})
    await Reception(services).receive_for_app("fake", to_the_app)
    await stage.settle()
    assert told.outcomes == ["applied"]
    async with stage.store.transaction() as tx:
        assert await tx.applications.one(asking.id) is None
        assert await tx.applications.one(staying.id) is not None
        assert await tx.accounts.name(staying.account_id)
    left = await contents(stage)
    assert [table for table, rows in left.items() if str(asking.id) in str(rows) or asking.shop in str(rows)] == []
    await stage.hear(staying, product("1", at=2, title="Goes on"))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").title == "Goes on"


@pytest.mark.parametrize("paused", [False, True])
async def test_a_shop_that_asks_for_it_is_erased_though_the_notice_of_its_removal_was_lost(
    stage: Stage, paused: bool
) -> None:
    application = await stage.install()
    await stage.settle()
    stage.shop.token = "another"
    if paused:
        await stage.keep_appointment("subscriptions")
        assert (await stage.application(application.id)).state == "paused"
    asked = delivery(Erasure(subject="shop"))
    services = dataclasses.replace(stage.services, apps={"fake": {"secret": "secret"}})
    await Reception(services).receive_for_app(
        "fake", replace(asked, headers={**asked.headers, "shop": application.shop})
    )
    await stage.settle()
    assert await stage.count("application") == 0


async def test_a_shop_whose_app_is_installed_is_not_erased(stage: Stage) -> None:
    application = await stage.install()
    asked, told = delivery(Erasure(subject="shop")), Listening()
    stage.services = dataclasses.replace(stage.services, observer=told)
    services = dataclasses.replace(stage.services, apps={"fake": {"secret": "secret"}})
    await Reception(services).receive_for_app(
        "fake", replace(asked, headers={**asked.headers, "shop": application.shop})
    )
    await stage.settle()
    assert told.outcomes == ["ignored"]
    assert (await stage.application(application.id)).state == "active"
    assert set((await stage.outcomes(application)).values()) == {"ignored"}


async def test_a_request_about_a_customer_is_not_kept_itself(stage: Stage) -> None:
    told = Listening()
    stage.services = dataclasses.replace(stage.services, observer=told)
    (application,) = await live(stage, GONE)
    async with stage.store.pool.connection() as connection:
        kept = await connection.execute(
            "SELECT d.outcome FROM delivery d JOIN delivery_body b ON b.delivery_id = d.id WHERE d.topic = 'erasure'"
        )
        asked = await connection.execute("SELECT outcome FROM delivery WHERE topic = 'erasure'")
        outcomes = await connection.execute("SELECT outcome FROM delivery")
    assert (len(kept), [row.outcome for row in asked]) == (0, ["ignored"])
    assert sorted(told.outcomes) == sorted(row.outcome for row in outcomes)
    assert application.supplier_id == GONE


async def test_what_is_known_of_a_product_that_another_application_shows_too_stays(stage: Stage) -> None:
    other = FakeShop()
    stage.adapters["other"] = other.adapter()
    stage.orderchamp.add("There", {"1-A": 0, "9-A": 0})
    stage.shop.put(product("1"))
    other.put(product("9"))
    going = await stage.install()
    staying = await stage.install(platform="other", shop="other.example")
    await stage.settle()
    await leave(stage, [going])
    async with stage.store.transaction() as tx:
        await tx.erasures.mark(going.id)
        await tx.lanes.wake(going.id)
    await stage.settle()
    async with stage.store.transaction() as tx:
        assert await tx.applications.one(going.id) is None
    assert await stage.execute("SELECT last_storefront_id FROM target") == "front-1"
    assert await stage.execute("SELECT application_id FROM binding") == staying.id
