import asyncio
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.domain.errors import AddressRefused, NoAnswer
from app.domain.http import Request
from app.transport import HttpTransport
from app.transport.network import Call, Network, Refused, current_call
from tests.transport.loopback import Server, answer, answering, serving

PUBLIC = "93.184.215.14"


class Recorder(httpcore.AsyncNetworkBackend):
    """Connects to nothing, and fails for the addresses it was told to."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.connected: list[str] = []
        self.timeouts: list[float] = []

    async def connect_tcp(self, host: str, *_: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        self.connected.append(host)
        self.timeouts.append(named["timeout"])
        if host in self.failing:
            raise httpcore.ConnectTimeout
        return httpcore.AsyncMockStream([])


class Names:
    """A resolver that gives one answer after the other."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = list(answers)

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        return self.answers.pop(0)


@pytest.fixture
def call() -> Iterator[Call]:
    made = Call(ends=time.monotonic() + 5)
    token = current_call.set(made)
    yield made
    current_call.reset(token)


async def test_connects_to_the_address_that_was_checked_and_to_no_other(call: Call) -> None:
    recorder = Recorder()
    network = Network(Names((PUBLIC,), ("127.0.0.1",)), allow_private=False, inner=recorder)
    await network.connect_tcp("shop.example", 443)
    with pytest.raises(Refused):
        await network.connect_tcp("shop.example", 443)
    assert recorder.connected == [PUBLIC]


async def test_what_breaks_off_while_it_is_written_may_have_arrived(call: Call) -> None:
    class Breaking(httpcore.AsyncMockStream):
        async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
            raise httpcore.WriteError

    class Connecting(Recorder):
        async def connect_tcp(self, host: str, *_: Any, **named: Any) -> httpcore.AsyncNetworkStream:
            return Breaking([])

    network = Network(Names((PUBLIC,)), allow_private=False, inner=Connecting())
    stream = await network.connect_tcp("shop.example", 443)
    assert not call.sent
    with pytest.raises(httpcore.WriteError):
        await stream.write(b"POST")
    assert call.sent


async def test_refuses_a_host_of_which_only_one_address_is_private(call: Call) -> None:
    recorder = Recorder()
    network = Network(Names((PUBLIC, "10.0.0.1")), allow_private=False, inner=recorder)
    with pytest.raises(Refused):
        await network.connect_tcp("shop.example", 443)
    assert recorder.connected == []


async def test_tries_the_next_address_when_one_swallows_packets(call: Call) -> None:
    recorder = Recorder("2606:4700::1111")
    network = Network(Names(("2606:4700::1111", PUBLIC)), allow_private=False, inner=recorder)
    await network.connect_tcp("shop.example", 443)
    assert recorder.connected == ["2606:4700::1111", PUBLIC]
    assert recorder.timeouts[0] == pytest.approx(2.5, abs=0.2)


async def test_tells_when_no_address_could_be_connected_to(call: Call) -> None:
    network = Network(Names((PUBLIC,)), allow_private=False, inner=Recorder(PUBLIC))
    with pytest.raises(httpcore.ConnectTimeout):
        await network.connect_tcp("shop.example", 443)


async def test_tells_when_a_host_has_no_address(call: Call) -> None:
    with pytest.raises(httpcore.ConnectError):
        await Network(Names(()), allow_private=False, inner=Recorder()).connect_tcp("shop.example", 443)


async def test_a_resolver_that_hangs_is_bounded_by_the_deadline() -> None:
    async def hang(host: str, port: int) -> tuple[str, ...]:
        await asyncio.Event().wait()
        return ()

    http = HttpTransport(allow_private=False, resolve=hang)
    request = Request(method="GET", url="https://shop.example/", operation="test")
    with pytest.raises(NoAnswer) as raised:
        await http.send(request, within=timedelta(milliseconds=50))
    assert not raised.value.maybe_executed
    await http.aclose()


async def test_a_name_that_points_at_us_is_refused_before_anything_is_connected() -> None:
    async with serving(answering(answer())) as server:
        http = HttpTransport(allow_private=False, ports={server.port}, resolve=Names(("127.0.0.1",)))
        with pytest.raises(AddressRefused, match=r"test: shop\.example "):
            await http.send(_https(server), within=timedelta(seconds=5))
        await http.aclose()
        assert server.connections == 0


async def test_a_name_that_leads_elsewhere_the_second_time_is_refused_then() -> None:
    """Rebinding: each connection looks the name up once, and connects to what was looked up."""
    async with serving(answering(answer())) as server:
        names = Names((PUBLIC, "127.0.0.1"), ("127.0.0.1",))
        http = HttpTransport(allow_private=False, ports={server.port}, resolve=names)
        for _ in range(2):
            with pytest.raises(AddressRefused):
                await http.send(_https(server), within=timedelta(seconds=5))
        await http.aclose()
        assert server.connections == 0


def _https(server: Server) -> Request:
    return Request(method="GET", url=f"https://shop.example:{server.port}/?key=s3cret", operation="test")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a self-signed certificate for shop.example, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate)
    return made


async def test_a_certificate_that_nobody_vouches_for_stops_the_call_before_the_request(
    server_tls: ssl.SSLContext,
) -> None:
    asked: list[str] = []
    server_tls.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with serving(answering(answer()), tls=server_tls) as server:
        http = HttpTransport(allow_private=True, resolve=Names(("127.0.0.1",)))
        with pytest.raises(NoAnswer) as raised:
            await http.send(_https(server), within=timedelta(seconds=5))
        await http.aclose()
        assert server.requests == []
    assert asked == ["shop.example"]
    assert not raised.value.maybe_executed


async def test_tls_refuses_the_certificate_of_another_host(
    call: Call, certificate: Path, server_tls: ssl.SSLContext
) -> None:
    client_tls = ssl.create_default_context(cafile=str(certificate))
    async with serving(answering(answer()), tls=server_tls) as server:
        stream = await Network(Names(("127.0.0.1",)), allow_private=True).connect_tcp("other.example", server.port)
        with pytest.raises(httpcore.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await stream.start_tls(client_tls, server_hostname="other.example")


async def test_a_connection_with_tls_keeps_the_deadline_and_knows_whether_anything_was_sent(
    call: Call, certificate: Path, server_tls: ssl.SSLContext
) -> None:
    client_tls = ssl.create_default_context(cafile=str(certificate))
    sent: list[bool] = []
    async with serving(answering(answer(b"over tls")), tls=server_tls) as server:
        plain = await Network(Names(("127.0.0.1",)), allow_private=True).connect_tcp("shop.example", server.port)
        stream = await plain.start_tls(client_tls, server_hostname="shop.example")
        sent.append(call.sent)
        await stream.write(b"GET / HTTP/1.1\r\n\r\n")
        sent.append(call.sent)
        assert (await stream.read(1000)).endswith(b"over tls")
        call.ends = time.monotonic()
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(1000)
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(b"more")
        await stream.aclose()
    assert sent == [False, True]
