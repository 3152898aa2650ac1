"""The stand-in as a process of its own, on a real socket."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from app.sandbox.__main__ import app
from tests.sandbox.orderchamp.conftest import Clock, Orderchamp

UPDATE = "mutation($i: ProductUpdateInput!) { productUpdate(input: $i) { userErrors { message } } }"


async def ready(process: asyncio.subprocess.Process) -> str:
    """The address that the process says it listens on."""
    assert process.stdout is not None
    async with asyncio.timeout(20):
        line = (await process.stdout.readline()).decode()
    word, _, address = line.strip().partition(" ")
    assert word == "ready", line
    return address


@contextlib.asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[tuple[Orderchamp, asyncio.subprocess.Process]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.sandbox", "orderchamp", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with httpx.AsyncClient(base_url=await ready(process), trust_env=False, timeout=10) as client:
            yield Orderchamp(client=client, clock=Clock()), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process: asyncio.subprocess.Process, number: signal.Signals) -> tuple[int | None, str]:
    process.send_signal(number)
    async with asyncio.timeout(10):
        _, errors = await process.communicate()
    return process.returncode, errors.decode()


async def test_lives_breaks_connections_and_ends_cleanly_with_its_state_saved(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    async with running("--state", str(state)) as (orderchamp, process):
        await orderchamp.open()
        product_id = await orderchamp.create()
        for n, kind in enumerate(("lost_answer", "reset", "hang_after", "hang_before")):
            await orderchamp.fault(kind, seconds=0)
            before = (await orderchamp.shown(product_id))["title"]
            with pytest.raises(httpx.RemoteProtocolError):
                await orderchamp.post(UPDATE, {"i": {"id": product_id, "title": f"Title {n}"}})
            expected = before if kind in ("reset", "hang_before") else f"Title {n}"
            assert (await orderchamp.shown(product_id))["title"] == expected
        await orderchamp.fault("slow_drip", seconds=0)
        assert await orderchamp.data("{ account { name } }") == {"account": {"name": "Sandbox supplier"}}
        assert await ended(process, signal.SIGTERM) == (0, "")
    async with running("--state", str(state)) as (orderchamp, process):
        assert (await orderchamp.shown(product_id))["title"] == "Title 2"
        assert await ended(process, signal.SIGINT) == (0, "")


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = CliRunner().invoke(app, ["orderchamp", "--port", str(taken.getsockname()[1])])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert "Choose another one with --port" in ended.stderr


def test_a_state_file_that_is_not_ours_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("nonsense")
    ended = CliRunner().invoke(app, ["orderchamp", "--state", str(tmp_path / "state.json")])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert "Delete it to begin afresh" in ended.stderr
