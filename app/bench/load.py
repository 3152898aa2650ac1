"""A load generator: prepared bytes out, answers in, in a process of its own.

It is told what to do as one JSON object on its standard input (``Load``) and answers with one on its standard output
(``Answered``). One thread, raw sockets and epoll: it takes about a third of what a server in Python needs per request,
so that the server, not the generator, is what is measured. Linux only.
"""

import json
import os
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from app.domain.http import Delivery
from app.local.processes import run_module

EVENT_ID = "EVENT-ID"
"""Stands in a request for what is different in every request."""

WARM_UP_SECONDS = 0.5
POLL_SECONDS = 1.0
CHUNK = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent. ``requests`` take turns; ``rate`` None: closed loop, each connection sends as soon as it is answered.

    ``server`` is the process whose share of a core is read meanwhile. ``run`` begins every event id.
    """

    port: int
    server: int
    requests: Sequence[str]
    run: str
    connections: int
    seconds: float
    rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of it: all ``good`` answers (200), and all others.

    After the warm-up: ``good`` ones a second; the share of a core that the server used (1: all that a virtual machine's host
    left of it), and the generator itself; and the time within which 99 of 100 answers came, from when their requests were to
    be sent.
    """

    good: int
    other: int
    per_second: float
    busy: float
    generator_busy: float
    p99_seconds: float


async def generate(load: Load) -> Answered:
    """Run the generator in a process of its own."""
    return Answered(**json.loads(await run_module(["app.bench.load"], {}, told=json.dumps(asdict(load)))))


class Generator:
    """Sends one load."""

    def __init__(self, load: Load) -> None:
        self._load = load
        parts = [request.encode("latin-1").split(EVENT_ID.encode(), 1) for request in load.requests]
        self._next = self._requests([(before, after) for before, after in parts])
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._since: dict[int, float] = {}
        self._unfinished: dict[int, bytes] = {}
        self._took: list[float] = []
        self.good = 0
        self.other = 0

    def _requests(self, parts: Sequence[tuple[bytes, bytes]]) -> Callable[[], bytes]:
        run, number = self._load.run.encode(), count()

        def next_request() -> bytes:
            n = next(number)
            before, after = parts[n % len(parts)]
            return b"%s%s-%d%s" % (before, run, n, after)

        return next_request

    def run(self) -> Answered:
        """Send until the time is over, and wait for every answer."""
        for _ in range(self._load.connections):
            self._open()
        send_until = self._closed_loop if self._load.rate is None else self._open_loop
        send_until(time.perf_counter() + WARM_UP_SECONDS)
        server = self._load.server
        good, spent, stolen, begun = self.good, cpu_seconds(server), stolen_seconds(server), time.perf_counter()
        own = time.process_time()
        self._took.clear()
        send_until(begun + self._load.seconds)
        lasted = time.perf_counter() - begun
        good, spent, stolen = self.good - good, cpu_seconds(server) - spent, stolen_seconds(server) - stolen
        own = time.process_time() - own
        took = sorted(self._took)
        while self._since:
            self._collect(POLL_SECONDS)
        for each in self._sockets.values():
            each.close()
        return Answered(
            good=self.good,
            other=self.other,
            per_second=good / lasted,
            busy=spent / (lasted - stolen),
            generator_busy=own / lasted,
            p99_seconds=took[len(took) * 99 // 100] if took else 0.0,
        )

    def _open(self) -> None:
        """Open one connection and wait for an answer on it.

        A server that is under load takes in one new connection between two rounds of answers, so that the last of many
        would wait for seconds.
        """
        opened = socket.create_connection(("127.0.0.1", self._load.port))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets[opened.fileno()] = opened
        self._epoll.register(opened.fileno(), select.EPOLLIN)
        self._send(opened.fileno(), time.perf_counter())
        while self._since:
            self._collect(POLL_SECONDS)

    def _closed_loop(self, end: float) -> None:
        for each in self._sockets.keys() - self._since.keys():
            self._send(each, time.perf_counter())
        while time.perf_counter() < end:
            for each in self._collect(POLL_SECONDS):
                self._send(each, time.perf_counter())

    def _open_loop(self, end: float) -> None:
        """Send at fixed times, whether or not the server keeps up: who finds no free connection waits for one, timed."""
        assert self._load.rate is not None  # noqa: S101 - that is what makes it an open loop
        step, due = 1 / self._load.rate, time.perf_counter()
        free = deque(self._sockets.keys() - self._since.keys())
        while due < end:
            now = time.perf_counter()
            while due <= now and free:
                self._send(free.popleft(), due)
                due += step
            free.extend(self._collect(max(0.0, due - now) if free else POLL_SECONDS))

    def _send(self, descriptor: int, since: float) -> None:
        self._since[descriptor] = since
        self._sockets[descriptor].sendall(self._next())

    def _collect(self, patience: float) -> list[int]:
        """Wait for answers and return the connections that are free again."""
        free = []
        for descriptor, _ in self._epoll.poll(patience):
            answer = self._unfinished.pop(descriptor, b"") + self._sockets[descriptor].recv(CHUNK)
            if not _whole(answer):
                self._unfinished[descriptor] = answer
                continue
            self._took.append(time.perf_counter() - self._since.pop(descriptor))
            if answer.startswith(b"HTTP/1.1 200"):
                self.good += 1
            else:
                self.other += 1
            free.append(descriptor)
        return free


def as_text(delivery: Delivery, path: str) -> str:
    """Return a delivery as the request that a ``Load`` sends to this path."""
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in delivery.headers.items()]
    return "\r\n".join([*lines, f"content-length: {len(delivery.body)}", "", delivery.body.decode()])


def _whole(answer: bytes) -> bool:
    """Tell whether this is a whole answer, by the length that it announces."""
    if not answer:
        raise ConnectionError("The server closed a connection.")
    if answer.endswith(b"\r\n\r\n"):
        return True
    head, _, body = answer.partition(b"\r\n\r\n")
    announced = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return bool(announced) and len(body) >= int(announced)


def cpu_seconds(process: int) -> float:
    """Return the processor time that a process has used: fields 14 and 15 of proc_pid_stat(5)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def stolen_seconds(process: int) -> float:
    """Return for how long a virtual machine's host gave others the cores of a process, on average: field 8 of proc_stat(5)."""
    cores = [f"cpu{core}" for core in os.sched_getaffinity(process)]
    lines = (line.split() for line in Path("/proc/stat").read_text().splitlines())
    stolen = [int(fields[8]) for fields in lines if fields[0] in cores]
    return sum(stolen) / len(cores) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print(json.dumps(asdict(Generator(Load(**json.load(sys.stdin))).run())))
