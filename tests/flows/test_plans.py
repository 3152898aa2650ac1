"""No statement of a lane reads more than it has to, whatever PostgreSQL knew of the tables when it planned it.

Each connection plans a statement once. It may do so while the tables are empty, and before a supplier's first import ends
they may have 10,000 rows; or on statistics by which nearly every Application has five products, for the one that has 10,000.
So the same life is lived by an Application alone, and among all those rows: it must not touch more pages for them.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from statistics import fmean

import pytest

from app.domain.application import Application
from app.domain.event import Tombstone
from app.domain.ids import SourceId
from app.domain.product import Snapshot, SourceVariant
from app.store.database import sqlalchemy_url
from tests.databases import Databases
from tests.fakes.shop import EPOCH, product, variant
from tests.fakes.stage import Stage, open_stage
from tests.fakes.weighing import Scale, WeighingPool

COPIES = 10_000
GROWING = ("source_product", "source_variant", "binding", "target")

# The last product of a life so many times more, with all that belongs to it.
MANY_PRODUCTS = (
    """
        INSERT INTO source_product SELECT copy.* FROM source_product p, generate_series(1, :count) AS n,
            LATERAL jsonb_populate_record(p, jsonb_build_object('source_id', p.source_id || '-' || n)) AS copy
        WHERE p.source_id = :source_id
    """,
    """
        INSERT INTO source_variant SELECT copy.* FROM source_variant v, generate_series(1, :count) AS n,
            LATERAL jsonb_populate_record(v, jsonb_build_object('source_id', v.source_id || '-' || n, 'source_variant_id',
                v.source_variant_id || '-' || n, 'sku', v.sku || '-' || n, 'folded', v.folded || '-' || n,
                'stock_item_id', v.stock_item_id || '-' || n)) AS copy
        WHERE v.source_id = :source_id
    """,
    """
        INSERT INTO target SELECT copy.* FROM target t, generate_series(1, :count) AS n,
            LATERAL jsonb_populate_record(t, jsonb_build_object('target_id', t.target_id || '-' || n)) AS copy
        WHERE t.target_id IN (SELECT target_id FROM binding WHERE source_id = :source_id)
    """,
    """
        INSERT INTO binding SELECT copy.* FROM binding b, generate_series(1, :count) AS n,
            LATERAL jsonb_populate_record(b, jsonb_build_object('source_id', b.source_id || '-' || n, 'source_variant_id',
                b.source_variant_id || '-' || n, 'target_id', b.target_id || '-' || n, 'target_variant_id',
                b.target_variant_id || '-' || n)) AS copy
        WHERE b.source_id = :source_id
    """,
)

# Many Applications with accounts of their own and five products each.
MANY_APPLICATIONS = (
    """
        INSERT INTO account SELECT copy.* FROM account a, generate_series(1, :count) AS n,
            LATERAL jsonb_populate_record(a, jsonb_build_object('id', 'other-' || n)) AS copy
    """,
    """
        INSERT INTO application SELECT copy.* FROM application a, account o,
            LATERAL jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'account_id', o.id,
                'supplier_id', o.id, 'shop', o.id)) AS copy
        WHERE o.id LIKE 'other-%'
    """,
    *(
        f"""
            INSERT INTO {table} SELECT copy.* FROM {table} t, application a,
                LATERAL jsonb_populate_record(t, jsonb_build_object('application_id', a.id, 'account_id', a.account_id)) AS copy
            WHERE a.account_id LIKE 'other-%' AND t.{key} IN (
                SELECT {key} FROM binding WHERE source_id IN ('first-2', 'first-3', 'first-5', 'first-6', 'first-7'))
        """  # noqa: S608
        for table, key in (
            ("source_product", "source_id"),
            ("source_variant", "source_id"),
            ("target", "target_id"),
            ("binding", "source_id"),
        )
    ),
)


@pytest.fixture
def new_database_url(databases: Databases) -> Iterator[str]:
    with databases.untouched() as url:
        yield url


@pytest.fixture
async def stage(new_database_url: str) -> AsyncIterator[Stage]:
    opened = open_stage(new_database_url)
    opened.store.pool = WeighingPool(sqlalchemy_url(new_database_url), size=5)
    yield opened
    await opened.store.close()


def weighing(stage: Stage) -> WeighingPool:
    assert isinstance(stage.store.pool, WeighingPool)
    return stage.store.pool


async def live(stage: Stage, application: Application, name: str) -> Scale:
    """Live through all that happens to products, with ten of this name; return what its statements touched."""

    def made(number: int, *variants: SourceVariant, at: int = 0, **changes: object) -> Snapshot:
        source_id = f"{name}-{number}"
        return product(
            source_id, *(variants or (variant(f"{source_id}-A"), variant(f"{source_id}-B"))), at=at, **changes
        )

    with weighing(stage).scale() as scale:
        for facts in (
            [made(number) for number in range(1, 11)],
            [made(number, at=1, title="Another") for number in range(1, 11)],
            [made(1, at=2, published=False)],
            [made(1, at=3)],
            [made(2, *(variant(f"{name}-2-{each}") for each in "ABC"), at=2)],
            [made(3, variant(f"{name}-2-A"), at=2)],
            [made(3, at=3)],
            [made(5, at=2, images=("https://shop.example/1.jpg",))],
            [Tombstone(source_id=SourceId(f"{name}-4"))],
        ):
            await stage.hear(application, *facts)
            await stage.run_lanes()
        await look(stage, application, name)
    return scale


async def look(stage: Stage, application: Application, name: str) -> None:
    """Ask what the long duties ask, a page each."""
    source_id = SourceId(f"{name}-9")
    async with stage.store.reading() as tx:
        bound = await tx.targets.bindings(application.id, [source_id])
        ids = [each.target_id for each in bound[source_id]]
        await tx.sweeps.targets(application.id, after="", limit=10)
        await tx.rings.at_rest(application.id, ids)
        await tx.rings.leave_to_planning(application.id, ids)
        await tx.images.to_check(application.id, limit=10)
        await tx.images.next_check(application.id)
        await tx.products.after(application.id, "", limit=10, size=10**6)
        reading = stage.services.new_id()
        await tx.imports.unseen(application.id, reading, listed_from=EPOCH + timedelta(days=1000), after="", limit=10)


WEIGHS_ALL = ("SELECT count(*) AS targets",)
"""What has to read all of an Application: the guard, which compares what is to vanish with what there is."""


def heavier(alone: Scale, among_many: Scale) -> dict[str, str]:
    """Return the statements that touch more pages on account of rows that are none of their business."""
    return {
        " ".join(statement.split()): f"{fmean(alone[statement]):.0f} pages alone, {fmean(pages):.0f} among many"
        for statement, pages in among_many.items()
        if statement in alone
        and fmean(pages) > 2 * fmean(alone[statement]) + 50
        and not statement.strip().startswith(WEIGHS_ALL)
    }


async def test_no_statement_reads_more_because_of_rows_that_are_not_asked_for(stage: Stage) -> None:
    application = await stage.install()
    await stage.settle()
    for table in GROWING:
        # PostgreSQL must not come to know them by itself in the middle of this.
        await stage.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    await live(stage, application, "first")
    alone = await live(stage, application, "alone")
    for statement in MANY_PRODUCTS:
        await stage.execute(statement, count=COPIES, source_id="first-10")
    planned_for_empty_tables = await live(stage, application, "later")
    assert len(planned_for_empty_tables) > 50
    assert heavier(alone, planned_for_empty_tables) == {}
    for statement in MANY_APPLICATIONS:
        await stage.execute(statement, **({"count": 1000} if ":count" in statement else {}))
    await stage.execute("ANALYZE")
    assert await stage.execute("SELECT count(*) FROM source_product") > COPIES + 5_000
    planned_for_small_applications = await live(stage, application, "last")
    assert heavier(alone, planned_for_small_applications) == {}
