"""``python -m app.local run`` and ``python -m app.local demo``; the Makefile calls them."""

import asyncio
import sys
from typing import Annotated

import typer

from app.local.commands import carry_out, plainly
from app.local.demo import demo
from app.local.platforms import PLATFORMS
from app.local.postgres import fresh_database
from app.local.run import run
from app.store import migrations

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command("run")
def run_command() -> None:
    """Start everything and stay until Ctrl-C."""
    carry_out(run(), told_code=0)


@app.command("demo")
def demo_command(platform: Annotated[str, typer.Argument(help=f"One of {', '.join(PLATFORMS)}.")] = "shopify") -> None:
    """Walk through the seven rows of the table with a shop of one platform and say whether each holds."""
    if platform not in PLATFORMS:
        print(f"{platform!r} cannot be shown; choose one of {', '.join(PLATFORMS)}.", file=sys.stderr)
        raise typer.Exit(2)
    carry_out(demo(PLATFORMS[platform]))


@app.command("schema-check")
def schema_check_command() -> None:
    """Compare the tables in the code with those of a freshly migrated database."""
    with plainly(), fresh_database() as url:
        migrations.upgrade(url)
        found = asyncio.run(migrations.differences(url))
    for each in found:
        print(each)
    if found:
        print('Tables and migrations differ; write a migration: make migration M="what changes"', file=sys.stderr)
        raise typer.Exit(1)
    print("Tables and migrations agree.")


@app.command("migration")
def migration_command(message: str) -> None:
    """Write a migration for what changed in the tables."""
    with plainly(), fresh_database() as url:
        migrations.upgrade(url)
        migrations.write(url, message)


if __name__ == "__main__":
    app()
