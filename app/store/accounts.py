"""Orderchamp accounts: whose they are, and what may be spent on calls for them now."""

from datetime import timedelta

from app.domain.application import Account, Storefront
from app.domain.ids import AccountId, SupplierId
from app.store.connect import Pool
from app.store.connection import Connection
from app.store.documents import clean, from_storefronts, to_storefronts

UNKNOWN_LIMIT, UNKNOWN_RATE = 4.0, 2.0
"""Until Orderchamp has told an account's bucket: two requests a second, in bursts of four at most."""

_LEVEL = """least(
    coalesce(bucket_limit, :unknown_limit),
    coalesce(level, :unknown_limit)
        + coalesce(restore_rate, :unknown_rate) * extract(epoch FROM clock_timestamp() - coalesce(level_at, clock_timestamp()))
)"""
_PRICE = "least(CASE WHEN bucket_limit IS NULL THEN 1 ELSE :cost END, coalesce(bucket_limit, :unknown_limit))"

_DRAW = f"""
    UPDATE account SET level = {_LEVEL} - {_PRICE}, level_at = clock_timestamp()
    WHERE id = :id AND (blocked_until IS NULL OR blocked_until <= clock_timestamp()) AND {_LEVEL} >= {_PRICE}
    RETURNING 0
"""

_WAIT = f"""
    SELECT least(greatest(
        extract(epoch FROM blocked_until - clock_timestamp()),
        ({_PRICE} - {_LEVEL}) / coalesce(restore_rate, :unknown_rate),
        0.01
    ), 86400) FROM account WHERE id = :id
"""

# What others have drawn for calls that are still on their way is not in Orderchamp's figure, so that figure may lower our
# own level, never raise it. Before the first figure the level counts requests and says nothing about points.
_REPORT = f"""
    UPDATE account SET bucket_limit = :limit, restore_rate = :restore_rate, level_at = clock_timestamp(),
        level = least(CAST(:remaining AS float8), CASE WHEN bucket_limit IS NULL THEN NULL ELSE {_LEVEL} + :unused END)
    WHERE id = :id
"""


class Accounts:
    """The accounts, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, account: Account, supplier_id: SupplierId) -> SupplierId:
        """Write an account and return whose it is: the supplier who brought it first keeps it."""
        row = await self._connection.execute(
            "INSERT INTO account (id, supplier_id, name, storefronts) VALUES (:id, :supplier_id, :name, :storefronts) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, storefronts = excluded.storefronts "
            "RETURNING supplier_id",
            {
                "id": account.id,
                "supplier_id": supplier_id,
                "name": clean(account.name),
                "storefronts": from_storefronts(account.storefronts),
            },
        )
        return SupplierId(row.scalar())

    async def storefronts(self, account_id: AccountId) -> tuple[Storefront, ...]:
        """Return the account's storefronts as they were last read."""
        found = await self._connection.execute("SELECT storefronts FROM account WHERE id = :id", {"id": account_id})
        return to_storefronts(found.scalar())

    async def restore_rate(self, account_id: AccountId) -> float:
        """Return how many points a second flow back, as Orderchamp told last, or is taken to do as long as it did not."""
        found = await self._connection.execute(
            "SELECT coalesce(restore_rate, :unknown) FROM account WHERE id = :id",
            {"id": account_id, "unknown": UNKNOWN_RATE},
        )
        rate: float = found.scalar()
        return rate

    async def name(self, account_id: AccountId) -> str:
        found = await self._connection.execute("SELECT name FROM account WHERE id = :id", {"id": account_id})
        name: str = found.scalar()
        return name


class AccountBudget:
    """One account's budget, kept in its row, from which every worker draws. Each statement stands for itself."""

    def __init__(self, pool: Pool, account_id: AccountId) -> None:
        self._pool = pool
        self._account_id = account_id

    async def draw(self, cost: int) -> timedelta:
        """Take ``cost`` points and return zero; or take nothing and return how long to wait before asking again."""
        given = {
            "id": self._account_id,
            "cost": float(cost),
            "unknown_limit": UNKNOWN_LIMIT,
            "unknown_rate": UNKNOWN_RATE,
        }
        async with self._pool.connection() as connection:
            if (await connection.execute(_DRAW, given)).one_or_none() is not None:
                return timedelta(0)
            wait = (await connection.execute(_WAIT, given)).scalar()
        return timedelta(seconds=float(wait or 0))

    async def report(self, *, limit: float, remaining: float, restore_rate: float, unused: float) -> None:
        """Take over what Orderchamp said of the account's bucket; ``unused`` of what was drawn was not needed."""
        given = {
            "id": self._account_id,
            "limit": limit,
            "remaining": remaining,
            "restore_rate": restore_rate,
            "unused": unused,
            "unknown_limit": UNKNOWN_LIMIT,
            "unknown_rate": UNKNOWN_RATE,
        }
        async with self._pool.connection() as connection:
            await connection.execute(_REPORT, given)

    async def block(self, wait: timedelta) -> None:
        """Let nobody draw for ``wait``, since Orderchamp asked for it."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE account SET blocked_until = greatest(blocked_until, clock_timestamp() + :wait) WHERE id = :id",
                {"id": self._account_id, "wait": wait},
            )


class Unmetered:
    """A budget for an account that is not known yet: the one question whose answer tells which account it is."""

    async def draw(self, cost: int) -> timedelta:  # noqa: ARG002
        """Let every call through."""
        return timedelta(0)

    async def report(self, *, limit: float, remaining: float, restore_rate: float, unused: float) -> None:
        """Forget it: there is no row to keep it in yet."""

    async def block(self, wait: timedelta) -> None:
        """Forget it: the caller hears of the limit through its error."""
