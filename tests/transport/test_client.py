import asyncio
import contextlib
import gc
import socket
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import AddressRefused, NoAnswer
from app.domain.http import Part, Request
from app.transport import HttpTransport
from tests.transport.loopback import Server, answer, answering, serving

LONG = timedelta(seconds=5)
SHORT = timedelta(milliseconds=100)


@contextlib.asynccontextmanager
async def transport(*, max_connections: int = 100, max_body: int = 1000) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(allow_private=True, max_connections=max_connections, max_body=max_body)
    try:
        yield made
    finally:
        await made.aclose()


class Gate:
    """A handler that takes a request, says so, and answers only when it is let."""

    def __init__(self) -> None:
        self.taken = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await server.take(reader)
            self.taken.set()
            await self.open.wait()
            writer.write(answer(b"late"))
            await writer.drain()


async def hang(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await server.take(reader)
    await asyncio.Event().wait()


async def turn_loop() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_sends_a_request_and_returns_the_answer() -> None:
    sent = answer(b"hello", status="404 Not Found", headers=("X-One: 1", "Link: <a>", "link: <b>"))
    async with serving(answering(sent)) as server, transport() as http:
        response = await http.send(server.request("/path?q=1", body=b"\x00body", Token="t"), within=LONG)
        received = server.requests[0]
    assert response.status == 404
    assert response.body == b"hello"
    assert response.headers["x-one"] == "1"
    assert response.headers["link"] == "<a>, <b>"
    assert received.startswith(b"POST /path?q=1 HTTP/1.1\r\n")
    assert b"\r\nToken: t\r\n" in received
    assert received.endswith(b"\r\n\r\n\x00body")


PART = Part(start=3, length=4)


@pytest.mark.parametrize(
    "sent",
    [
        answer(b"defg", status="206 Partial Content", headers=("Content-Range: bytes 3-6/10",)),
        answer(b"abcdefghij"),
    ],
    ids=["a server that understands", "one that does not"],
)
async def test_a_part_of_an_answer_is_that_part_whatever_the_server_sends(sent: bytes) -> None:
    async with serving(answering(sent)) as server, transport() as http:
        response = await http.send(replace(server.request(), part=PART), within=LONG)
        assert response.body == b"defg"
        assert b"\r\nrange: bytes=3-6\r\n" in server.requests[0].lower()


async def test_a_part_may_lie_far_into_an_answer_that_is_larger_than_what_is_held() -> None:
    far = Part(start=900_000, length=4)
    async with serving(answering(answer(b"x" * 900_000 + b"here" + b"x" * 900_000))) as server, transport() as http:
        assert (await http.send(replace(server.request(), part=far), within=LONG)).body == b"here"


async def test_another_part_than_was_asked_for_is_no_answer() -> None:
    sent = answer(b"abcd", status="206 Partial Content", headers=("Content-Range: bytes 0-3/10",))
    async with serving(answering(sent)) as server, transport() as http:
        with pytest.raises(NoAnswer, match="another part"):
            await http.send(replace(server.request(), part=PART), within=LONG)


async def test_what_is_beyond_the_end_is_what_the_server_says() -> None:
    async with serving(answering(answer(b"no", status="416 Range Not Satisfiable"))) as server, transport() as http:
        response = await http.send(replace(server.request(), part=PART), within=LONG)
        assert (response.status, response.body) == (416, b"no")


async def test_uses_a_connection_again() -> None:
    async with serving(answering(answer(b"a"))) as server, transport() as http:
        for _ in range(3):
            await http.send(server.request(), within=LONG)
        assert server.connections == 1


async def test_leaves_a_connection_that_the_other_side_has_closed() -> None:
    async def once(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.take(reader)
        writer.write(answer(b"a"))

    async with serving(once) as server, transport() as http:
        for _ in range(2):
            assert (await http.send(server.request(), within=LONG)).body == b"a"
            await turn_loop()
        assert server.connections == 2


async def test_returns_a_redirect_without_following_it() -> None:
    sent = answer(status="302 Found", headers=("Location: /elsewhere",))
    async with serving(answering(sent)) as server, transport() as http:
        response = await http.send(server.request(), within=LONG)
        assert (response.status, response.headers["location"]) == (302, "/elsewhere")
        assert len(server.requests) == 1


@pytest.mark.parametrize("location", ["http://127.0.0.1:{port}/", "//127.0.0.1:{port}/", "http://169.254.169.254/"])
async def test_a_redirect_to_a_private_address_leads_nowhere(location: str) -> None:
    async with serving(answering(b"")) as inside:
        target = location.format(port=inside.port)
        sent = answer(status="307 Temporary Redirect", headers=(f"Location: {target}",))
        async with serving(answering(sent)) as server, transport() as http:
            response = await http.send(server.request(body=b"secret"), within=LONG)
            assert (response.status, response.headers["location"]) == (307, target)
        assert inside.connections == 0


async def test_keeps_no_cookies() -> None:
    async with serving(answering(answer(headers=("Set-Cookie: a=b",)))) as server, transport() as http:
        for _ in range(2):
            await http.send(server.request(), within=LONG)
        assert b"cookie" not in server.requests[1].lower()


async def test_ignores_the_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with serving(answering(answer(b"direct"))) as server, transport() as http:
        assert (await http.send(server.request(), within=LONG)).body == b"direct"


async def test_gives_up_on_a_server_that_hangs() -> None:
    async with serving(hang) as server, transport() as http:
        started = asyncio.get_running_loop().time()
        with pytest.raises(NoAnswer) as raised:
            await http.send(server.request(), within=SHORT)
        assert asyncio.get_running_loop().time() - started < 1
    assert raised.value.maybe_executed


@pytest.mark.parametrize(
    ("start", "drip"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
async def test_bounds_a_dripping_answer_by_the_deadline_of_the_whole_call(start: bytes, drip: bytes) -> None:
    async def handle(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.take(reader)
        writer.write(start)
        while True:
            writer.write(drip)
            await writer.drain()
            await asyncio.sleep(0)

    async with serving(handle) as server, transport(max_body=10**9) as http:
        started = asyncio.get_running_loop().time()
        with pytest.raises(NoAnswer) as raised:
            await http.send(server.request(), within=SHORT)
        assert asyncio.get_running_loop().time() - started < 1
    assert raised.value.maybe_executed


async def test_bounds_a_request_that_the_other_side_does_not_read() -> None:
    async def handle(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with serving(handle) as server, transport() as http:
        with pytest.raises(NoAnswer) as raised:
            await http.send(server.request(body=bytes(16 * 1024 * 1024)), within=SHORT)
    assert raised.value.maybe_executed


async def test_refuses_an_answer_that_is_too_large() -> None:
    async with serving(answering(answer(bytes(1001)))) as server, transport(max_connections=1) as http:
        for _ in range(2):  # Nor does it cost a place in the pool.
            with pytest.raises(NoAnswer, match=r"test: 127\.0\.0\.1 .* 1000 bytes") as raised:
                await http.send(server.request(), within=LONG)
            assert raised.value.maybe_executed


async def test_reads_an_answer_of_just_the_largest_size() -> None:
    async with serving(answering(answer(bytes(1000)))) as server, transport() as http:
        assert len((await http.send(server.request(), within=LONG)).body) == 1000


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"nonsense\r\n\r\n"])
async def test_does_not_know_what_was_executed_when_the_answer_breaks_off(sent: bytes) -> None:
    async def handle(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.take(reader)
        writer.write(sent)

    async with serving(handle) as server, transport() as http:
        with pytest.raises(NoAnswer) as raised:
            await http.send(server.request(), within=LONG)
    assert raised.value.maybe_executed


async def test_does_not_know_what_was_executed_when_the_connection_is_reset() -> None:
    async def handle(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.take(reader)
        writer.transport.abort()

    async with serving(handle) as server, transport() as http:
        with pytest.raises(NoAnswer) as raised:
            await http.send(server.request(body=b"x"), within=LONG)
    assert raised.value.maybe_executed


async def test_knows_that_nothing_was_executed_when_the_connection_is_refused() -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        async with transport() as http:
            with pytest.raises(NoAnswer) as raised:
                await http.send(Server(port=taken.getsockname()[1]).request(), within=LONG)
    assert not raised.value.maybe_executed


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "gone.example"])
async def test_knows_that_nothing_was_executed_when_the_host_cannot_be_resolved(host: str) -> None:
    async def nowhere(name: str, port: int) -> tuple[str, ...]:
        name.encode("idna")
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    http = HttpTransport(allow_private=False, resolve=nowhere)
    with pytest.raises(NoAnswer, match="could not be reached") as raised:
        await http.send(Request(method="GET", url=f"https://{host}/", operation="test"), within=LONG)
    assert not raised.value.maybe_executed
    await http.aclose()


async def test_waits_for_a_connection_only_until_the_deadline() -> None:
    gate = Gate()
    async with serving(gate) as server, transport(max_connections=1) as http:
        first = asyncio.create_task(http.send(server.request(), within=LONG))
        await gate.taken.wait()
        with pytest.raises(NoAnswer, match="could not be reached in time") as raised:
            await http.send(server.request(), within=timedelta(milliseconds=30))
        assert not raised.value.maybe_executed
        gate.open.set()
        assert (await first).body == b"late"
        assert (await http.send(server.request(), within=LONG)).body == b"late"


async def test_sends_nothing_when_there_is_no_time() -> None:
    async with serving(answering(answer())) as server, transport() as http:
        with pytest.raises(NoAnswer) as raised:
            await http.send(server.request(), within=timedelta(0))
        assert not raised.value.maybe_executed
        assert server.connections == 0


async def test_a_cancelled_caller_loses_no_place_in_the_pool() -> None:
    gate = Gate()
    async with serving(gate) as server, transport(max_connections=1) as http:
        caller = asyncio.create_task(http.send(server.request(), within=LONG))
        await gate.taken.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        gate.open.set()
        assert (await http.send(server.request(), within=LONG)).body == b"late"
        assert server.connections == 1


async def test_a_call_without_a_caller_ends_at_its_deadline_and_nobody_complains() -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    taken = asyncio.Event()

    async def hang_once(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.take(reader)
        if not taken.is_set():
            taken.set()
            await asyncio.Event().wait()
        writer.write(answer(b"second"))

    async with serving(hang_once) as server, transport(max_connections=1) as http:
        caller = asyncio.create_task(http.send(server.request(), within=SHORT))
        await taken.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert (await http.send(server.request(), within=LONG)).body == b"second"
        gc.collect()
        await turn_loop()
    assert complaints == []


async def test_closing_lets_running_calls_finish() -> None:
    gate = Gate()
    async with serving(gate) as server, transport() as http:
        running = asyncio.create_task(http.send(server.request(), within=LONG))
        await gate.taken.wait()
        closing = asyncio.create_task(http.aclose())
        await turn_loop()
        assert not closing.done()
        gate.open.set()
        assert (await running).body == b"late"
        await closing


@pytest.mark.parametrize("value", ["s3cret\r\nX-Injected: 1", "s3cret\u20ac"])
async def test_does_not_send_or_tell_a_header_that_http_does_not_allow(value: str) -> None:
    async with serving(answering(answer())) as server, transport() as http:
        with pytest.raises(NoAnswer) as raised:
            await http.send(server.request(Token=value), within=LONG)
        assert server.requests == []
    assert not raised.value.maybe_executed
    assert "s3cret" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("secret", ["s3cret"])
async def test_names_the_operation_and_the_host_and_no_secret(secret: str) -> None:
    async with serving(hang) as server, transport() as http:
        with pytest.raises(NoAnswer) as raised:
            await http.send(server.request(f"/?key={secret}", body=secret.encode(), Token=secret), within=SHORT)
    assert str(raised.value).startswith("test: 127.0.0.1 ")
    assert secret not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "example.com/",
        "https://",
        "https:///path",
        "https://user:s3cret@example.com/",
        "https://user:s3cret/@example.com/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:22/",
        "https://example.com:6379/",
        "https://example.com:80/",
        "https://user@127.0.0.1:443@example.com/",
        "https://example.com\\@127.0.0.1/",
        "https://exa\nmple.com/",
    ],
)
async def test_refuses_an_address_by_its_looks(url: str) -> None:
    async def unasked(host: str, port: int) -> tuple[str, ...]:
        pytest.fail("was resolved")

    http = HttpTransport(allow_private=False, resolve=unasked)
    with pytest.raises(AddressRefused) as raised:
        await http.send(Request(method="GET", url=url, operation="test"), within=LONG)
    assert "s3cret" not in "".join(traceback.format_exception(raised.value))
    await http.aclose()
