"""A store whose statements are weighed: how many pages of the tables and their indexes each one touches, as it was planned."""

import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping

from app.store.connect import Pool
from app.store.connection import NOTHING, Connection, Driver, Result, numbered

EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
"""What PostgreSQL explains. NOTIFY and SET touch nothing."""

Scale = dict[str, list[int]]
"""Pages that a statement touched, each time that it ran."""


class Weighing(Connection):
    """Before it runs a statement, has the database run it and tell what it touched, and undo that."""

    __slots__ = ("_scale",)

    def __init__(self, driver: Driver, scale: Scale) -> None:
        super().__init__(driver)
        self._scale = scale

    async def execute(self, statement: str, given: Mapping[str, object] = NOTHING) -> Result:
        text, names = numbered(statement)
        planned = await self.driver.fetchrow(
            "SELECT name, parameter_types::text[] AS types FROM pg_prepared_statements WHERE statement = $1", text
        )
        if planned is not None and text.split()[0] in EXPLAINED:
            values = [given[name] for name in names]
            self._scale[text].append(await self._touched(planned["name"], planned["types"], values))
        return await super().execute(statement, given)

    async def _touched(self, name: str, types: list[str], values: list[object]) -> int:
        given = ""
        if values:
            quoted = ", ".join(f"quote_nullable(CAST(${n} AS {kind}))" for n, kind in enumerate(types, start=1))
            literals = await self.driver.fetchrow(f"SELECT {quoted}", *values)
            assert literals is not None
            given = f"({', '.join(literals.values())})"
        trying = self.driver.transaction()
        await trying.start()
        try:
            told = await self.driver.fetchval(f'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE "{name}"{given}')
        finally:
            await trying.rollback()
        (plan,) = json.loads(told)
        return sum(plan["Plan"][f"Shared {what} Blocks"] for what in ("Hit", "Read"))


class WeighingPool(Pool):
    """Lends connections that weigh what they run while there is a scale."""

    _scale: Scale | None = None

    @contextlib.contextmanager
    def scale(self) -> Iterator[Scale]:
        """Have every statement of the block weighed that its connection has planned before."""
        self._scale = defaultdict(list)
        yield self._scale
        self._scale = None

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with super().connection() as lent:
            yield self._weighing(lent)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with super().transaction() as lent:
            yield self._weighing(lent)

    def _weighing(self, lent: Connection) -> Connection:
        return lent if self._scale is None else Weighing(lent.driver, self._scale)
