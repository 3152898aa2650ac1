"""Erasing: everything that is held of an Application, or of a supplier, goes.

An Application is emptied by its own lane, batch by batch, so that no other writer is in the way; its row goes last, and
with the last Application of a supplier everything else that is held of them. Whatever has a column ``application_id``
belongs to that Application, also in tables that are yet to be made.
"""

from sqlalchemy import Table
from sqlmodel import SQLModel

from app.domain.ids import ApplicationId, SupplierId
from app.store import tables
from app.store.connection import Connection

WITH_THE_APPLICATION = {tables.LaneRow.__tablename__, tables.ReplayShareRow.__tablename__}
"""What goes in the last transaction, together with the Application: its lane guards all of them."""

# A target that another Application is bound to as well stays.
_BINDINGS = """
    WITH page AS MATERIALIZED (
        SELECT source_variant_id, account_id, target_id FROM binding WHERE application_id = :id LIMIT :limit
    ), targets AS (
        DELETE FROM target WHERE (account_id, target_id) IN (SELECT account_id, target_id FROM page) AND NOT EXISTS (
            SELECT FROM binding b WHERE b.account_id = target.account_id AND b.target_id = target.target_id
                AND b.application_id <> :id)
    )
    DELETE FROM binding WHERE application_id = :id AND source_variant_id IN (SELECT source_variant_id FROM page)
"""

_DELIVERIES = """
    WITH page AS MATERIALIZED (
        SELECT id FROM delivery WHERE application_id = :id LIMIT :limit
    ), bodies AS (
        DELETE FROM delivery_body WHERE delivery_id IN (SELECT id FROM page)
    )
    DELETE FROM delivery WHERE id IN (SELECT id FROM page)
"""

_TARGETS_OF_A_LAST_ONE = """
    DELETE FROM target WHERE (account_id, target_id) IN (
        SELECT t.account_id, t.target_id FROM target t JOIN application a ON a.account_id = t.account_id
        WHERE a.id = :id AND NOT EXISTS (
            SELECT FROM application other WHERE other.account_id = a.account_id AND other.id <> a.id)
        LIMIT :limit
    )
"""

_SHARES = """
    WITH shares AS (
        DELETE FROM replay_share WHERE application_id = :id RETURNING replay_id
    )
    DELETE FROM replay WHERE id IN (SELECT replay_id FROM shares) AND NOT EXISTS (
        SELECT FROM replay_share s WHERE s.replay_id = replay.id AND s.application_id <> :id)
"""

# Conflicts that are over, and of which another Application of the account still tells who the other holder was.
_MENTIONS = """
    DELETE FROM problem USING application a, application other
    WHERE a.id = :id AND other.account_id = a.account_id AND problem.application_id = other.id
        AND problem.state = 'closed' AND position(CAST(:name AS text) IN problem.details) > 0
"""

_ACCOUNTS = """
    SELECT id FROM account WHERE {condition}
    AND NOT EXISTS (SELECT FROM application WHERE application.account_id = account.id)
"""


def _statements() -> tuple[str, ...]:
    """Return what deletes a batch of each table, those first that point to others."""
    special = {tables.BindingRow.__tablename__: _BINDINGS, tables.DeliveryRow.__tablename__: _DELIVERIES}
    return (
        *(
            special.get(table.name, _rows_of(table))
            for table in reversed(SQLModel.metadata.sorted_tables)
            if _owned(table)
        ),
        _TARGETS_OF_A_LAST_ONE,
    )


def _owned(table: Table) -> bool:
    return "application_id" in table.columns and table.name not in WITH_THE_APPLICATION


def _rows_of(table: Table) -> str:
    return (
        f"DELETE FROM {table.name} WHERE ctid = ANY(ARRAY("
        f"SELECT ctid FROM {table.name} WHERE application_id = :id LIMIT :limit))"
    )


