"""Installs on their way, in one transaction. Of keys, states and browsers only digests are kept."""

from datetime import datetime, timedelta

from app.domain.ids import AccountId, ApplicationId, InstallId, StorefrontId, SupplierId
from app.domain.installing import Asked, PendingInstall, as_of
from app.store.connection import Connection, Row
from app.store.documents import clean, from_settings, to_settings
from app.store.keys import digest

INSTALLS = "install"
"""The channel on which a commit rings after which an install may be finished; as for lanes, only a hint."""


class Installs:
    """The installs on their way, in one transaction. Those that waited for too long are told as expired."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(
        self, install: PendingInstall, *, key: str | None = None, browser: str | None = None, state: str | None = None
    ) -> bool:
        """Add an install that is opened by ``key``, or that a ``browser`` began; False: its ``state`` is known already."""
        done = await self._connection.execute(
            """
                INSERT INTO pending_install (id, supplier_id, platform, shop, account_id, storefront_id, settings, state,
                    why, way_on, asked, answered, key_digest, browser_digest, state_digest, created_at, expires_at)
                VALUES (:id, :supplier_id, :platform, :shop, :account_id, :storefront_id, :settings, :state,
                    :why, :way_on, :asked, :answered, :key, :browser, :state_digest, :created_at, :expires_at)
                ON CONFLICT (state_digest) DO NOTHING RETURNING 1
            """,
            {
                **_written(install),
                "asked": install.asked,
                "answered": install.answered,
                "key": _digest(key),
                "browser": _digest(browser),
                "state_digest": _digest(state),
                "created_at": install.created_at,
                "expires_at": install.expires_at,
            },
        )
        return len(done) > 0

    async def save(self, install: PendingInstall) -> None:
        """Write what was found out, and how it stands."""
        await self._connection.execute(
            """
                UPDATE pending_install SET supplier_id = :supplier_id, platform = :platform, shop = :shop,
                    account_id = :account_id, storefront_id = :storefront_id, settings = :settings,
                    state = CAST(:state AS varchar), why = :why, way_on = :way_on,
                    application_id = :application_id, expires_at = :expires_at,
                    ended_at = CASE WHEN CAST(:state AS varchar) IN ('waiting', 'agreed') THEN NULL ELSE now() END,
                    due_at = CASE WHEN CAST(:state AS varchar) = 'agreed' THEN now() END
                WHERE id = :id
            """,
            {
                **_written(install),
                "application_id": install.application_id,
                "expires_at": install.expires_at,
            },
        )

    async def one(self, install_id: InstallId) -> PendingInstall | None:
        return await self._first("id = :id", id=install_id)

    async def of_key(self, key: str) -> PendingInstall | None:
        """Return the install that ``key`` opens, and let nobody else change it until the commit."""
        return await self._first("key_digest = :key", "FOR UPDATE", key=digest(key))

    async def of_state(self, asked: Asked, state: str) -> PendingInstall | None:
        """Return the install for which somebody was asked under ``state``, and let nobody else change it."""
        return await self._first(
            "state_digest = :state AND asked = :asked", "FOR UPDATE", state=digest(state), asked=asked
        )

    async def of_browser(self, browser: str, platform: str | None) -> PendingInstall | None:
        """Return what a browser began last, for this platform or (None) for any, and let nobody else change it."""
        return await self._first(
            "browser_digest = :browser AND (CAST(:platform AS varchar) IS NULL OR platform = :platform)",
            "FOR UPDATE",
            browser=digest(browser),
            platform=platform,
        )

    async def waiting_for(self, platform: str, shop: str) -> tuple[PendingInstall, ...]:
        """Return those that wait for a shop to answer, and let nobody else change them."""
        found = await self._connection.execute(
            "SELECT *, now() AS now FROM pending_install WHERE platform = :platform AND shop = :shop "
            "AND state = 'waiting' AND asked = 'shop' AND expires_at > now() ORDER BY id FOR UPDATE",
            {"platform": platform, "shop": shop},
        )
        return tuple(_install(row) for row in found)

    async def begun_in(self, install_id: InstallId, browser: str) -> bool:
        """Tell whether this is the browser that an install was opened in last."""
        found = await self._connection.execute(
            "SELECT browser_digest = :browser FROM pending_install WHERE id = :id",
            {"id": install_id, "browser": digest(browser)},
        )
        return bool(found.scalar())

    async def bind(self, install_id: InstallId, browser: str) -> None:
        """Have an install go on in this browser, and in no other."""
        await self._connection.execute(
            "UPDATE pending_install SET browser_digest = :browser WHERE id = :id",
            {"id": install_id, "browser": digest(browser)},
        )

    async def ask(self, install_id: InstallId, asked: Asked, state: str) -> None:
        """Note that somebody is asked under a new ``state``; answers to an older one find nothing."""
        await self._connection.execute(
            "UPDATE pending_install SET asked = :asked, state_digest = :state, answered = false WHERE id = :id",
            {"id": install_id, "asked": asked, "state": digest(state)},
        )

    async def answer(self, install_id: InstallId) -> None:
        """Note that the answer has come."""
        await self._connection.execute("UPDATE pending_install SET answered = true WHERE id = :id", {"id": install_id})

    async def put_back(self, install_id: InstallId, *, why: str, way_on: str) -> None:
        """Note that the answer came to nothing, for this reason, and may come again."""
        await self._connection.execute(
            "UPDATE pending_install SET answered = false, why = :why, way_on = :way_on "
            "WHERE id = :id AND state = 'waiting'",
            {"id": install_id, "why": clean(why), "way_on": clean(way_on)},
        )

    async def ring(self) -> None:
        """Have every worker look for installs to finish, at the commit."""
        await self._connection.execute(f"NOTIFY {INSTALLS}")

    async def claim(self, lease: timedelta) -> PendingInstall | None:
        """Take an install that is agreed on, for as long as ``lease``; None: none is due."""
        found = await self._connection.execute(
            """
                UPDATE pending_install SET due_at = now() + CAST(:lease AS interval) WHERE id = (
                    SELECT id FROM pending_install WHERE state = 'agreed' AND due_at <= now()
                    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
                ) RETURNING *, now() AS now
            """,
            {"lease": lease},
        )
        row = found.one_or_none()
        return None if row is None else _install(row)

    async def postpone(self, install_id: InstallId, wait: timedelta, why: str) -> None:
        """Try to finish an install again after ``wait``."""
        await self._connection.execute(
            "UPDATE pending_install SET due_at = now() + CAST(:wait AS interval), attempts = attempts + 1, why = :why "
            "WHERE id = :id AND state = 'agreed'",
            {"id": install_id, "wait": wait, "why": clean(why)},
        )

    async def _first(self, condition: str, lock: str = "", **given: object) -> PendingInstall | None:
        found = await self._connection.execute(
            f"SELECT *, now() AS now FROM pending_install WHERE {condition} "
            f"ORDER BY created_at DESC, id LIMIT 1 {lock}",
            given,
        )
        row = found.one_or_none()
        return None if row is None else _install(row)


def _digest(value: str | None) -> bytes | None:
    return None if value is None else digest(value)


def _written(install: PendingInstall) -> dict[str, object]:
    return {
        "id": install.id,
        "supplier_id": install.supplier_id,
        "platform": install.platform,
        "shop": install.shop,
        "account_id": install.account_id,
        "storefront_id": install.storefront_id,
        "settings": None if install.settings is None else from_settings(install.settings),
        "state": install.state,
        "why": clean(install.why),
        "way_on": clean(install.way_on),
    }


def _install(row: Row) -> PendingInstall:
    now: datetime = row.now
    found = PendingInstall(
        id=InstallId(row.id),
        supplier_id=None if row.supplier_id is None else SupplierId(row.supplier_id),
        platform=row.platform,
        shop=row.shop,
        account_id=None if row.account_id is None else AccountId(row.account_id),
        storefront_id=None if row.storefront_id is None else StorefrontId(row.storefront_id),
        settings=None if row.settings is None else to_settings(row.settings),
        state=row.state,
        why=row.why,
        way_on=row.way_on,
        application_id=None if row.application_id is None else ApplicationId(row.application_id),
        asked=row.asked,
        answered=row.answered,
        attempts=row.attempts,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
    return as_of(found, now)
