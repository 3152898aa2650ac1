"""Real PostgreSQL for every test that asks for ``database_url``: a database of its own, copied from a migrated template."""

import asyncio
import os
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.store.database import sqlalchemy_url
from app.store.migrations import upgrade


def _execute(url: str, *statements: str) -> None:
    async def run() -> None:
        engine = create_async_engine(sqlalchemy_url(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for each in statements:
                await connection.execute(text(each))
        await engine.dispose()

    asyncio.run(run())


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    yield os.environ["TEST_DATABASE_URL"]


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a migrated database, made once in a session and worker."""
    name = f"template_{uuid.uuid4().hex}"
    _execute(server_url, f"CREATE DATABASE {name}")
    upgrade(_named(server_url, name))
    yield name
    _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """A fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex}"
    _execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield _named(server_url, name)
    _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")