class Erasures:
    """Erasing, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def pending(self, supplier_id: SupplierId) -> bool:
        """Tell whether the supplier is being erased; if not, nobody begins that until the commit."""
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended('supplier/' || :id, 0))", {"id": supplier_id}
        )
        found = await self._connection.execute(
            "SELECT EXISTS (SELECT FROM erasure WHERE supplier_id = :id)", {"id": supplier_id}
        )
        return bool(found.scalar())

    async def begin(self, supplier_id: SupplierId) -> tuple[ApplicationId, ...]:
        """Write down that a supplier is to be erased, and return their Applications, which then are being erased."""
        await self._connection.execute(
            "INSERT INTO erasure (supplier_id) VALUES (:id) ON CONFLICT DO NOTHING", {"id": supplier_id}
        )
        found = await self._connection.execute(
            "UPDATE application SET erasing = true WHERE supplier_id = :id RETURNING id", {"id": supplier_id}
        )
        return tuple(ApplicationId(row.id) for row in found)

    async def installed(self, supplier_id: SupplierId) -> tuple[ApplicationId, ...]:
        """Return the supplier's Applications that are not uninstalled; nobody adds one until the commit."""
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('supplier/' || :id, 0))", {"id": supplier_id}
        )
        found = await self._connection.execute(
            "SELECT id FROM application WHERE supplier_id = :id AND state <> 'uninstalled' ORDER BY id",
            {"id": supplier_id},
        )
        return tuple(ApplicationId(row.id) for row in found)

    async def mark(self, application_id: ApplicationId) -> None:
        """Write down that everything of an Application is to be erased once it is uninstalled."""
        await self._connection.execute("UPDATE application SET erasing = true WHERE id = :id", {"id": application_id})

    async def batch(self, application_id: ApplicationId, *, limit: int) -> int:
        """Delete up to ``limit`` rows of an Application from one table; 0: there is nothing left but the Application."""
        for statement in _statements():
            dropped = await self._connection.execute(f"{statement} RETURNING 1", {"id": application_id, "limit": limit})
            if dropped:
                return len(dropped)
        return 0

    async def finish(self, application_id: ApplicationId) -> None:
        """Delete the Application with what came meanwhile, its account if no other uses it, and perhaps its supplier."""
        # Whoever empties another Application of the account or the supplier now sees this one gone, or the other way round.
        found = await self._connection.execute(
            "SELECT a.supplier_id, a.account_id FROM application a JOIN account ON account.id = a.account_id "
            "WHERE a.id = :id FOR UPDATE",
            {"id": application_id},
        )
        row = found.one()
        # No batch keeps any meanwhile, since it locks its Applications, too.
        await self._connection.execute(
            "WITH gone AS (DELETE FROM delivery WHERE application_id = :id RETURNING id) "
            "DELETE FROM delivery_body WHERE delivery_id IN (SELECT id FROM gone)",
            {"id": application_id},
        )
        await self._connection.execute("DELETE FROM secret WHERE owner = :owner", {"owner": str(application_id)})
        await self._connection.execute(_MENTIONS, {"id": application_id, "name": str(application_id)})
        await self._connection.execute(_SHARES, {"id": application_id})
        await self._connection.execute("DELETE FROM application WHERE id = :id", {"id": application_id})
        await self._delete_accounts("id = :id", row.account_id)
        await self.finish_supplier(row.supplier_id)

    async def finish_supplier(self, supplier_id: SupplierId) -> bool:
        """Delete what is left of a supplier who is being erased and has no Application any more; False: not yet."""
        found = await self._connection.execute(
            "SELECT 1 FROM erasure WHERE supplier_id = :id FOR UPDATE", {"id": supplier_id}
        )
        if found.one_or_none() is None:
            return False
        left = await self._connection.execute(
            "SELECT EXISTS (SELECT FROM application WHERE supplier_id = :id)", {"id": supplier_id}
        )
        if left.scalar():
            return False
        await self._delete_accounts("supplier_id = :id", supplier_id)
        await self._connection.execute(
            "DELETE FROM secret WHERE owner IN (SELECT 'install/' || id FROM pending_install WHERE supplier_id = :id)",
            {"id": supplier_id},
        )
        for table in reversed(SQLModel.metadata.sorted_tables):
            if "supplier_id" in table.columns:
                await self._connection.execute(
                    f"DELETE FROM {table.name} WHERE supplier_id = :id",
                    {"id": supplier_id},
                )
        return True

    async def _delete_accounts(self, condition: str, identity: str) -> None:
        accounts = _ACCOUNTS.format(condition=condition)
        given = {"id": identity}
        await self._connection.execute(f"DELETE FROM target WHERE account_id IN ({accounts})", given)
        await self._connection.execute(
            f"DELETE FROM secret WHERE owner IN (SELECT 'account/' || id FROM ({accounts}) AS gone)", given
        )
        await self._connection.execute(f"DELETE FROM account WHERE id IN ({accounts})", given)
