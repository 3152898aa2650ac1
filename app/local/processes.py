"""Child processes: started, watched until they are ready, and stopped in reverse order."""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

READY_SECONDS = 90.0
"""How long a process may take to start: two seconds of work, on a machine that may have other work."""

STOP_SECONDS = 15.0
TAIL_LINES = 15
WORSE_THAN_INFO = ("warning", "error", "critical")
STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class NotStarted(Exception):
    """A process did not come up; the message says which, and shows the end of its log."""


async def until_told_to_stop(work: Coroutine[Any, Any, int], *, told_code: int) -> int:
    """Return what ``work`` returns, or ``told_code`` when a signal ended it.

    However early the signal comes, and however often, everything that was started is stopped in order.
    """
    task = asyncio.ensure_future(work)
    told = asyncio.Event()

    def stop() -> None:
        if not told.is_set():
            told.set()
            task.cancel()

    for each in STOPPING_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(each, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if not told.is_set():
            raise
        return told_code


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int, setting: str) -> None:
    """NotStarted if somebody else listens on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise NotStarted(f"Port {port} is taken. Choose another one: {setting}=<port> make run") from error


@dataclass
class Processes:
    """The children of one run. Each writes its log to a file of its own."""

    logs: Path
    stop_seconds: float = STOP_SECONDS
    running: list[tuple[str, asyncio.subprocess.Process]] = field(default_factory=list)
    _told: dict[str, int] = field(default_factory=dict)
    _begun: dict[str, tuple[tuple[str, ...], Mapping[str, str]]] = field(default_factory=dict)

    async def start(self, name: str, *arguments: str, environment: Mapping[str, str]) -> None:
        """Start ``python -m <arguments>``, in a session of its own: Ctrl-C is for us to hand on, in order."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self._log(name).write_bytes(b"")
        self._begun[name] = (arguments, environment)
        await self.start_again(name)

    async def start_again(self, name: str) -> None:
        """Start what was started under this name before and is gone; its log goes on."""
        arguments, environment = self._begun[name]
        with self._log(name).open("ab") as log:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *arguments,
                env={**os.environ, **environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        self.running.append((name, child))

    async def until_ready(self, name: str, ready: Callable[[], Awaitable[bool]]) -> None:
        """Wait until ``ready``; NotStarted when the process ends before, or takes too long."""
        child = self._child(name)
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not await ready():
                    if child.returncode is not None:
                        raise NotStarted(f"{name} ended with code {child.returncode}.\n{self.tail(name)}")
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise NotStarted(f"{name} was not ready after {READY_SECONDS:.0f} s.\n{self.tail(name)}") from error

    async def kill(self, name: str) -> None:
        """Kill a process and all that it started, as the kernel does when memory is short; nobody is asked."""
        child = self._child(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await self._gone(name, child)

    async def end(self, name: str) -> None:
        """Tell a process to stop and wait until it has."""
        child = self._child(name)
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        await self._gone(name, child)

    def freeze(self, name: str) -> None:
        """Have a process stand still, as on a machine that is out of breath, until ``thaw``."""
        os.killpg(self._child(name).pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.killpg(self._child(name).pid, signal.SIGCONT)

    def children(self, name: str) -> tuple[int, ...]:
        """Return the process ids of what a process has started itself; none where the kernel does not tell (not Linux)."""
        pid = self._child(name).pid
        try:
            return tuple(int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        except OSError:
            return ()

    def _child(self, name: str) -> asyncio.subprocess.Process:
        return next(child for known, child in self.running if known == name)

    async def _gone(self, name: str, child: asyncio.subprocess.Process) -> None:
        await child.wait()
        self.running.remove((name, child))

    def says_ready(self, name: str) -> Callable[[], Awaitable[bool]]:
        """Return a check for a process that prints a line beginning with "ready"."""

        async def check() -> bool:
            return any(line.startswith("ready ") for line in self._log(name).read_text().splitlines())

        return check

    def told(self, name: str, words: str) -> int:
        """Return how many lines of a process's log, from all its starts, have these words."""
        return sum(words in line for line in self._log(name).read_text(errors="replace").splitlines())

    def tail(self, name: str) -> str:
        """Return the end of a process's log."""
        lines = self._log(name).read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join(f"  {line}" for line in lines)

    def problems(self) -> list[str]:
        """Return what is worth a person's attention in the lines that came since the last call."""
        found = []
        for name, _ in self.running:
            with self._log(name).open("rb") as log:
                log.seek(self._told.get(name, 0))
                whole, newline, _ = log.read().rpartition(b"\n")
            self._told[name] = self._told.get(name, 0) + len(whole) + len(newline)
            told = (_problem(line) for line in whole.decode(errors="replace").splitlines())
            found += [f"{name}: {problem}" for problem in told if problem]
        return found

    def ended(self) -> str | None:
        """Return the name of a process that ended by itself; None while all run."""
        return next((name for name, child in self.running if child.returncode is not None), None)

    async def stop(self) -> None:
        """Stop everything, last started first; what does not stop in time is killed."""
        for _, child in reversed(self.running):
            if child.returncode is not None:
                continue
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(self.stop_seconds):
                    await child.wait()
            except TimeoutError:
                child.kill()
                await child.wait()
        self.running.clear()

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def _problem(line: str) -> str | None:
    """Return a log line if it tells of a problem. Lines that are no JSON are outcries: nobody writes them on purpose."""
    try:
        told = json.loads(line)
    except ValueError:
        return None if line.startswith("ready ") or not line.strip() else line
    if not isinstance(told, dict) or told.get("level") not in WORSE_THAN_INFO:
        return None
    rest = " ".join(f"{key}={value}" for key, value in told.items() if key not in ("level", "event", "timestamp"))
    return f"{told['level']}: {told.get('event')} {rest}".rstrip()


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


_LIBC = _libc()
_PR_SET_PDEATHSIG = 1
"""https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""


def _end_with_parent() -> None:
    """Ask the kernel to stop this child should its parent be killed, so that no port stays taken. Linux only."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def run_module(arguments: Sequence[str], environment: Mapping[str, str], *, told: str = "") -> str:
    """Run ``python -m <arguments>`` to its end and return what it printed; NotStarted with it when it fails.

    ``told`` is what it reads on its standard input.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await child.communicate(told.encode())
    if child.returncode != 0:
        raise NotStarted(f"`{' '.join(arguments)}` failed.\n{errors.decode(errors='replace')}")
    return out.decode().strip()
