"""What an install needs to remember, in the vault until it ends; and how it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.domain.ids import ApplicationId, InstallId
from app.domain.installing import START_AGAIN, InstallState, PendingInstall
from app.flows.lane import ORDERCHAMP_TOKEN, as_secrets, shop_credentials
from app.ports import Transaction

SECRET = "secret"  # noqa: S105 - the name of a secret
HANDSHAKE = "handshake."
"""Names of secrets in the vault, beside those that an Application has: ours to give away, and what a handshake remembers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is remembered. ``token`` None: Orderchamp has given none yet. ``credentials`` empty: nor has the shop."""

    token: str | None = field(repr=False)
    credentials: Mapping[str, str] = field(repr=False)
    secret: str = field(repr=False)
    handshake: Mapping[str, str] = field(repr=False)


def owner(install_id: InstallId) -> str:
    """Return the name under which the vault keeps an install's secrets."""
    return f"install/{install_id}"


async def kept(tx: Transaction, install: PendingInstall) -> Kept:
    """Return what is remembered of an install; nothing once it has ended."""
    found = await tx.vault.get(owner(install.id))
    return Kept(
        token=found.get(ORDERCHAMP_TOKEN),
        credentials=shop_credentials(found),
        secret=found.get(SECRET, ""),
        handshake={name.removeprefix(HANDSHAKE): value for name, value in found.items() if name.startswith(HANDSHAKE)},
    )


async def keep_secret(tx: Transaction, install: PendingInstall, secret: str) -> None:
    """Remember what is ours to give away."""
    await tx.vault.put(owner(install.id), {SECRET: secret})


async def keep_token(tx: Transaction, install: PendingInstall, token: str) -> None:
    """Remember Orderchamp's token."""
    await tx.vault.put(owner(install.id), {ORDERCHAMP_TOKEN: token})


async def keep_credentials(tx: Transaction, install: PendingInstall, credentials: Mapping[str, str]) -> None:
    """Remember the shop's credentials."""
    await tx.vault.put(owner(install.id), as_secrets(credentials))


async def keep_handshake(tx: Transaction, install: PendingInstall, more: Mapping[str, str]) -> None:
    """Remember what a call of the handshake left."""
    await tx.vault.put(owner(install.id), {HANDSHAKE + name: value for name, value in more.items()})


async def forget_handshake(tx: Transaction, install: PendingInstall, name: str) -> None:
    """Forget one thing that a call of the handshake left."""
    await tx.vault.forget(owner(install.id), HANDSHAKE + name)


async def end(
    tx: Transaction,
    install: PendingInstall,
    state: InstallState,
    why: str,
    *,
    way_on: str = START_AGAIN,
    application_id: ApplicationId | None = None,
) -> PendingInstall:
    """End an install and forget its secrets."""
    ended = replace(install, state=state, why=why, way_on=way_on, application_id=application_id)
    await tx.installs.save(ended)
    await tx.vault.erase(owner(install.id))
    return ended
