"""The network as httpcore sees it: a deadline for the whole call, and connections to checked addresses only.

httpcore gives each read a time of its own, so a server that drips its answer could hold a call for ever. Here every step
gets what is left of the call, which the context of its task carries.
"""

import asyncio
import contextvars
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore

from app.transport.addresses import Resolver, is_public


class Refused(Exception):
    """A host has an address that is not to be called."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One call on its way: when it must be over, in seconds of the monotonic clock, and whether anything of it was sent."""

    ends: float
    sent: bool = False

    def left(self, late: type[httpcore.TimeoutException]) -> float:
        """Return the seconds that are left, more than none; raise ``late`` when there are none."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise late
        return left


current_call: contextvars.ContextVar[Call] = contextvars.ContextVar("current_call")
"""The call that the running task makes; whoever uses the network sets it first."""


class Network(httpcore.AsyncNetworkBackend):
    """Resolves a host, checks all its addresses, and connects to one of those that were checked.

    The host is resolved once for each connection and never again by a lower layer, so a name that answers differently the
    second time gains nothing. TLS still verifies the certificate for the host's name.
    """

    def __init__(
        self,
        resolve: Resolver,
        *,
        allow_private: bool,
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._resolve = resolve
        self._allow_private = allow_private
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - httpcore's signature; the call's deadline counts
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection. Raises Refused, and httpcore's ConnectError and ConnectTimeout."""
        call = current_call.get()
        addresses = await self._addresses(host, port, call)
        failure: httpcore.ConnectError | httpcore.ConnectTimeout = httpcore.ConnectError("The host has no address.")
        for tried, address in enumerate(addresses):
            # An address that swallows packets may use up its share only, so that the others are tried, too.
            share = call.left(httpcore.ConnectTimeout) / (len(addresses) - tried)
            try:
                stream = await self._inner.connect_tcp(
                    address,
                    port,
                    timeout=share,
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream)
        raise failure

    async def _addresses(self, host: str, port: int, call: Call) -> Sequence[str]:
        try:
            async with asyncio.timeout(call.left(httpcore.ConnectTimeout)):
                found = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("The host could not be resolved in time.") from error
        except (OSError, UnicodeError) as error:  # UnicodeError: the name cannot be one, such as a label of 64 letters.
            raise httpcore.ConnectError("The host could not be resolved.") from error
        if not self._allow_private and not all(is_public(address) for address in found):
            raise Refused
        return found

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection whose steps end with the call that takes them; calls take turns on it."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        left = current_call.get().left(httpcore.ReadTimeout)
        return await self._inner.read(max_bytes, timeout=left)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        call = current_call.get()
        left = call.left(httpcore.WriteTimeout)
        call.sent = True
        await self._inner.write(buffer, timeout=left)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        left = current_call.get().left(httpcore.ConnectTimeout)
        return _Stream(await self._inner.start_tls(ssl_context, server_hostname=server_hostname, timeout=left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
