"""``python -m app.bench``: take all figures, or those of the measurements that are named."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated

import typer

from app.bench import ack, events, fair, few, imports, scale, visible
from app.local.commands import OBSTACLES, carry_out, sentence_of
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
    carry_out(_take(chosen))


async def _take(names: Sequence[str]) -> int:
    """Take the measurements one after the other and return the exit code. One that cannot be taken costs no other one."""
    figures: list[Figure] = []
    missing: list[str] = []
    for name in names:
        print(f"== {name}", flush=True)
        try:
            figures += await MEASUREMENTS[name]()
        except OBSTACLES as error:
            why = sentence_of(error)
            if why is None:
                raise
            print(f"   {name} could not be taken: {why}", flush=True)
            missing.append(name)
    reached = report(figures)
    return 0 if reached and not missing else 1


if __name__ == "__main__":
    app()
