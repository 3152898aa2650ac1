"""``python -m app.sandbox orderchamp``, ``… shopify`` and so on: one server each, until it is stopped."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvicorn
from fastapi import FastAPI

from app.sandbox.saved import StateUnreadable

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]
State = Annotated[Path | None, typer.Option(help="File in which the state survives a restart.")]


@app.command()
def orderchamp(host: Host = "127.0.0.1", port: Port = 0, state: State = None) -> None:
    """Run a stand-in Orderchamp. The keys of the app that it knows come in SANDBOX_CLIENT_ID and SANDBOX_CLIENT_SECRET."""
    from app.sandbox.orderchamp.server import create_app  # noqa: PLC0415 - each server loads only itself

    identity, secret = (os.environ.get(f"SANDBOX_CLIENT_{name}", "sandbox") for name in ("ID", "SECRET"))
    _serve(lambda: create_app(state, client_id=identity, client_secret=secret), host, port)


@app.command()
def shopify(
    host: Host = "127.0.0.1",
    port: Port = 0,
    state: State = None,
    client_secret: Annotated[str, typer.Option(help="The app's client secret, which signs webhooks.")] = "",
    client_id: Annotated[str, typer.Option(help="The app's client id.")] = "",
) -> None:
    """Run stand-in Shopify shops. The app's keys may also come in SANDBOX_CLIENT_ID and SANDBOX_CLIENT_SECRET."""
    from app.sandbox.shopify.server import create_app  # noqa: PLC0415

    secret = client_secret or os.environ.get("SANDBOX_CLIENT_SECRET", "sandbox")
    identity = client_id or os.environ.get("SANDBOX_CLIENT_ID", "sandbox")
    _serve(lambda: create_app(state, secret, identity), host, port)


@app.command()
def shopware(host: Host = "127.0.0.1", port: Port = 0, state: State = None) -> None:
    """Run stand-in Shopware shops."""
    from app.sandbox.shopware.server import create_app  # noqa: PLC0415

    _serve(lambda: create_app(state), host, port)


@app.command()
def woocommerce(host: Host = "127.0.0.1", port: Port = 0, state: State = None) -> None:
    """Run stand-in WooCommerce shops."""
    from app.sandbox.woocommerce.server import create_app  # noqa: PLC0415

    _serve(lambda: create_app(state), host, port)


@app.command()
def lightspeed(host: Host = "127.0.0.1", port: Port = 0, state: State = None) -> None:
    """Run stand-in Lightspeed shops. The app's key and secret may come in SANDBOX_APP_KEY and SANDBOX_APP_SECRET."""
    from app.sandbox.lightspeed.api import App  # noqa: PLC0415
    from app.sandbox.lightspeed.server import create_app  # noqa: PLC0415

    key, secret = (os.environ.get(f"SANDBOX_APP_{each}", "sandbox") for each in ("KEY", "SECRET"))
    _serve(lambda: create_app(state, App(key=key, secret=secret)), host, port)


@app.command()
def bigcommerce(host: Host = "127.0.0.1", port: Port = 0, state: State = None) -> None:
    """Run stand-in BigCommerce stores. The keys of the app may come in SANDBOX_CLIENT_ID and SANDBOX_CLIENT_SECRET."""
    from app.sandbox.bigcommerce.sandbox import App  # noqa: PLC0415
    from app.sandbox.bigcommerce.server import create_app  # noqa: PLC0415

    identity, secret = (os.environ.get(f"SANDBOX_CLIENT_{each}", "sandbox") for each in ("ID", "SECRET"))
    _serve(lambda: create_app(state, App(client_id=identity, client_secret=secret)), host, port)


@app.command()
def channelengine(host: Host = "127.0.0.1", port: Port = 0, state: State = None) -> None:
    """Run stand-in merchants of ChannelEngine."""
    from app.sandbox.channelengine.server import create_app  # noqa: PLC0415

    _serve(lambda: create_app(state), host, port)


class Announcing(uvicorn.Server):
    """A server that says where it listens once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and print the one line that whoever started us waits for."""
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            print(f"ready http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)


def _serve(create: Callable[[], FastAPI], host: str, port: int) -> None:
    with _listen(host, port) as listening:
        try:
            made = create()
        except StateUnreadable as error:
            _give_up(str(error))
        _run(made, listening)


def _run(made: FastAPI, listening: socket.socket) -> None:
    server = Announcing(uvicorn.Config(made, log_level="warning", access_log=False, timeout_graceful_shutdown=3))

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    # uvicorn stops cleanly and then raises the signal once more; to us both mean a clean end, not a death by signal.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    asyncio.run(server.serve(sockets=[listening]))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        _give_up(f"Port {port} on {host} cannot be used: {error.strerror}. Choose another one with --port.")
    return listening


def _give_up(why: str) -> NoReturn:
    print(why, file=sys.stderr)
    raise typer.Exit(2)


if __name__ == "__main__":
    app()
