"""Our webhooks at Orderchamp: one an account, shared by its Applications, and looked after by one of them."""

from app.domain.ids import AccountId, ApplicationId
from app.ports import AccountWebhook
from app.store.connection import Connection, Row
from app.store.documents import clean
from app.store.keys import digest

# Two that come at once write the same row, and the second one finds the first one's name in it.
_TAKE_CARE = """
    INSERT INTO account_webhook (account_id, keeper) VALUES (:account_id, :id)
    ON CONFLICT (account_id) DO UPDATE SET keeper = excluded.keeper
    WHERE account_webhook.keeper = excluded.keeper OR NOT EXISTS (
        SELECT FROM application a WHERE a.id = account_webhook.keeper AND a.state IN ('installing', 'active'))
    RETURNING keeper, remote_id, health, message, checked_at
"""

_HAND_ON = """
    WITH others AS MATERIALIZED (
        SELECT id FROM application WHERE account_id = :account_id AND id <> :id
            AND state NOT IN ('uninstalling', 'uninstalled')
    ), due AS (
        INSERT INTO appointment (application_id, duty, due_at) SELECT id, 'webhook', now() FROM others ORDER BY id
        ON CONFLICT (application_id, duty) DO UPDATE SET due_at = excluded.due_at
    )
    SELECT id FROM others ORDER BY id
"""


class Webhooks:
    """Our webhooks at Orderchamp, one an account, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of(self, account_id: AccountId) -> AccountWebhook | None:
        """Return how the account's webhook was found last; None when nobody has looked after one yet."""
        found = await self._connection.execute(
            "SELECT keeper, remote_id, health, message, checked_at FROM account_webhook WHERE account_id = :id",
            {"id": account_id},
        )
        row = found.one_or_none()
        return None if row is None else _webhook(row)

    async def take_care(self, account_id: AccountId, application_id: ApplicationId) -> AccountWebhook | None:
        """Have the Application look after the account's webhook, unless another one that works does: then None.

        One alone does, since a token may not be shown what another one registered.
        """
        found = await self._connection.execute(_TAKE_CARE, {"account_id": account_id, "id": application_id})
        row = found.one_or_none()
        return None if row is None else _webhook(row)

    async def know(self, account_id: AccountId, secret: str) -> None:
        """Take what comes to the address that ends in ``secret`` for this account's; what came to another one no more."""
        await self._connection.execute(
            "UPDATE account_webhook SET digest = :digest, signed = false WHERE account_id = :id "
            "AND digest IS DISTINCT FROM :digest",
            {"id": account_id, "digest": digest(secret)},
        )

    async def record(self, account_id: AccountId, found: AccountWebhook) -> None:
        """Write down how the webhook was found. A new one may be signed otherwise, so what was learnt of that is forgotten."""
        await self._connection.execute(
            "UPDATE account_webhook SET signed = signed AND remote_id IS NOT DISTINCT FROM :remote_id, "
            "remote_id = :remote_id, health = :health, message = :message, checked_at = now() WHERE account_id = :id",
            {
                "id": account_id,
                "remote_id": found.remote_id,
                "health": found.health,
                "message": clean(found.message),
            },
        )

    async def hand_on(self, account_id: AccountId, application_id: ApplicationId) -> tuple[ApplicationId, ...]:
        """Return the account's other Applications, which look after its webhook from now on; empty: there are none.

        Until the commit nobody installs another one.
        """
        await self._connection.execute("SELECT 1 FROM account WHERE id = :id FOR UPDATE", {"id": account_id})
        given = {"account_id": account_id, "id": application_id}
        await self._connection.execute(
            "UPDATE account_webhook SET keeper = NULL WHERE account_id = :account_id AND keeper = :id", given
        )
        found = await self._connection.execute(_HAND_ON, given)
        return tuple(ApplicationId(row.id) for row in found)

    async def forget(self, account_id: AccountId) -> None:
        """Have nothing that rings believed any more."""
        await self._connection.execute("DELETE FROM account_webhook WHERE account_id = :id", {"id": account_id})


def _webhook(row: Row) -> AccountWebhook:
    return AccountWebhook(
        keeper=None if row.keeper is None else ApplicationId(row.keeper),
        remote_id=row.remote_id,
        health=row.health,
        message=row.message,
        checked_at=row.checked_at,
    )
