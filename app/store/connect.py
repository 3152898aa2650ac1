"""Connections of their own, outside any pool."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import asyncpg
from sqlalchemy import URL

Connection: TypeAlias = asyncpg.Connection

BROKEN = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg says of a connection that it cannot use; the second where the database broke off in the middle of an answer."""


async def connect(url: URL, settings: Mapping[str, str] | None = None, *, timeout: float = 5) -> asyncpg.Connection:  # noqa: ASYNC109
    """Open one asyncpg connection within ``timeout`` seconds, with these settings of PostgreSQL for its whole life."""
    query = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    return await asyncpg.connect(
        host=query.get("host") or url.host,
        port=int(query.get("port") or url.port or 5432),
        user=url.username,
        password=url.password,
        database=url.database,
        timeout=timeout,
        server_settings=None if settings is None else dict(settings),
    )


def drop(connections: Iterable[Connection]) -> None:
    """Break connections without a word: who waits for an answer on one gets an error at once."""
    for each in connections:
        each.terminate()
