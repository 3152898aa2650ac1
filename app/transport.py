"""HTTP: sends what adapters and the Orderchamp client describe.

One deadline covers the whole call, kept inside the network backend, so that a server that drips its answer cannot hold us.
A call is never cancelled from outside: in httpx 0.28 a cancelled call loses its place in the pool for good. Addresses of
shops are foreign input, so the address that was checked is the one that is connected to.
"""

import asyncio
import contextvars
import ipaddress
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpcore
import httpx

from app.domain.errors import AddressRefused, NoAnswer
from app.domain.http import Request, Response

MAX_BODY = 20 * 1024 * 1024
"""Largest answer that is read, in bytes."""

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host; OSError when it has none."""


@dataclass(slots=True)
class _Call:
    """One call on its way: when it must be over, and whether anything of it was sent."""

    ends: float
    sent: bool = False

    def left(self, timeout: float | None) -> float:
        left = max(self.ends - time.monotonic(), 0.001)
        return left if timeout is None else min(left, timeout)


_call: contextvars.ContextVar[_Call] = contextvars.ContextVar("call")


class HttpTransport:
    """Sends requests over one pool of connections. ``aclose`` it: running calls are let finish."""

    def __init__(
        self,
        *,
        allow_private: bool,
        max_body: int = MAX_BODY,
        max_connections: int = 100,
        resolve: Resolver | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._max_body = max_body
        backend = _Backend(resolve or _resolve, allow_private=allow_private)
        self._http = _Http(max_connections=max_connections, backend=backend)
        self._running: set[asyncio.Task[Response]] = set()

    async def send(self, request: Request, *, within: timedelta) -> Response:
        """Send one request and return its whole answer, whatever its status; redirects are not followed.

        NoAnswer when none came ``within`` the time, or it was too large. AddressRefused, before anything is sent, for an
        address that is not to be called.
        """
        task = asyncio.create_task(self._send(request, within))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Wait for the calls that are on their way, each of which ends by its deadline, and close the connections."""
        if self._running:
            await asyncio.wait(tuple(self._running))
        await self._http.aclose()

    async def _send(self, request: Request, within: timedelta) -> Response:
        call = _Call(ends=time.monotonic() + within.total_seconds())
        _call.set(call)
        url = self._checked(request)
        seconds = within.total_seconds()
        outgoing = httpx.Request(
            request.method,
            url,
            headers={"Accept-Encoding": "identity", **request.headers},
            content=request.body,
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), seconds)},
        )
        try:
            answer = await self._http.handle_async_request(outgoing)
            return await self._read(request, answer)
        except _Refused as error:
            raise AddressRefused(str(error)) from error
        except httpx.TransportError as error:
            what = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "broke the connection"
            message = f"{request.operation}: {url.host} {what} ({type(error).__name__})."
            raise NoAnswer(message, maybe_executed=call.sent) from error

    async def _read(self, request: Request, answer: httpx.Response) -> Response:
        body = bytearray()
        try:
            assert isinstance(answer.stream, httpx.AsyncByteStream)  # noqa: S101 - it came from an async transport
            async for chunk in answer.stream:
                body += chunk
                if len(body) > self._max_body:
                    message = f"{request.operation}: the answer is larger than {self._max_body} bytes."
                    raise NoAnswer(message, maybe_executed=True)
        finally:
            await answer.aclose()
        headers = {name: answer.headers[name] for name in answer.headers}
        return Response(status=answer.status_code, headers=headers, body=bytes(body))

    def _checked(self, request: Request) -> httpx.URL:
        try:
            url = httpx.URL(request.url)
        except httpx.InvalidURL as error:
            raise AddressRefused(f"{request.operation}: the address is not a URL.") from error
        if url.scheme != "https" and not (url.scheme == "http" and self._allow_private):
            raise AddressRefused(f"{request.operation}: only https is called, not {url.scheme or 'nothing'}.")
        if not url.host:
            raise AddressRefused(f"{request.operation}: the address names no host.")
        if url.userinfo:
            raise AddressRefused(f"{request.operation}: the address must not carry credentials.")
        return url


class _Refused(Exception):
    """A host has an address that is not to be called."""


class _Http(httpx.AsyncHTTPTransport):
    """httpx's transport over a pool with our network backend, for which httpx has no parameter of its own."""

    def __init__(self, *, max_connections: int, backend: httpcore.AsyncNetworkBackend) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=max_connections,
            max_keepalive_connections=max_connections,
            keepalive_expiry=30,
            network_backend=backend,
        )


class _Backend(httpcore.AsyncNetworkBackend):
    """Resolves, checks every address, connects to a checked one, and keeps the deadline of the call."""

    def __init__(self, resolve: Resolver, *, allow_private: bool) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._resolve = resolve
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        call = _call.get()
        addresses = await self._addresses(host, port, call)
        error: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                stream = await self._inner.connect_tcp(
                    address,
                    port,
                    timeout=call.left(timeout),
                    local_address=local_address,
                    socket_options=socket_options,
                )
                return _Stream(stream)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error

    async def _addresses(self, host: str, port: int, call: _Call) -> Sequence[str]:
        try:
            async with asyncio.timeout(call.left(None)):
                found = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host} could not be resolved in time") from error
        except OSError as error:
            raise httpcore.ConnectError(f"{host} could not be resolved") from error
        if not self._allow_private:
            for address in found:
                if not is_public(address):
                    raise _Refused(f"{host} is at an address that is not public; it is not called.")
        return found

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection whose reads and writes end with the call they belong to."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        return await self._inner.read(max_bytes, timeout=_call.get().left(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        call = _call.get()
        call.sent = True
        await self._inner.write(buffer, timeout=call.left(timeout))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        left = _call.get().left(timeout)
        return _Stream(await self._inner.start_tls(ssl_context, server_hostname=server_hostname, timeout=left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


async def _resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Tell whether an address is one of the open internet, looking into IPv6 addresses that wrap an IPv4 one."""
    try:
        parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        wrapped = parsed.ipv4_mapped or parsed.sixtofour
        if wrapped is None and parsed in _NAT64:
            wrapped = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
    return parsed.is_global and not parsed.is_multicast
