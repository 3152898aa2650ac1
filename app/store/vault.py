"""The vault: secrets encrypted with AES-GCM, each bound to its row and field, under one of several keys.

A ciphertext copied to another row or field does not open there. The first key is active; the others still open what they
closed, until ``reencrypt`` has moved everything to the active one.
"""

import base64
import binascii
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.store.connection import Connection

NONCE_BYTES = 12
KEY_BYTES = 32

RandomBytes = Callable[[int], bytes]


class SecretUnreadable(Exception):
    """A stored secret cannot be opened: its key is missing from VAULT_KEYS, or it was moved or damaged."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys by id; ``active`` closes new secrets."""

    keys: Mapping[str, bytes] = field(repr=False)
    active: str

    @classmethod
    def parse(cls, given: str) -> "Keyring":
        """Read ``id:base64,id:base64``; ValueError, without any key text, says what is wrong."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (part.strip() for part in given.split(","))):
            key_id, colon, encoded = part.partition(":")
            if not colon:
                raise ValueError("a vault key has no id; it is written as id:base64")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise ValueError(f"the vault key {key_id!r} is not base64") from None
            if len(key) != KEY_BYTES:
                raise ValueError(f"the vault key {key_id!r} has {len(key)} bytes instead of {KEY_BYTES}")
            keys[key_id] = key
        if not keys:
            raise ValueError("there is no vault key")
        return cls(keys=keys, active=next(iter(keys)))

    def open(self, owner: str, name: str, key_id: str, nonce: bytes, ciphertext: bytes) -> str:
        """Return what a stored secret of ``owner`` says; SecretUnreadable if no key opens it."""
        key = self.keys.get(key_id)
        if key is None:
            raise SecretUnreadable(
                f"the secret {name} of {owner} is closed with the key {key_id!r}, which is not in VAULT_KEYS"
            )
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, _bound_to(owner, name)).decode()
        except InvalidTag:
            raise SecretUnreadable(f"the secret {name} of {owner} does not open with the key {key_id!r}") from None


class Vault:
    """Secrets of one transaction. ``owner`` is the id of an Application, or ``install/`` and that of an install on its way."""

    def __init__(self, connection: Connection, keyring: Keyring, random_bytes: RandomBytes) -> None:
        self._connection = connection
        self._keyring = keyring
        self._random_bytes = random_bytes

    async def put(self, owner: str, secrets: Mapping[str, str]) -> None:
        """Keep these secrets, replacing those of the same name."""
        for name, value in secrets.items():
            nonce = self._random_bytes(NONCE_BYTES)
            cipher = AESGCM(self._keyring.keys[self._keyring.active])
            await self._connection.execute(
                "INSERT INTO secret (owner, field, key_id, nonce, ciphertext) "
                "VALUES (:owner, :field, :key_id, :nonce, :ciphertext) ON CONFLICT (owner, field) DO UPDATE "
                "SET key_id = excluded.key_id, nonce = excluded.nonce, ciphertext = excluded.ciphertext",
                {
                    "owner": owner,
                    "field": name,
                    "key_id": self._keyring.active,
                    "nonce": nonce,
                    "ciphertext": cipher.encrypt(nonce, value.encode(), _bound_to(owner, name)),
                },
            )

    async def get(self, owner: str) -> Mapping[str, str]:
        """Return every secret of ``owner`` by name; empty when there are none (any more)."""
        found = await self._connection.execute(
            "SELECT field, key_id, nonce, ciphertext FROM secret WHERE owner = :owner", {"owner": owner}
        )
        return {row.field: self._keyring.open(owner, row.field, row.key_id, row.nonce, row.ciphertext) for row in found}

    async def readable(self, owner: str) -> Mapping[str, str]:
        """Return those of the secrets of ``owner`` that can be opened, for whoever brings new ones anyway."""
        found = await self._connection.execute(
            "SELECT field, key_id, nonce, ciphertext FROM secret WHERE owner = :owner", {"owner": owner}
        )
        opened: dict[str, str] = {}
        for row in found:
            with contextlib.suppress(SecretUnreadable):
                opened[row.field] = self._keyring.open(owner, row.field, row.key_id, row.nonce, row.ciphertext)
        return opened

    async def names(self, owner: str) -> frozenset[str]:
        """Return which secrets ``owner`` has, without opening them."""
        found = await self._connection.execute("SELECT field FROM secret WHERE owner = :owner", {"owner": owner})
        return frozenset(row.field for row in found)

    async def forget(self, owner: str, name: str) -> None:
        """Erase one secret of ``owner``."""
        await self._connection.execute(
            "DELETE FROM secret WHERE owner = :owner AND field = :field", {"owner": owner, "field": name}
        )

    async def erase(self, owner: str) -> None:
        await self._connection.execute("DELETE FROM secret WHERE owner = :owner", {"owner": owner})

    async def reencrypt(self, limit: int) -> int:
        """Move up to ``limit`` secrets to the active key and return how many were moved; 0 when all are."""
        found = await self._connection.execute(
            "SELECT * FROM secret WHERE key_id <> :active LIMIT :limit FOR UPDATE SKIP LOCKED",
            {"active": self._keyring.active, "limit": limit},
        )
        for row in found:
            value = self._keyring.open(row.owner, row.field, row.key_id, row.nonce, row.ciphertext)
            await self.put(row.owner, {row.field: value})
        return len(found)


def _bound_to(owner: str, name: str) -> bytes:
    return f"{owner}/{name}".encode()
