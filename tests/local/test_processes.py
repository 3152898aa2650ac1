"""Children are small programs written by the test; readiness is what they say in their logs."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.local.processes import NotStarted, Processes, free_port, require_free, run_module, until_told_to_stop

PATIENT = """
import signal, sys
print("ready now", flush=True)
signal.sigwait([signal.SIGTERM])
print("told to stop", flush=True)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready now", flush=True)
while True:
    time.sleep(60)
"""
BLOCK = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n"


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[Processes]:
    made = Processes(logs=tmp_path / "logs", stop_seconds=10)
    yield made
    await made.stop()


async def start(processes: Processes, tmp_path: Path, name: str, program: str) -> None:
    (tmp_path / f"{name}.py").write_text(program)
    await processes.start(name, name, environment={"PYTHONPATH": str(tmp_path)})


async def test_waits_until_a_child_is_ready_and_stops_it(processes: Processes, tmp_path: Path) -> None:
    await start(processes, tmp_path, "patient", BLOCK + PATIENT)
    await processes.until_ready("patient", processes.says_ready("patient"))
    assert processes.ended() is None
    await processes.stop()
    assert "told to stop" in processes.tail("patient")


async def test_kills_a_child_that_does_not_stop_in_time(processes: Processes, tmp_path: Path) -> None:
    await start(processes, tmp_path, "stubborn", STUBBORN)
    await processes.until_ready("stubborn", processes.says_ready("stubborn"))
    child = processes.running[0][1]
    processes.stop_seconds = 0.1
    await processes.stop()
    assert child.returncode == -signal.SIGKILL


async def test_a_killed_child_takes_its_own_children_along_and_can_be_started_again(
    processes: Processes, tmp_path: Path
) -> None:
    family = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]).wait()"
    await start(processes, tmp_path, "parent", family)
    await processes.until_ready("parent", processes.says_ready("parent"))
    (child,) = processes.children("parent")
    await processes.kill("parent")
    assert processes.running == []
    with contextlib.suppress(ProcessLookupError):
        while True:  # It ends the test when the child is gone, which whoever adopts orphans has to see to.
            os.kill(child, 0)
            await asyncio.sleep(0)
    await processes.start_again("parent")
    assert [name for name, _ in processes.running] == ["parent"]


async def test_a_frozen_child_hears_nothing_until_it_is_thawed(processes: Processes, tmp_path: Path) -> None:
    await start(processes, tmp_path, "patient", BLOCK + PATIENT)
    await processes.until_ready("patient", processes.says_ready("patient"))
    processes.freeze("patient")
    os.waitid(os.P_PID, processes.running[0][1].pid, os.WSTOPPED | os.WNOWAIT)  # noqa: ASYNC222 - it is told to at once
    ending = asyncio.create_task(processes.end("patient"))
    await asyncio.sleep(0)
    assert not ending.done()
    processes.thaw("patient")
    await ending
    assert processes.running == []
    assert "told to stop" in processes.tail("patient")


async def test_shows_the_end_of_the_log_of_a_child_that_did_not_come_up(processes: Processes, tmp_path: Path) -> None:
    await start(processes, tmp_path, "broken", "raise SystemExit('the disk is full')")
    with pytest.raises(NotStarted, match=r"broken ended with code 1.\n  the disk is full"):
        await processes.until_ready("broken", processes.says_ready("broken"))


async def test_tells_of_problems_once_and_of_nothing_else(processes: Processes, tmp_path: Path) -> None:
    program = """
        print('ready now')
        print('{"level": "info", "event": "worker_started"}')
        print('{"level": "warning", "event": "database_unavailable", "error": "OSError"}')
        print('Traceback (most recent call last):')
        """
    await start(processes, tmp_path, "talker", "\n".join(line.strip() for line in program.splitlines()))
    await processes.running[0][1].wait()
    assert processes.problems() == [
        "talker: warning: database_unavailable error=OSError",
        "talker: Traceback (most recent call last):",
    ]
    assert processes.problems() == []
    assert processes.ended() == "talker"


async def test_returns_what_a_module_printed_or_says_why_it_failed(tmp_path: Path) -> None:
    (tmp_path / "adds.py").write_text("import sys; print(1 + int(sys.argv[1]))")
    environment = {"PYTHONPATH": str(tmp_path)}
    assert await run_module(["adds", "2"], environment) == "3"
    with pytest.raises(NotStarted, match=r"(?s)`adds two` failed.*ValueError"):
        await run_module(["adds", "two"], environment)


def test_names_the_setting_of_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(NotStarted, match=f"Port {port} is taken. Choose another one: WEB_PORT="):
            require_free(port, "WEB_PORT")
    require_free(free_port(), "WEB_PORT")


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stops_in_order_when_told_even_when_told_again(told: signal.Signals) -> None:
    steps = []

    async def work() -> int:
        try:
            os.kill(os.getpid(), told)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), told)
            await asyncio.sleep(0)
            steps.append("stopped")
        return 1

    assert asyncio.run(until_told_to_stop(work(), told_code=0)) == 0
    assert steps == ["stopped"]


def test_returns_the_code_of_work_that_ends_by_itself() -> None:
    async def work() -> int:
        return 1

    assert asyncio.run(until_told_to_stop(work(), told_code=0)) == 1
