"""Running statements. There is one way: ``await connection.execute(statement, given)``, with ``:name`` for what is given.

Statements go straight to asyncpg, which prepares each one once a connection. SQLAlchemy describes the tables and writes the
migrations, and has no part in this: its share of a statement cost more than everything else that the worker does for it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

import asyncpg

_NAME = re.compile(r"(?<![:\w]):([a-z_]\w*)")
"""A name in a statement. Two colons are a cast."""

NOTHING: Mapping[str, object] = {}


class Row(asyncpg.Record):
    """A row, whose values have names. Where there are many rows they are taken as ``row["name"]``, at a tenth of the time."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


Driver: TypeAlias = "asyncpg.Connection[Row]"
"""A connection of asyncpg, whose rows are such rows."""


class Result:
    """The rows that a statement returned."""

    __slots__ = ("_rows",)

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def one(self) -> Row:
        """Return the only row."""
        (row,) = self._rows
        return row

    def one_or_none(self) -> Row | None:
        """Return the only row; None when there is none."""
        return self.one() if self._rows else None

    def scalar(self) -> Any:
        """Return the first value of the only row; None when there is no row."""
        return self.one()[0] if self._rows else None


class Connection:
    """A connection of the store, lent for one transaction or for statements that stand for themselves."""

    __slots__ = ("driver",)

    def __init__(self, driver: Driver) -> None:
        self.driver = driver

    async def execute(self, statement: str, given: Mapping[str, object] = NOTHING) -> Result:
        """Run a statement and return its rows. Whoever wants to know how many it changed has it return something."""
        text, names = numbered(statement)
        return Result(await self.driver.fetch(text, *[given[name] for name in names]))


def given_rows(name: str, *, documents: Sequence[str], **columns: str) -> str:
    """Return a table in SQL that is given as one JSON parameter ``:NAME``, but for its ``documents``: a parameter for each.

    ``columns`` are told with their types. See ``documents.rows`` and ``documents.lines``: as strings in JSON documents would be
    written and read twice, and as arrays asyncpg would look at each of them four times.
    """
    kinds = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    lines = ", ".join(f"string_to_table(:{document}, E'\\n', 'null')" for document in documents)
    rows = f"ROWS FROM (jsonb_to_recordset(CAST(:{name} AS jsonb)) AS ({kinds}), {lines})"
    return f"{rows} AS {name}({', '.join((*columns, *documents))})"


def given_ids(name: str) -> str:
    """Return an array of ids in SQL that is given as one JSON parameter ``:NAME``, where many come: see ``documents.as_ids``."""
    return f"ARRAY(SELECT jsonb_array_elements_text(CAST(:{name} AS jsonb)))"


@cache
def numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """Return a statement with the numbers that PostgreSQL wants for names, and the names in that order."""
    names = tuple(dict.fromkeys(_NAME.findall(statement)))
    numbers = {name: f"${number}" for number, name in enumerate(names, start=1)}
    return _NAME.sub(lambda found: numbers[found[1]], statement), names
