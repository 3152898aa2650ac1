"""Secrets open where they were put, with the key that closed them, and nowhere else."""

import os

import pytest

from app.store.vault import Keyring, SecretUnreadable, Vault
from tests.fakes.stage import Stage

OLD, NEW = bytes(32), bytes([1]) * 32
ONLY_OLD = Keyring(keys={"old": OLD}, active="old")
BOTH = Keyring(keys={"new": NEW, "old": OLD}, active="new")
ONLY_NEW = Keyring(keys={"new": NEW}, active="new")


async def put(stage: Stage, keyring: Keyring, owner: str = "a", **secrets: str) -> None:
    async with stage.store.pool.transaction() as connection:
        await Vault(connection, keyring, os.urandom).put(owner, secrets)


async def get(stage: Stage, keyring: Keyring, owner: str = "a") -> dict[str, str]:
    async with stage.store.pool.transaction() as connection:
        return dict(await Vault(connection, keyring, os.urandom).get(owner))


async def test_what_was_put_comes_back_and_is_not_there_to_read(stage: Stage) -> None:
    await put(stage, ONLY_OLD, token="canary", password="other")
    assert await get(stage, ONLY_OLD) == {"token": "canary", "password": "other"}
    async with stage.store.pool.connection() as connection:
        for row in await connection.execute("SELECT * FROM secret"):
            assert b"canary" not in repr(row).encode()


@pytest.mark.parametrize(
    "move", ["UPDATE secret SET owner = 'b' WHERE owner = 'a'", "UPDATE secret SET field = 'password'"]
)
async def test_a_secret_that_was_moved_to_another_row_or_field_does_not_open(stage: Stage, move: str) -> None:
    await put(stage, ONLY_OLD, token="canary")
    await stage.execute(move)
    for owner in ("a", "b"):
        if await stage.execute("SELECT count(*) FROM secret WHERE owner = :owner", owner=owner):
            with pytest.raises(SecretUnreadable) as refused:
                await get(stage, ONLY_OLD, owner)
            assert "canary" not in str(refused.value)


async def test_a_damaged_secret_or_a_wrong_key_does_not_open_it(stage: Stage) -> None:
    await put(stage, ONLY_OLD, token="canary")
    with pytest.raises(SecretUnreadable, match="does not open"):
        await get(stage, Keyring(keys={"old": NEW}, active="old"))
    with pytest.raises(SecretUnreadable, match="not in VAULT_KEYS"):
        await get(stage, ONLY_NEW)
    await stage.execute("UPDATE secret SET ciphertext = ciphertext || '\\x00'::bytea")
    with pytest.raises(SecretUnreadable, match="does not open"):
        await get(stage, ONLY_OLD)


async def test_a_key_is_rotated_without_a_moment_in_which_a_secret_cannot_be_read(stage: Stage) -> None:
    for owner in ("a", "b", "c"):
        await put(stage, ONLY_OLD, owner, token=f"of {owner}")
    assert await get(stage, BOTH) == {"token": "of a"}
    moved = []
    for _ in range(3):
        async with stage.store.pool.transaction() as connection:
            moved.append(await Vault(connection, BOTH, os.urandom).reencrypt(2))
        assert await get(stage, BOTH, "c") == {"token": "of c"}
    assert moved == [2, 1, 0]
    assert await get(stage, ONLY_NEW, "b") == {"token": "of b"}


async def test_the_same_secret_is_never_closed_twice_alike(stage: Stage) -> None:
    found = set()
    for _ in range(3):
        await put(stage, ONLY_OLD, token="canary")
        found.add(await stage.execute("SELECT nonce || ciphertext FROM secret"))
    assert len(found) == 3


async def test_erased_secrets_are_gone_and_the_others_stay(stage: Stage) -> None:
    await put(stage, ONLY_OLD, "a", token="1")
    await put(stage, ONLY_OLD, "b", token="2")
    async with stage.store.transaction() as tx:
        await tx.vault.erase("a")
    assert await get(stage, ONLY_OLD, "a") == {}
    assert await get(stage, ONLY_OLD, "b") == {"token": "2"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "no vault key"),
        ("a:!", "not base64"),
        ("a:c2hvcnQ=", "5 bytes instead of 32"),
        ("noseparator", "has no id"),
    ],
)
def test_keys_that_cannot_be_used_are_refused_without_showing_them(given: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        Keyring.parse(given)
    assert "c2hvcnQ" not in str(refused.value)
    assert "noseparator" not in str(refused.value)
