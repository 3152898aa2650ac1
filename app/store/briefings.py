"""Briefings: what whoever holds a lane has to know of its Application before anything else, in one question."""

from app.domain.ids import ApplicationId
from app.ports import Briefing
from app.store.applications import to_application
from app.store.connection import Connection
from app.store.documents import to_storefronts
from app.store.vault import Keyring

_BRIEFING = """
    SELECT a.*, account.storefronts, s.field, s.key_id, s.nonce, s.ciphertext FROM application a
    JOIN account ON account.id = a.account_id LEFT JOIN secret s ON s.owner = a.id::text WHERE a.id = :id
"""


class Briefings:
    """The briefings of lane runs, in one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    async def of(self, application_id: ApplicationId) -> Briefing | None:
        """Return the briefing; None when the Application was erased. SecretUnreadable if a secret of it cannot be opened."""
        found = [*await self._connection.execute(_BRIEFING, {"id": application_id})]
        if not found:
            return None
        owner = str(application_id)
        return Briefing(
            application=to_application(found[0]),
            storefronts=to_storefronts(found[0].storefronts),
            secrets={
                row.field: self._keyring.open(owner, row.field, row.key_id, row.nonce, row.ciphertext)
                for row in found
                if row.field is not None
            },
        )
