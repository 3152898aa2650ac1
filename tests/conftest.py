"""Real PostgreSQL for every test that asks for ``database_url``: a database of its own, migrated and empty.

The server is the embedded one, shared by parallel test processes, unless TEST_DATABASE_URL names another. Nothing that a
test does reaches beyond this machine.
"""

import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings

from app.local.postgres import embedded
from tests.databases import Databases

# How long an example takes says nothing here: the machine is shared.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@pytest.fixture(autouse=True, scope="session")
def only_this_machine() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign, assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The server on which test databases are made."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with embedded(Path(".data/test-postgres"), durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def databases(server_url: str) -> Iterator[Databases]:
    """The databases of this test process."""
    with Databases(server_url) as made:
        yield made


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A migrated database without a row in it."""
    with databases.one() as url:
        yield url


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Have logging set up as it was, once the test is over."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
