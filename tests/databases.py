"""Databases for tests: each test has one to itself, and the next test has it again, emptied.

Copying the template for every test took longer than most tests. A database that a test changed more than its rows in, or
filled with very many, is not used again.
"""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import asyncpg
from sqlalchemy import make_url

from app.store.migrations import upgrade

MOST_BYTES = 32 * 1024 * 1024

_EMPTY = """
    DO $$ DECLARE named text; BEGIN
        SET LOCAL session_replication_role = replica;
        FOR named IN SELECT quote_ident(tablename) FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        LOOP EXECUTE 'DELETE FROM ' || named; END LOOP;
        PERFORM setval(format('%I.%I', schemaname, sequencename), 1, false) FROM pg_sequences;
    END $$
"""

_ALONE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

_SHAPE = """
    SELECT (SELECT array_agg(oid ORDER BY oid) FROM pg_namespace), (SELECT array_agg(oid ORDER BY oid) FROM pg_constraint),
        (SELECT array_agg((oid, relname, relnatts) ORDER BY oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace)
"""


class Databases:
    """The databases of one test process on one server."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._free: list[tuple[str, str]] = []
        self._template = self._new_name()

    def __enter__(self) -> Self:
        asyncio.run(self._execute(f"CREATE DATABASE {self._template}"))
        upgrade(self._url(self._template))
        return self

    def __exit__(self, *_: object) -> None:
        for name in (self._template, *(name for name, _ in self._free)):
            self._drop(name)

    @contextmanager
    def one(self) -> Iterator[str]:
        """Give the URL of a migrated database without a row in it, which nobody else uses meanwhile."""
        name, shape = self._free.pop() if self._free else self._made()
        yield self._url(name)
        if asyncio.run(self._emptied(name)) == shape:
            self._free.append((name, shape))
        else:
            self._drop(name)

    @contextmanager
    def untouched(self) -> Iterator[str]:
        """Give the URL of a migrated database that nobody used before, or will again: nothing is known of its tables."""
        name, _ = self._made()
        yield self._url(name)
        self._drop(name)

    def _made(self) -> tuple[str, str]:
        name = self._new_name()
        asyncio.run(self._execute(f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY FILE_COPY"))
        return name, asyncio.run(self._emptied(name)) or ""

    async def _emptied(self, name: str) -> str | None:
        """Empty a database and tell how its tables are made; None when it is better left behind."""
        connection = await asyncpg.connect(self._plain(name))
        try:
            await connection.execute(_ALONE)
            if await connection.fetchval("SELECT pg_database_size(current_database())") > MOST_BYTES:
                return None
            await connection.execute(_EMPTY)
            return str(await connection.fetchrow(_SHAPE))
        finally:
            await connection.close()

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._plain(None))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _drop(self, name: str) -> None:
        asyncio.run(self._execute(f"DROP DATABASE {name} WITH (FORCE)"))

    def _new_name(self) -> str:
        return f"test_{uuid.uuid4().hex}"

    def _url(self, name: str) -> str:
        return make_url(self._server_url).set(database=name).render_as_string(hide_password=False)

    def _plain(self, name: str | None) -> str:
        url = make_url(self._server_url).set(drivername="postgresql")
        return (url if name is None else url.set(database=name)).render_as_string(hide_password=False)
