"""The checker outside the service: asks the database and the sandbox, and believes nothing that the service says."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from app.local.processes import NotStarted
from app.proof.life import Memory
from app.proof.shop import Shop, Thing
from app.proof.shown import Seen, differences, doubled

AWAY = (
    *(asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError),
    *(asyncpg.InterfaceError, asyncpg.InternalClientError),
)
BACK_SECONDS = 30.0
"""How long the database may be away."""

_WAITING = """
    SELECT 'delivery ' || topic || ' ' || event_id FROM delivery WHERE application_id = $1 AND outcome IS NULL
    UNION ALL
    SELECT 'product ' || source_id || ' due in ' || due_at - now() || ': ' || why
        FROM source_product WHERE application_id = $1 AND due_at IS NOT NULL
    UNION ALL
    SELECT 'read of ' || source_id || ' due in ' || read_due_at - now()
        FROM source_product WHERE application_id = $1 AND read_due_at IS NOT NULL
    UNION ALL
    SELECT 'call for ' || source_id || ' on its way until in ' || until - now() || ': ' || what
        FROM in_flight WHERE application_id = $1
    UNION ALL
    SELECT 'import ' || coalesce(cursor, 'from the start') FROM import WHERE application_id = $1 AND state = 'running'
    UNION ALL
    SELECT 'the lane is awake' FROM lane WHERE application_id = $1 AND awake
    UNION ALL
    SELECT 'the lane is held' FROM lane WHERE application_id = $1 AND leased_until > now()
    UNION ALL
    SELECT 'the Application is ' || state || ': ' || state_reason FROM application
        WHERE id = $1 AND (state <> 'active' OR replan_after IS NOT NULL)
    UNION ALL
    SELECT 'appointment ' || duty || ' due in ' || due_at - now() FROM appointment
        WHERE application_id = $1 AND (due_at <= now() OR attempts > 0)
"""
"""Everything of an Application that still waits for something, one line each."""


@dataclass(slots=True, kw_only=True)
class Findings:
    """What is wrong after a run; all empty when the promise was kept."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    diverged: list[str] = field(default_factory=list)
    acknowledged: int = 0

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.diverged)


class Checker:
    """Looks on. ``database_url`` is only read from."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url

    async def ask(self, question: str, *arguments: object) -> list[asyncpg.Record]:
        """Ask the database; while it is away, until it is back."""
        ends = asyncio.get_running_loop().time() + BACK_SECONDS
        while True:
            try:
                return await self._ask(question, *arguments)
            except (OSError, *AWAY) as error:
                if asyncio.get_running_loop().time() > ends:
                    raise NotStarted(f"The database was away for {BACK_SECONDS:.0f} s: {error}") from error
                await asyncio.sleep(0.1)

    async def _ask(self, question: str, *arguments: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(
            self._database_url, timeout=5, server_settings={"default_transaction_read_only": "on"}
        )
        try:
            found: list[asyncpg.Record] = await connection.fetch(question, *arguments)
            return found
        finally:
            await connection.close(timeout=2)

    async def waiting(self, shop: Shop) -> list[str]:
        """Return what still waits, in the shop or in the service; empty when all is quiet."""
        pending = (await shop.do("GET", "/quiet"))["pending"]
        found = [row[0] for row in await self.ask(_WAITING, UUID(shop.application_id))]
        return [*([f"{pending} deliveries under way"] if pending else []), *found]

    async def quiet(self, shop: Shop, *, within: float) -> list[str]:
        """Wait until nothing waits any more; return what still does after ``within`` seconds."""
        ends = asyncio.get_running_loop().time() + within
        while (waiting := await self.waiting(shop)) and asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(0.1)
        return waiting

    async def known_products(self, shop: Shop) -> list[int]:
        """Return the ids of the source products that the service has heard of."""
        rows = await self.ask(
            "SELECT source_id FROM source_product WHERE application_id = $1", UUID(shop.application_id)
        )
        return [int(row[0]) for row in rows]

    async def wanted_subscriptions(self, shop: Shop) -> int:
        """Return how many subscriptions the service believes that it needs."""
        rows = await self.ask("SELECT count(*) FROM subscription WHERE application_id = $1", UUID(shop.application_id))
        count: int = rows[0][0]
        return count

    async def check(self, shop: Shop, memory: Memory) -> Findings:
        """Compare what was promised, what the shop is, and what Orderchamp shows."""
        findings = Findings()
        await self._kept(shop, findings)
        seen = await self._seen(shop, memory)
        findings.doubled += doubled(seen)
        for source_id, difference in differences(seen):
            findings.diverged.append(f"product {source_id}: {difference}\n{await self._story(shop, source_id)}")
        return findings

    async def differences(self, shop: Shop, memory: Memory) -> list[tuple[int, str]]:
        """Tell where Orderchamp does not show what the shop is, each with the id of the source product."""
        return list(differences(await self._seen(shop, memory)))

    async def _seen(self, shop: Shop, memory: Memory) -> Seen:
        bound = await self.ask(
            "SELECT source_variant_id FROM binding WHERE application_id = $1", UUID(shop.application_id)
        )
        return Seen(
            products=await shop.do("GET", "/products"),
            shown=await shop.shown(),
            memory=memory,
            bound={row[0] for row in bound},
            storefront_id=shop.storefronts[0]["id"],
        )

    async def _kept(self, shop: Shop, findings: Findings) -> None:
        """Look for every delivery that was answered 2xx: it is in the inbox, byte for byte, with an outcome."""
        posted: list[Thing] = await shop.do("GET", "/deliveries")
        promised = {each["id"]: each["body"].encode() for each in posted if each["acknowledged"]}
        kept: dict[str, Any] = {
            row["event_id"]: row
            for row in await self.ask(
                "SELECT event_id, topic, outcome, body FROM delivery LEFT JOIN delivery_body ON delivery_id = id "
                "WHERE delivery.application_id = $1",
                UUID(shop.application_id),
            )
        }
        findings.acknowledged += len(promised)
        for event_id, body in promised.items():
            row = kept.get(event_id)
            if row is None:
                findings.lost.append(f"delivery {event_id} was answered 2xx, but is not in the inbox")
            elif row["body"] != body:
                findings.lost.append(f"delivery {event_id} is in the inbox with another body")
            elif row["outcome"] is None:
                findings.lost.append(f"delivery {event_id} ({row['topic']}) has no outcome")

    async def _story(self, shop: Shop, source_id: int) -> str:
        rows = await self.ask(
            "SELECT at, kind, sentence FROM timeline WHERE application_id = $1 AND source_id = $2 ORDER BY id DESC LIMIT 12",
            UUID(shop.application_id),
            str(source_id),
        )
        return "\n".join(f"      {row['at']:%H:%M:%S.%f} {row['kind']}: {row['sentence']}" for row in reversed(rows))
