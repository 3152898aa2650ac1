"""``python -m app.bench``: take all figures, or those of the measurements that are named."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated

import typer

from app.bench import ack, events, fair, few, imports, scale, visible
from app.local.commands import OBSTACLES, carry_out, sentence_of
from app.local.figures import Figure, report

MEASUREMENTS: Mapping[str, tuple[Callable[[], Awaitable[list[Figure]]], Sequence[Figure]]] = {
    "ack": (ack.measure, ack.FIGURES),
    "events": (events.measure, events.FIGURES),
    "visible": (visible.measure, visible.FIGURES),
    "few": (few.measure, few.FIGURES),
    "imports": (imports.measure, imports.FIGURES),
    "memory": (imports.measure_memory, imports.MEMORY_FIGURES),
    "fair": (fair.measure, fair.FIGURES),
    "scale": (scale.measure, scale.FIGURES),
}
"""Each measurement by its name with the figures that it takes, in the order in which they are taken."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def bench(names: Annotated[list[str] | None, typer.Argument(help="Which ones; all without a name.")] = None) -> None:
    """Take the figures and print them, each beside its goal; exit 1 if one is short of it."""
    chosen = names or list(MEASUREMENTS)
    unknown = [name for name in chosen if name not in MEASUREMENTS]
    if unknown:
        raise typer.BadParameter(f"There is no measurement {unknown[0]}; there are {', '.join(MEASUREMENTS)}.")
    carry_out(_take(chosen))


async def _take(names: Sequence[str]) -> int:
    """Take the measurements one after the other and return the exit code. One that cannot be taken costs no other one."""
    figures: list[Figure] = []
    for name in names:
        print(f"== {name}", flush=True)
        measure, to_take = MEASUREMENTS[name]
        try:
            figures += await measure()
        except OBSTACLES as error:
            why = sentence_of(error)
            if why is None:
                raise
            print(f"   {name} could not be taken: {why}", flush=True)
            figures += to_take
    return 0 if report(figures) else 1


if __name__ == "__main__":
    app()
