"""The command line: ``python -m app.cli --help``."""

import asyncio
import base64
import contextlib
import os
import secrets
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Annotated, Literal, TypeVar
from uuid import UUID, uuid4

import typer
import uvloop
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DBAPIError

from app import serving
from app import worker as worker_process
from app.composition import WrongSettings, check, open_services, open_store, periods
from app.domain.errors import ApplicationNotFound, NotPossibleNow
from app.domain.ids import ApplicationId, SourceId, SupplierId
from app.domain.importing import Import
from app.domain.importing import told as told_of_import
from app.domain.previewing import Preview
from app.domain.previewing import told as told_of_preview
from app.flows.housekeeping import keep_house
from app.flows.operate import start_import
from app.flows.preview import start_preview
from app.flows.run_lane import erase_now
from app.settings import Settings, what_is_wrong
from app.store import migrations
from app.store.connect import LOST, why_unusable
from app.store.database import PostgresStore

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Followed = TypeVar("Followed", Import, Preview)

KEY_BYTES = 32
FOLDER = "PROMETHEUS_MULTIPROC_DIR"

FOLLOW_SECONDS = 0.5
"""How often it is looked how far an import or a preview is."""

PRINTED_AT_ONCE = 200
"""Items of a preview that are kept in memory to be printed."""


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    processes: Annotated[int, typer.Option(min=1, help="How many web processes.")] = 1,
) -> None:
    """Run the web process, or several that share the port and count together."""
    check(Settings())
    with _counting_together(processes):
        serving.serve("app.main:create_app", host=host, port=port, processes=processes)


@contextlib.contextmanager
def _counting_together(processes: int) -> Iterator[None]:
    """Give several processes a folder for their metrics, so that whichever is asked shows the sum of all.

    Prometheus' client looks for its name in the environment, and so do the processes that are started.
    """
    if processes == 1 or FOLDER in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="metrics-") as folder:
        os.environ[FOLDER] = folder
        yield


@app.command()
def worker() -> None:
    """Run a worker process."""
    uvloop.run(worker_process.main())


@app.command()
def migrate() -> None:
    """Bring the database to the tables that this code needs. Safe to repeat."""
    migrations.upgrade(Settings().database_url.get_secret_value())
    print("The database is up to date.")


@app.command("api-key")
def api_key(
    role: Annotated[Literal["read", "operate", "admin"], typer.Option(help="What the key may do.")] = "read",
    supplier: Annotated[str | None, typer.Option(help="Bind the key to one supplier.")] = None,
) -> None:
    """Make an API key and print it. It is shown this once; only its digest is kept."""
    print(asyncio.run(_add_key(role, supplier)))


async def _add_key(role: str, supplier: str | None) -> str:
    key = "oca_" + secrets.token_urlsafe(KEY_BYTES)
    store = open_store(Settings())
    try:
        async with store.transaction() as tx:
            bound = None if supplier is None else SupplierId(supplier)
            await tx.keys.add(uuid4(), key, role=role, supplier_id=bound)
    finally:
        await store.close()
    return key


@app.command("vault-key")
def vault_key() -> None:
    """Print a new key for VAULT_KEYS. Put it first to make it active, and keep the old ones behind it."""
    print(f"{secrets.token_hex(4)}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}")


@app.command()
def reencrypt() -> None:
    """Move every stored secret to the active vault key; afterwards the old keys can go."""
    print(f"{asyncio.run(_reencrypt())} secrets moved to the active key.")


async def _reencrypt() -> int:
    store = open_store(Settings())
    moved = 0
    try:
        while True:
            async with store.transaction() as tx:
                count = await tx.vault.reencrypt(500)
            if count == 0:
                return moved
            moved += count
    finally:
        await store.close()


@app.command("import")
def import_catalogue(
    application: Annotated[UUID, typer.Option(help="The Application's id.")],
    follow: Annotated[bool, typer.Option("--follow", help="Show how far it is until it has ended.")] = False,
) -> None:
    """Read an Application's whole catalogue again; workers do it. One that is running is followed, not begun anew."""
    try:
        ended = asyncio.run(_import(ApplicationId(application), follow=follow))
    except (ApplicationNotFound, NotPossibleNow) as error:
        print(error)
        raise typer.Exit(1) from None
    if ended.state in ("failed", "cancelled"):
        raise typer.Exit(1)


async def _import(application_id: ApplicationId, *, follow: bool) -> Import:
    settings = Settings()
    store = open_store(settings)
    try:
        async with open_services(settings, store) as services:
            started = await start_import(services, application_id)
            if follow:
                return await follow_import(store, started)
            print(f"The import {started.id} is {started.state}: {int(started.progress * 100)} %.")
            return started
    finally:
        await store.close()


