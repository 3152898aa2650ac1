"""The embedded server on real folders: shared, left behind, in long paths. One start takes about two seconds."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.local.postgres import NoDatabase, embedded, embedded_server, scratch
from app.store.connect import connect
from app.store.database import sqlalchemy_url

USER = """
import sys
from pathlib import Path
from app.local.postgres import embedded

with embedded(Path(sys.argv[1]), durable=False) as url:
    print(url, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A folder whose making was cut off before the first start; what follows uses it again and again."""
    with scratch("test") as folder:
        made = folder / "postgres"
        made.mkdir()
        (made / "PG_VERSION").write_text("a version of nothing")
        (folder / "postgres.making").touch()
        yield made


def other_user(data: Path) -> subprocess.Popen[str]:
    """Another process that uses the server, until it reads a line."""
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert user.stdout is not None
    assert user.stdout.readline().startswith("postgresql://")
    return user


def leave(user: subprocess.Popen[str]) -> None:
    user.communicate("done\n", timeout=30)


def ask(url: str, question: str) -> object:
    async def run() -> object:
        connection = await connect(sqlalchemy_url(url))
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(run())


def running(data: Path) -> bool:
    return (data / "postmaster.pid").exists()


def test_begins_again_after_being_killed_while_making_its_files(data: Path) -> None:
    with embedded(data) as url:
        assert ask(url, "SELECT current_setting('fsync')") == "on"
    assert not running(data)


def test_is_shared_and_stops_with_its_last_user(data: Path) -> None:
    user = other_user(data)
    with embedded(data, durable=False) as url:
        leave(user)
        assert ask(url, "SELECT current_setting('max_connections')::int") == 200
        assert ask(url, "SELECT current_setting('fsync')") == "off"
    assert not running(data)


def test_takes_over_what_a_killed_user_left_behind_and_stops_it(data: Path) -> None:
    user = other_user(data)
    user.kill()
    user.communicate()
    assert running(data)
    with embedded(data, durable=False) as url:
        assert ask(url, "SELECT 1") == 1
    assert not running(data)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGQUIT, signal.SIGINT], ids=lambda how: how.name)
def test_comes_back_at_the_same_address_after_it_was_stopped(data: Path, how: signal.Signals) -> None:
    with embedded_server(data, durable=False) as server:
        url = server.url
        server.stop(how)
        with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
            ask(url, "SELECT 1")
        server.start()
        assert server.url == url
        assert ask(url, "SELECT 1") == 1
    assert not running(data)


def test_is_not_deceived_by_the_mark_of_a_server_that_is_gone(data: Path) -> None:
    with embedded(data, durable=False):
        mark = (data / "postmaster.pid").read_text().splitlines()
    # Process 1 always runs, and is no PostgreSQL.
    (data / "postmaster.pid").write_text("\n".join(["1", *mark[1:]]) + "\n")
    with embedded(data, durable=False) as url:
        assert ask(url, "SELECT 1") == 1


def test_lives_in_a_path_too_long_for_a_socket(data: Path) -> None:
    with embedded(data, durable=False):
        pass
    long = data.parent.joinpath(*["a-rather-long-name-of-a-folder"] * 4, "postgres")
    long.parent.mkdir(parents=True)
    data.rename(long)
    try:
        with embedded(long, durable=False) as url:
            assert ask(url, "SELECT 1") == 1
    finally:
        long.rename(data)


def test_says_so_when_the_path_has_a_space(tmp_path: Path) -> None:
    with pytest.raises(NoDatabase, match="path with a space"), embedded(tmp_path / "my project" / "postgres"):
        pass
