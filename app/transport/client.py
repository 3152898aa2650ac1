"""Sends one request at a time for whoever asks, over one pool of connections."""

import asyncio
import ssl
import time
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import httpcore
import httpx

from app.domain.errors import AddressRefused, NoAnswer
from app.domain.http import Part, Request, Response
from app.transport.addresses import Resolver
from app.transport.addresses import resolve as ask_system
from app.transport.discretion import without_secrets
from app.transport.network import Call, Network, Refused, current_call

MAX_BODY = 20 * 1024 * 1024
"""Largest answer that is read, in bytes."""

_KEEP_ALIVE = 30.0
"""Seconds for which an idle connection is kept."""

PORTS = frozenset({443, 8443})
"""Ports that are called: https, and its customary second one, for shops on hosts of their own. All others of a host are none
of our business, and asking them would tell whoever gave the address what listens there."""

_ANY_PORT = range(1, 65536)


class HttpTransport:
    """Sends requests. No redirects, no proxies of the environment, no cookies. ``aclose`` it: running calls are let finish.

    ``allow_private``, for development: private addresses, http and every port are called, too.

    A call is never cancelled from outside, since a cancelled call keeps its place in httpx's pool for good: it runs in a task
    of its own, which its deadline ends.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        ports: Collection[int] = PORTS,
        max_body: int = MAX_BODY,
        max_connections: int = 100,
        resolve: Resolver | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._ports = _ANY_PORT if allow_private else ports
        self._max_body = max_body
        self._places = asyncio.Semaphore(max_connections)
        self._pool = _Pool(
            max_connections=max_connections,
            network=Network(resolve or ask_system, allow_private=allow_private),
        )
        self._running: set[asyncio.Task[Response]] = set()

    async def send(self, request: Request, *, within: timedelta) -> Response:
        """Send one request and return its whole answer, whatever its status; redirects are not followed.

        ``within`` covers everything, from waiting for a connection to the last byte. When the caller is cancelled the call
        goes on without it. NoAnswer when no answer came in time, or it was too large. AddressRefused, before anything is
        sent, for an address that is not to be called.
        """
        task = asyncio.create_task(self._send(request, within.total_seconds()))
        self._running.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Wait for the calls that are on their way, each of which ends by its deadline, and close the connections."""
        while self._running:
            await asyncio.wait(tuple(self._running))
        await self._pool.aclose()

    def _finished(self, task: asyncio.Task[Response]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Nobody else looks at the error of a call whose caller has gone, and asyncio would complain of that.
            task.exception()

    async def _send(self, request: Request, seconds: float) -> Response:
        call = Call(ends=time.monotonic() + seconds)
        current_call.set(call)
        host = _host(request, self._ports, allow_private=self._allow_private)
        outgoing = _outgoing(request, seconds)
        try:
            await self._wait_for_place(call)
            try:
                answer = await self._pool.handle_async_request(outgoing)
                response = await self._read(answer, request.part, told=f"{request.operation}: {host}")
                if request.part is not None:
                    return response  # Of a file, which quotes nobody, each byte has its place.
                return replace(response, body=without_secrets(request, response.body))
            finally:
                self._places.release()
        except Refused as error:
            message = f"{request.operation}: {host} has an address that is not public; it is not called."
            raise AddressRefused(message) from error
        except httpx.LocalProtocolError:
            # The cause would quote the header, which may be the one that holds the token.
            raise _unwritable(request, maybe_executed=call.sent) from None
        except (httpx.TransportError, OSError) as error:  # ssl.SSLError, an OSError, comes through httpcore as it is.
            message = f"{request.operation}: {host} {_what_happened(error, call)} ({type(error).__name__})."
            raise NoAnswer(message, maybe_executed=call.sent) from error

    async def _wait_for_place(self, call: Call) -> None:
        """Wait for a place in the pool; httpcore's own queue can lose a place when the wait for it runs out of time."""
        try:
            async with asyncio.timeout(call.left(httpcore.PoolTimeout)):
                await self._places.acquire()
        except (TimeoutError, httpcore.PoolTimeout) as error:
            raise httpx.PoolTimeout("All connections are in use.") from error

    async def _read(self, answer: httpx.Response, part: Part | None, *, told: str) -> Response:
        body = bytearray()
        try:
            skipped = _skipped(answer, part, told=told)
            async for chunk in answer.aiter_raw():
                body += chunk[skipped:]
                skipped = max(skipped - len(chunk), 0)
                if part is not None and answer.is_success and len(body) >= part.length:
                    del body[part.length :]
                    break
                if len(body) > self._max_body:
                    message = f"{told} gave an answer larger than {self._max_body} bytes."
                    raise NoAnswer(message, maybe_executed=True)
        finally:
            await answer.aclose()
        headers = {name.lower(): answer.headers[name] for name in answer.headers}
        return Response(status=answer.status_code, headers=headers, body=bytes(body))


class _Pool(httpx.AsyncHTTPTransport):
    """httpx's transport over our own network, for which httpx 0.28 has no parameter.

    httpx.AsyncHTTPTransport keeps nothing but its pool, which is why its constructor is not called.
    """

    def __init__(self, *, max_connections: int, network: httpcore.AsyncNetworkBackend) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_ssl_context(),
            max_connections=max_connections,
            max_keepalive_connections=max_connections,
            keepalive_expiry=_KEEP_ALIVE,
            network_backend=network,
        )


