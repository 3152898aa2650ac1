"""What is there before a measurement: a database of its own, and installed Applications that no worker works for."""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_DNS, uuid5

from app.composition import open_store
from app.domain.application import Account, Application
from app.domain.ids import AccountId, ApplicationId, SupplierId
from app.domain.settings import ApplicationSettings
from app.flows.lane import ORDERCHAMP_TOKEN, as_secrets
from app.local.postgres import embedded, scratch
from app.local.processes import run_module
from app.settings import Settings
from app.store.database import PostgresStore

LOG_FILES = 64
LOG_FILE_MEGABYTES = 16
"""How many files of the write-ahead log are made ready, and how large one is. A checkpoint frees some before all are used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A migrated, durable database, and the environment that has a process of the service use it."""

    store: PostgresStore
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """An installed Application, and the secret with which its shop signs."""

    id: ApplicationId
    shop: str
    secret: bytes


@contextlib.asynccontextmanager
async def given_database() -> AsyncIterator[Given]:
    """Give a database that is gone afterwards. It loses nothing on a power failure: fsync is on."""
    with scratch("bench") as folder, embedded(folder / "postgres") as url:
        environment = {"ENVIRONMENT": "development", "DATABASE_URL": url, "LOG_LEVEL": "warning"}
        await run_module(["app.cli", "migrate"], environment)
        store = open_store(Settings(environment="development", database_url=url))
        try:
            await _use_log_files_again(store)
            yield Given(store=store, environment=environment)
        finally:
            await store.close()


async def _use_log_files_again(store: PostgresStore) -> None:
    """Bring the log into the state in which it is after a day, and stays under load: files are used again.

    A new database fills each new file with zeros before it writes to it, while everybody waits for the commit: 50 to 110 ms.
    So does one that may write more between two checkpoints (``max_wal_size``) than it keeps files for (``min_wal_size``).
    """
    async with store.pool.connection() as connection:
        for statement in (
            f"ALTER SYSTEM SET min_wal_size = '{LOG_FILES * LOG_FILE_MEGABYTES}MB'",
            f"ALTER SYSTEM SET max_wal_size = '{LOG_FILES * LOG_FILE_MEGABYTES}MB'",
            "SELECT pg_reload_conf()",
            *["SELECT pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()"] * LOG_FILES,
            "CHECKPOINT",
        ):
            await connection.execute(statement)


async def install_applications(store: PostgresStore, how_many: int) -> list[Installed]:
    """Install this many Shopify shops, each with a secret of its own, of one supplier."""
    supplier, account = SupplierId("bench"), Account(id=AccountId("account"), name="Bench", storefronts=())
    installed = []
    async with store.transaction() as tx:
        await tx.accounts.save(account, supplier)
        for n in range(how_many):
            shop = f"bench-{n}.myshopify.com"
            each = Installed(
                id=ApplicationId(uuid5(NAMESPACE_DNS, shop)),
                shop=shop,
                secret=hashlib.sha256(shop.encode()).hexdigest().encode(),
            )
            now = datetime.now(UTC)
            await tx.applications.save(
                Application(
                    id=each.id,
                    supplier_id=supplier,
                    platform="shopify",
                    shop=shop,
                    state="active",
                    state_reason="Installed.",
                    state_since=now,
                    settings=ApplicationSettings(price_kind="wholesale"),
                    account_id=account.id,
                    created_at=now,
                )
            )
            shop_secrets = as_secrets({"access_token": "none", "client_secret": each.secret.decode()})
            await tx.vault.put(str(each.id), {**shop_secrets, ORDERCHAMP_TOKEN: "none"})
            await tx.lanes.add(each.id)
            installed.append(each)
    return installed
