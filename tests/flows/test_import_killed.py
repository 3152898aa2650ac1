"""An import whose worker is killed at random, again and again: it completes, doubles nothing, and reads one page again a kill."""

from dataclasses import dataclass, replace
from random import Random

import pytest

from app.domain.http import Reading
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot
from app.platforms.adapter import Catalogue, Connection, Page
from tests.fakes.killing import Killer, run_until_killed
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage

KILLS = 40
PRODUCTS = 30


@dataclass
class Watched:
    """A catalogue that notes which pages are read while an import reads them; the closing list reads them once more."""

    inner: Catalogue
    read: list[Cursor | None]

    def product(self, connection: Connection, source_id: SourceId) -> Reading[Snapshot | None]:
        return self.inner.product(connection, source_id)

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
        self.read.append(cursor)
        return self.inner.page(connection, cursor)


@pytest.mark.parametrize("seed", range(2))
async def test_an_import_killed_at_random_completes_and_reads_one_page_again_a_kill(stage: Stage, seed: int) -> None:
    chance = Random(seed)
    for n in range(0, PRODUCTS, 3):
        stage.orderchamp.add(f"There {n}", {f"{n}-A": 1})
    stage.shop.put(*(product(str(n), variant(f"{n}-A"), variant(f"{n}-B")) for n in range(PRODUCTS)))
    adapter = stage.shop.adapter()
    assert adapter.catalogue is not None
    watched = Watched(adapter.catalogue, [])
    stage.services = replace(stage.services, adapters={"fake": replace(adapter, catalogue=watched)})
    application = await stage.install()
    kills = 0
    for _ in range(1000):
        killer = Killer(at=chance.randrange(1, 60) if kills < KILLS else None)
        killed = await run_until_killed(stage, killer)
        kills += killed
        if not await stage.hurry() and not killed:
            break
    async with stage.store.transaction() as tx:
        done = await tx.imports.latest(application.id)
    assert done is not None
    assert (done.state, done.progress) == ("done", 1.0), done.reason
    shown = [each.sku for one in stage.orderchamp.products.values() for each in one.variants.values()]
    assert sorted(shown) == sorted(f"{n}-{letter}" for n in range(PRODUCTS) for letter in "AB")
    assert all(each.publications == 1 for each in stage.orderchamp.products.values())
    pages = PRODUCTS // stage.shop.page_size
    assert len(watched.read) <= 2 * pages + kills
    assert kills > pages