def _ssl_context() -> ssl.SSLContext:
    """Verify certificates and host names, whatever the environment says."""
    return httpx.create_ssl_context(trust_env=False)


def _host(request: Request, ports: Collection[int], *, allow_private: bool) -> str:
    """Return the host that is to be called. Raises AddressRefused when the URL itself is out of the question."""
    try:
        url = httpx.URL(request.url)
    except httpx.InvalidURL:
        # The cause may quote a part of the URL, which may be a credential.
        raise AddressRefused(f"{request.operation}: the address is not a URL.") from None
    if url.scheme != "https" and not (url.scheme == "http" and allow_private):
        raise AddressRefused(f"{request.operation}: only https is called, not {url.scheme or 'nothing'}.")
    if not url.host:
        raise AddressRefused(f"{request.operation}: the address names no host.")
    if url.port is not None and url.port not in ports:
        raise AddressRefused(f"{request.operation}: the port {url.port} is not called.")
    if url.userinfo:
        raise AddressRefused(f"{request.operation}: the address must not carry credentials.")
    return url.host


def _outgoing(request: Request, seconds: float) -> httpx.Request:
    """Return the request as httpx wants it. It asks for an answer as it is, since nothing here would unpack it."""
    headers = httpx.Headers({"Accept-Encoding": "identity"})
    if request.part is not None:
        headers["Range"] = f"bytes={request.part.start}-{request.part.start + request.part.length - 1}"
    # The network keeps every other time, but httpcore's queue, in which nobody should ever stand, is not part of it.
    extensions = {"timeout": {"pool": seconds}}
    try:
        headers.update(dict(request.headers))
        return httpx.Request(request.method, request.url, headers=headers, content=request.body, extensions=extensions)
    except UnicodeEncodeError:
        raise _unwritable(request, maybe_executed=False) from None


def _skipped(answer: httpx.Response, part: Part | None, *, told: str) -> int:
    """Return how many bytes come before the part that is wanted: none from a server that understands ``Range``."""
    if part is None or not answer.is_success:
        return 0
    if answer.status_code != HTTPStatus.PARTIAL_CONTENT:
        return part.start
    if not answer.headers.get("content-range", "").startswith(f"bytes {part.start}-"):
        raise NoAnswer(f"{told} gave another part of its answer than was asked for.", maybe_executed=True)
    return 0


def _unwritable(request: Request, *, maybe_executed: bool) -> NoAnswer:
    return NoAnswer(f"{request.operation}: the request is not one that HTTP allows.", maybe_executed=maybe_executed)


def _what_happened(error: Exception, call: Call) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "did not answer in time" if call.sent else "could not be reached in time"
    return "broke off before the whole answer was there" if call.sent else "could not be reached"
