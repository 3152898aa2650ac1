"""What a database that is away looks like: always one of the errors that the store names."""

import asyncpg
import pytest
from sqlalchemy import make_url

from app.store.connect import connect
from app.store.database import PostgresStore, sqlalchemy_url
from app.store.vault import Keyring


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
            await store.listen(lambda: None)
        assert isinstance(refused.value, asyncpg.PostgresError)
    finally:
        await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await elsewhere.close()
        await store.close()
