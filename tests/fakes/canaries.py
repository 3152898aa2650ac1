"""Secrets that can be told by sight, and a search for them in everything that was shown."""

import base64
import gc
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import msgspec
from sqlmodel import SQLModel

from app.store.database import PostgresStore


def forms(secret: str) -> Iterator[str]:
    """A secret as it may be written: as it is, in an address, in base64 or hexadecimal digits, or quoted for JSON."""
    yield secret
    yield quote(secret, safe="")
    yield base64.b64encode(secret.encode()).decode().rstrip("=")
    yield secret.encode().hex()
    yield msgspec.json.encode(secret).decode()[1:-1]


def leaks(shown: Mapping[str, str], secrets: Mapping[str, str]) -> list[str]:
    """Say which secrets are in what was shown, by the names of both, with a little of what stands around."""
    found = []
    for where, told in shown.items():
        for name, secret in secrets.items():
            for form in set(forms(secret)):
                at = told.find(form)
                if at >= 0:
                    found.append(f"{where} shows {name}: …{told[max(0, at - 80) : at]}[HERE]…")
    return found


async def stored(store: PostgresStore) -> str:
    """Every row of every table, as text."""
    rows = []
    async with store.pool.connection() as connection:
        for table in SQLModel.metadata.tables:
            found = await connection.execute(f"SELECT CAST(t AS text) AS row FROM {table} t")  # noqa: S608
            rows += [f"{table} {each.row}" for each in found]
    return "\n".join(rows)


def represented() -> str:
    """How everything of the service's own that lives now would look in a log or a debugger."""
    told = []
    for each in gc.get_objects():
        module = str(type(each).__module__)  # Of some types of C's it is no text.
        if module.startswith("app.") and not module.startswith("app.sandbox"):
            told.append(repr(each))
    return "\n".join(told)
