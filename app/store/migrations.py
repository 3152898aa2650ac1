"""Migrations: bringing a database to the tables that this code needs."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from alembic import command
from app.store import tables  # noqa: F401 - importing it fills the metadata
from app.store.database import sqlalchemy_url

INI = Path(__file__).parents[2] / "alembic.ini"


def config(database_url: str | None = None) -> Config:
    """Return Alembic's configuration, for ``database_url`` if one is given."""
    made = Config(str(INI))
    if database_url is not None:
        url = sqlalchemy_url(database_url).render_as_string(hide_password=False)
        made.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return made


def upgrade(database_url: str) -> None:
    """Bring the database to the newest tables. Safe to repeat, and to run from two places at once."""
    command.upgrade(config(database_url), "head")


def write(database_url: str, message: str) -> None:
    """Write a migration that brings a database at the newest one to the tables of the code."""
    number = f"{len(revisions()) + 1:04d}"
    command.revision(config(database_url), message=message, autogenerate=True, rev_id=number)


def revisions() -> tuple[str, ...]:
    """Return every migration that this code knows, oldest first."""
    script = ScriptDirectory.from_config(config())
    return tuple(each.revision for each in reversed(list(script.walk_revisions())))


async def differences(database_url: str) -> list[str]:
    """Return how the tables of the code and those of a migrated database differ; empty when they agree."""
    engine = create_async_engine(sqlalchemy_url(database_url))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compare)
    finally:
        await engine.dispose()


def _compare(connection: Connection) -> list[str]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [str(each) for each in compare_metadata(context, SQLModel.metadata)]
