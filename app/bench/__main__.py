"""``python -m app.bench``: take all figures, or those of the measurements that are named."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import typer

from app.bench import ack, events, fair, few, imports, scale, visible
from app.local.figures import Figure, report

MEASUREMENTS: Mapping[str, Callable[[], Awaitable[list[Figure]]]] = {
    "ack": ack.measure,
    "events": events.measure,
    "visible": visible.measure,
    "few": few.measure,
    "imports": imports.measure,
    "memory": imports.measure_memory,
    "fair": fair.measure,
    "scale": scale.measure,
}
"""Each measurement by its name, in the order in which they are taken."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def bench(names: Annotated[list[str] | None, typer.Argument(help="Which ones; all without a name.")] = None) -> None:
    """Take the figures and print them, each beside its goal; exit 1 if one is short of it."""
    chosen = names or list(MEASUREMENTS)
    unknown = [name for name in chosen if name not in MEASUREMENTS]
    if unknown:
        raise typer.BadParameter(f"There is no measurement {unknown[0]}; there are {', '.join(MEASUREMENTS)}.")
    figures: list[Figure] = []
    for name in chosen:
        print(f"== {name}", flush=True)
        figures += asyncio.run(_taken(MEASUREMENTS[name]))
    if not report(figures):
        raise typer.Exit(1)


async def _taken(measure: Callable[[], Awaitable[list[Figure]]]) -> list[Figure]:
    return await measure()


if __name__ == "__main__":
    app()
