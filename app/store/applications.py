"""Applications, and their subscriptions."""

from collections.abc import Sequence
from datetime import datetime

from app.domain.application import Application, ApplicationState, PausedBy
from app.domain.ids import AccountId, ApplicationId, StorefrontId, SupplierId, Topic
from app.domain.settings import ApplicationSettings
from app.ports import SubscriptionHealth
from app.store.connection import Connection, Row
from app.store.documents import clean, from_settings, from_texts, to_settings, to_texts


class Applications:
    """The Applications, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def one(self, application_id: ApplicationId, *, lock: bool = False) -> Application | None:
        """Return one Application; None when there is none. ``lock`` keeps others from changing it until the commit."""
        found = await self._connection.execute(
            "SELECT * FROM application WHERE id = :id" + (" FOR NO KEY UPDATE" if lock else ""),
            {"id": application_id},
        )
        row = found.one_or_none()
        return None if row is None else to_application(row)

    async def lock_shop(self, platform: str, shop: str) -> None:
        """Let nobody else install this shop until the commit."""
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(:shop, 0))", {"shop": f"{platform}/{shop}"}
        )

    async def of_shop(self, platform: str, shop: str) -> tuple[Application, ...]:
        """Return every Application that this shop has or had, latest first."""
        found = await self._connection.execute(
            "SELECT * FROM application WHERE platform = :platform AND shop = :shop ORDER BY created_at DESC",
            {"platform": platform, "shop": shop},
        )
        return tuple(to_application(row) for row in found)

    async def of_account(self, account_id: AccountId) -> tuple[Application, ...]:
        """Return every Application that an Orderchamp account has or had, in the order of their ids."""
        found = await self._connection.execute(
            "SELECT * FROM application WHERE account_id = :id ORDER BY id", {"id": account_id}
        )
        return tuple(to_application(row) for row in found)

    async def list(
        self,
        *,
        supplier_id: SupplierId | None,
        platform: str | None,
        state: str | None,
        after: ApplicationId | None,
        limit: int,
    ) -> tuple[Application, ...]:
        """Return Applications in the order of their ids, from behind ``after``."""
        given = {"supplier_id": supplier_id, "platform": platform, "state": state, "id": after}
        used = {name: value for name, value in given.items() if value is not None}
        conditions = " AND ".join(f"{name} {'>' if name == 'id' else '='} :{name}" for name in used) or "true"
        found = await self._connection.execute(
            f"SELECT * FROM application WHERE {conditions} ORDER BY id LIMIT :limit",
            {**used, "limit": limit},
        )
        return tuple(to_application(row) for row in found)

    async def save(self, application: Application) -> None:
        """Write an Application, new or known. Its revision rises, so that caches notice."""
        await self._connection.execute(
            """
                INSERT INTO application (id, supplier_id, platform, shop, state, state_reason, state_since, paused_by,
                    settings, account_id, storefront_id, details, unpublish_on_uninstall, created_at)
                VALUES (:id, :supplier_id, :platform, :shop, :state, :state_reason, :state_since, :paused_by,
                    :settings, :account_id, :storefront_id, :details, :unpublish_on_uninstall, :created_at)
                ON CONFLICT (id) DO UPDATE SET state = excluded.state, state_reason = excluded.state_reason,
                    state_since = excluded.state_since, paused_by = excluded.paused_by, settings = excluded.settings,
                    account_id = excluded.account_id, storefront_id = excluded.storefront_id,
                    details = excluded.details, unpublish_on_uninstall = excluded.unpublish_on_uninstall,
                    revision = application.revision + 1
            """,
            {
                "id": application.id,
                "supplier_id": application.supplier_id,
                "platform": application.platform,
                "shop": application.shop,
                "state": application.state,
                "state_reason": clean(application.state_reason),
                "state_since": application.state_since,
                "paused_by": application.paused_by,
                "settings": from_settings(application.settings),
                "account_id": application.account_id,
                "storefront_id": application.storefront_id,
                "details": from_texts(application.details),
                "unpublish_on_uninstall": application.unpublish_on_uninstall,
                "created_at": application.created_at,
            },
        )

    async def touch(self, application_id: ApplicationId) -> None:
        """Have everybody who remembers the Application look it up again: its secrets have changed."""
        await self._connection.execute(
            "UPDATE application SET revision = revision + 1 WHERE id = :id", {"id": application_id}
        )

    async def set_state(
        self, application_id: ApplicationId, state: ApplicationState, reason: str, *, paused_by: PausedBy | None = None
    ) -> None:
        await self._connection.execute(
            "UPDATE application SET state = CAST(:state AS varchar), state_reason = :reason, paused_by = :paused_by, "
            "state_since = CASE WHEN state = CAST(:state AS varchar) THEN state_since ELSE now() END, "
            "revision = revision + 1 WHERE id = :id",
            {"id": application_id, "state": state, "reason": clean(reason), "paused_by": paused_by},
        )

    async def state(self, application_id: ApplicationId) -> ApplicationState | None:
        """Return the state now; None when the Application was erased."""
        found = await self._connection.execute("SELECT state FROM application WHERE id = :id", {"id": application_id})
        state: ApplicationState | None = found.scalar()
        return state

    async def is_current(self, application: Application) -> bool:
        """Tell whether nobody has changed the Application since it was read."""
        found = await self._connection.execute(
            "SELECT revision FROM application WHERE id = :id FOR SHARE", {"id": application.id}
        )
        return bool(found.scalar() == application.revision)

    # What a lane has to do besides products

    async def want_secret_told(self, application_id: ApplicationId, *, due: bool) -> None:
        """Say whether every subscription at the shop has to be told what to sign with."""
        await self._connection.execute(
            "UPDATE application SET renew_secret = :due WHERE id = :id", {"id": application_id, "due": due}
        )

    async def secret_to_tell(self, application_id: ApplicationId) -> bool:
        found = await self._connection.execute(
            "SELECT renew_secret FROM application WHERE id = :id", {"id": application_id}
        )
        return bool(found.scalar())

    async def replan(self, application_id: ApplicationId, *, after: str | None) -> None:
        """Have desired states computed afresh for the products behind ``after``; None: that is done."""
        await self._connection.execute(
            "UPDATE application SET replan_after = :after WHERE id = :id", {"id": application_id, "after": after}
        )

    async def replan_after(self, application_id: ApplicationId) -> str | None:
        found = await self._connection.execute(
            "SELECT replan_after FROM application WHERE id = :id", {"id": application_id}
        )
        after: str | None = found.scalar()
        return after

    async def subscriptions(self, application_id: ApplicationId) -> tuple[SubscriptionHealth, ...]:
        found = await self._connection.execute(
            "SELECT * FROM subscription WHERE application_id = :id ORDER BY topic", {"id": application_id}
        )
        return tuple(
            SubscriptionHealth(
                topic=Topic(row.topic),
                address=row.address,
                health=row.health,
                message=row.message,
                checked_at=row.checked_at,
                mended_at=row.mended_at,
            )
            for row in found
        )

    async def record_subscriptions(
        self, application_id: ApplicationId, found: Sequence[SubscriptionHealth], *, alone: bool = False
    ) -> None:
        """Write down what is known of these subscriptions; ``alone``: there are no others."""
        if alone:
            await self._connection.execute(
                "DELETE FROM subscription WHERE application_id = :id AND NOT topic = ANY(:topics)",
                {"id": application_id, "topics": [each.topic for each in found]},
            )
        for each in found:
            await self._connection.execute(
                "INSERT INTO subscription (application_id, topic, address, health, message, mended_at) "
                "VALUES (:id, :topic, :address, :health, :message, :mended_at) "
                "ON CONFLICT (application_id, topic) DO UPDATE SET address = excluded.address, "
                "health = excluded.health, message = excluded.message, mended_at = excluded.mended_at, "
                "checked_at = now()",
                {
                    "id": application_id,
                    "topic": each.topic,
                    "address": each.address,
                    "health": each.health,
                    "message": clean(each.message),
                    "mended_at": each.mended_at,
                },
            )


def to_application(row: Row) -> Application:
    """Return what a row of Applications says."""
    settings: ApplicationSettings = to_settings(row.settings)
    since: datetime = row.state_since
    return Application(
        id=ApplicationId(row.id),
        supplier_id=SupplierId(row.supplier_id),
        platform=row.platform,
        shop=row.shop,
        state=row.state,
        state_reason=row.state_reason,
        state_since=since,
        paused_by=row.paused_by,
        settings=settings,
        account_id=AccountId(row.account_id),
        storefront_id=None if row.storefront_id is None else StorefrontId(row.storefront_id),
        details=to_texts(row.details),
        unpublish_on_uninstall=row.unpublish_on_uninstall,
        created_at=row.created_at,
        revision=row.revision,
        erasing=row.erasing,
    )
