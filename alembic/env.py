"""Runs migrations against the database that ``sqlalchemy.url`` names."""

import asyncio

from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from alembic import context
from app.store import tables  # noqa: F401 - importing it fills the metadata

url = context.config.get_main_option("sqlalchemy.url")


def run(connection: Connection) -> None:
    """Migrate over this connection, in one transaction, one migrator at a time."""
    context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_type=True)
    with context.begin_transaction():
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(8411276)")
        context.run_migrations()


async def main() -> None:
    """Open the database and migrate."""
    assert url is not None  # noqa: S101
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
