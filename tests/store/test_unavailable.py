"""What a database that is away looks like: always one of the errors that the store names."""

import asyncpg
import pytest
from sqlalchemy import make_url

from app.domain.errors import NotStored
from app.store.connect import connect
from app.store.database import PostgresStore, sqlalchemy_url
from app.store.entrance import KeptConnection
from app.store.vault import Keyring
from tests.fakes.relay import relay

_WORDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
LAST_WORDS = b"E" + (4 + len(_WORDS)).to_bytes(4, "big") + _WORDS
"""What PostgreSQL says before it ends a connection on which nothing was asked (an ``ErrorResponse``)."""


async def test_between_its_last_words_and_its_end_a_connection_of_the_entrance_is_given_up(database_url: str) -> None:
    async with relay(database_url) as way:
        kept = KeptConnection(sqlalchemy_url(way.url))
        await kept.fetch("SELECT 1")
        await way.say(LAST_WORDS)
        with pytest.raises(NotStored) as refused:
            await kept.fetch("SELECT 1")
        assert refused.value.concerns == "everybody"
        assert await kept.fetch("SELECT 1")
        await kept.drop()


async def test_between_its_last_words_and_its_end_a_connection_is_no_doorbell(database_url: str) -> None:
    async with relay(database_url) as way:
        store = PostgresStore(
            way.url, keyring=Keyring(keys={"test": bytes(32)}, active="test"), random_bytes=bytes, pool=1
        )
        bell = await store.listen(lambda: None, lambda: None)
        assert await bell.answers(within=5)
        await way.say(LAST_WORDS)
        assert not await bell.answers(within=5)
        bell.drop()
        await store.close()


async def test_a_database_that_takes_no_connections_now_is_unavailable_to_the_doorbell_too(database_url: str) -> None:
    store = PostgresStore(
        database_url, keyring=Keyring(keys={"test": bytes(32)}, active="test"), random_bytes=bytes, pool=1
    )
    name = make_url(database_url).database
    elsewhere = await connect(sqlalchemy_url(database_url).set(database="postgres"))
    # As while it starts up, the server answers and refuses.
    await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    try:
        with pytest.raises(store.unavailable) as refused:
            await store.listen(lambda: None, lambda: None)
        assert isinstance(refused.value, asyncpg.PostgresError)
    finally:
        await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await elsewhere.close()
        await store.close()
