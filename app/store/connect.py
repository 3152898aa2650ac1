"""Connections of their own, outside any pool."""

from collections.abc import Mapping

import asyncpg
from sqlalchemy import URL


async def connect(url: URL, settings: Mapping[str, str] | None = None) -> asyncpg.Connection:
    """Open one asyncpg connection, with these settings of PostgreSQL for its whole life."""
    query = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    return await asyncpg.connect(
        host=query.get("host") or url.host,
        port=int(query.get("port") or url.port or 5432),
        user=url.username,
        password=url.password,
        database=url.database,
        timeout=5,
        server_settings=None if settings is None else dict(settings),
    )
