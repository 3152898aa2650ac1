"""``python -m app.sandbox orderchamp`` and ``python -m app.sandbox shopify``: one server each, until it is stopped."""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")]
State = Annotated[Path | None, typer.Option(help="File in which the state survives a restart.")]


@app.command()
def orderchamp(host: Host = "127.0.0.1", port: Port = 0, state: State = None) -> None:
    """Run a stand-in Orderchamp."""
    from app.sandbox.orderchamp.server import create_app  # noqa: PLC0415 - each server loads only itself

    _serve(create_app(state), host, port)


@app.command()
def shopify(
    host: Host = "127.0.0.1",
    port: Port = 0,
    state: State = None,
    client_secret: Annotated[str, typer.Option(help="The app's client secret, which signs webhooks.")] = "",
) -> None:
    """Run stand-in Shopify shops. The client secret may also come in SANDBOX_CLIENT_SECRET."""
    from app.sandbox.shopify.server import create_app  # noqa: PLC0415

    _serve(create_app(state, client_secret or os.environ.get("SANDBOX_CLIENT_SECRET", "sandbox")), host, port)


def _serve(server_app: FastAPI, host: str, port: int) -> None:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        print(
            f"Port {port} on {host} cannot be used: {error.strerror}. Choose another one with --port.", file=sys.stderr
        )
        raise typer.Exit(2) from error
    listening.listen(2048)
    print(f"ready http://{host}:{listening.getsockname()[1]}", flush=True)
    config = uvicorn.Config(server_app, log_level="warning", access_log=False, timeout_graceful_shutdown=3)
    asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


if __name__ == "__main__":
    app()
