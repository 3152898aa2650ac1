"""``python -m app.local run`` and ``python -m app.local demo``; the Makefile calls them."""

import asyncio
import sys

import typer

from app.local.demo import demo
from app.local.processes import NotStarted
from app.local.run import run

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command("run")
def run_command() -> None:
    """Start everything and stay until Ctrl-C."""
    try:
        asyncio.run(run())
    except NotStarted as error:
        print(f"\n{error}", file=sys.stderr)
        raise typer.Exit(1) from error


@app.command("demo")
def demo_command() -> None:
    """Walk through the seven rows of the table and say whether each holds."""
    try:
        code = asyncio.run(demo())
    except NotStarted as error:
        print(f"\n{error}", file=sys.stderr)
        raise typer.Exit(1) from error
    raise typer.Exit(code)


if __name__ == "__main__":
    app()
