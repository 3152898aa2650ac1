"""API keys of the back office. Only digests are kept: a lost key is replaced, never shown again."""

import hashlib
from uuid import UUID

from app.domain.ids import SupplierId
from app.ports import ApiKey
from app.store.connection import Connection


def digest(key: str) -> bytes:
    """Return what is kept of a key. Keys are long and random, so a fast digest is enough."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


class ApiKeys:
    """The keys, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, key_id: UUID, key: str, *, role: str, supplier_id: SupplierId | None) -> None:
        await self._connection.execute(
            "INSERT INTO api_key (id, digest, role, supplier_id) VALUES (:id, :digest, :role, :supplier_id)",
            {"id": key_id, "digest": digest(key), "role": role, "supplier_id": supplier_id},
        )

    async def find(self, key: str) -> ApiKey | None:
        """Return what a key may do; None when it is not one of ours."""
        found = await self._connection.execute(
            "SELECT id, role, supplier_id FROM api_key WHERE digest = :digest", {"digest": digest(key)}
        )
        row = found.one_or_none()
        return None if row is None else ApiKey(id=row.id, role=row.role, supplier_id=row.supplier_id)
