"""API keys are found by what they are, and cannot be read from the database."""

from uuid import uuid4

from app.domain.ids import SupplierId
from app.ports import ApiKey
from tests.fakes.stage import Stage


async def test_a_key_is_found_with_what_it_may_do_and_only_its_digest_is_kept(stage: Stage) -> None:
    first, second = uuid4(), uuid4()
    async with stage.store.transaction() as tx:
        await tx.keys.add(first, "canary-1", role="admin", supplier_id=None)
        await tx.keys.add(second, "canary-2", role="read", supplier_id=SupplierId("oak"))
    async with stage.store.transaction() as tx:
        assert await tx.keys.find("canary-1") == ApiKey(id=first, role="admin", supplier_id=None)
        assert await tx.keys.find("canary-2") == ApiKey(id=second, role="read", supplier_id=SupplierId("oak"))
        for other in ("", "canary", "CANARY-1", "canary-1 "):
            assert await tx.keys.find(other) is None
    async with stage.store.pool.connection() as connection:
        for row in await connection.execute("SELECT * FROM api_key"):
            assert "canary" not in repr(row)