async def follow_import(store: PostgresStore, now: Import) -> Import:
    """Draw a bar until the import has ended; what is drawn last stays."""

    async def look() -> Import | None:
        async with store.reading() as tx:
            return await tx.imports.one(now.application_id, now.id)

    ended = await _drawn(now, look, told_of_import)
    print(f"The import is {ended.state}. {ended.reason}")
    return ended


async def _drawn(
    now: Followed, look: Callable[[], Awaitable[Followed | None]], told: Callable[[Followed], str]
) -> Followed:
    """Draw a bar, with what is ``told`` beside it, until looking shows that it has ended; return it as it ended."""
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns) as drawn:
        bar = drawn.add_task("", total=1.0)
        while True:
            drawn.update(bar, completed=now.progress, description=told(now))
            if now.state != "running":
                return now
            await asyncio.sleep(FOLLOW_SECONDS)
            found = await look()
            if found is None:
                raise ApplicationNotFound
            now = found


@app.command()
def preview(
    application: Annotated[UUID, typer.Option(help="The Application's id.")],
    product: Annotated[str | None, typer.Option(help="Only this product of the shop, by its id there.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Show how far it is until it has ended, and what it found.")
    ] = False,
) -> None:
    """Find out what an import would do, and do nothing of it; workers do the finding out."""
    source_id = None if product is None else SourceId(product)
    try:
        ended = asyncio.run(_preview(ApplicationId(application), source_id, follow=follow))
    except (ApplicationNotFound, NotPossibleNow) as error:
        print(error)
        raise typer.Exit(1) from None
    if ended.state in ("failed", "cancelled"):
        raise typer.Exit(1)


async def _preview(application_id: ApplicationId, source_id: SourceId | None, *, follow: bool) -> Preview:
    settings = Settings()
    store = open_store(settings)
    try:
        async with open_services(settings, store) as services:
            started = await start_preview(services, application_id, source_id)
            if not follow:
                print(f"The preview {started.id} is {started.state}: {int(started.progress * 100)} %.")
                return started
            return await follow_preview(store, started)
    finally:
        await store.close()


async def follow_preview(store: PostgresStore, now: Preview) -> Preview:
    """Draw a bar until the preview has ended, and print what it found."""

    async def look() -> Preview | None:
        async with store.reading() as tx:
            return await tx.previews.one(now.application_id, now.id)

    ended = await _drawn(now, look, told_of_preview)
    print(f"The preview is {ended.state}. {ended.reason}")
    await _print_items(store, ended)
    return ended


async def _print_items(store: PostgresStore, ended: Preview) -> None:
    """Print what would be done, an item a line, a page at a time."""
    after = None
    while True:
        async with store.reading() as tx:
            found = await tx.previews.items(ended.id, kind=None, source_id=None, after=after, limit=PRINTED_AT_ONCE)
        for number, each in found:
            print(f"{each.kind}\t{each.source_id}\t{each.sentence}")
            after = number
        if len(found) < PRINTED_AT_ONCE:
            return


@app.command()
def retention() -> None:
    """Drop what has been kept for long enough. Workers do so by themselves; this does it now."""
    dropped = asyncio.run(_retention())
    if dropped is None:
        print("Another process is dropping what is old just now.")
    else:
        print("Dropped: " + ", ".join(f"{count} {name}" for name, count in dropped.items()) + ".")


async def _retention() -> Mapping[str, int] | None:
    settings = Settings()
    store = open_store(settings)
    try:
        async with open_services(settings, store) as services:
            return await keep_house(services, periods(settings))
    finally:
        await store.close()


@app.command("erase-supplier")
def erase_supplier(supplier: Annotated[str, typer.Argument(help="The supplier's id.")]) -> None:
    """Erase everything that is held of a supplier whose Applications are all uninstalled. Safe to interrupt and repeat."""
    try:
        asyncio.run(_erase_supplier(SupplierId(supplier)))
    except NotPossibleNow as error:
        print(f"{error} Uninstall them first.")
        raise typer.Exit(1) from None
    print(f"Nothing is held of the supplier {supplier}.")


async def _erase_supplier(supplier_id: SupplierId) -> None:
    settings = Settings()
    store = open_store(settings)
    try:
        async with open_services(settings, store) as services:
            await erase_now(services, supplier_id)
    finally:
        await store.close()


def main() -> None:
    """Run the command that was typed. A wrong setting, and a database that is away, are told in a sentence."""
    try:
        app()
    except (ValidationError, SettingsError, WrongSettings, *LOST, DBAPIError) as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
        sys.exit(1)


def _sentence(error: Exception) -> str | None:
    """Return what keeps the service from its work, or None: it is a bug."""
    match error:
        case ValidationError() if error.title == Settings.__name__:
            return what_is_wrong(error)
        case WrongSettings():
            return str(error)
        case SettingsError():
            return f"A setting is not the JSON that it should be: {error}."
        case ValidationError():
            return None
        case _:
            return why_unusable(error)


if __name__ == "__main__":
    main()
