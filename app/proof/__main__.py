"""``python -m app.proof``: fault runs with printed seeds, then the figures; exit 1 when one is short of its goal."""

import asyncio
import shutil
from collections import Counter
from pathlib import Path
from random import SystemRandom
from typing import Annotated

import typer

from app.local.commands import carry_out
from app.local.figures import Figure, report
from app.local.postgres import scratch
from app.local.processes import free_port
from app.local.town import Ports, town
from app.proof import catalogues
from app.proof.checker import Findings
from app.proof.pace import SETTINGS, WEB_PROCESSES, WORKERS
from app.proof.production import figures
from app.proof.run import Run, run

AT_ONCE = 3
"""Runs that share the town at a time: they mostly wait."""

FAILED_LOGS = Path(".data/proof-logs")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def proof(
    runs: Annotated[int, typer.Option(min=1, help="How many runs.")] = 200,
    seed: Annotated[int | None, typer.Option(help="The seed of the first run; the next ones count on from it.")] = None,
    production: Annotated[
        bool, typer.Option(help="Also take the figures at production settings, and those of catalogues.")
    ] = True,
) -> None:
    """Break the service in many ways and look whether it keeps its promise."""
    first = SystemRandom().randrange(10**6) if seed is None else seed
    carry_out(_prove(runs, first, production=production))


async def _prove(runs: int, first: int, *, production: bool) -> int:
    done = await _runs(runs, first)
    findings = [each.findings for each in done]
    at_production: list[Figure] = []
    if production:
        at_production, found = await figures()
        print(f"At production settings: {found.acknowledged} deliveries were answered 2xx", flush=True)
        _tell_findings(found)
        findings.append(found)
        at_production += await catalogues.figures(first)
    return 0 if report([*_promise(findings, complete=len(done) == runs), *at_production]) else 1


async def _runs(count: int, first: int) -> list[Run]:
    done: list[Run] = []
    begun = asyncio.get_running_loop().time()
    ports = Ports(web=free_port(), orderchamp=free_port(), shops=free_port())
    with scratch("proof") as folder:
        print(f"{count} run(s) from seed {first}", flush=True)
        try:
            async with town(
                folder, ports, SETTINGS, web_processes=WEB_PROCESSES, workers=WORKERS, remember=False
            ) as here:
                seeds = iter(range(first, first + count))
                machines = asyncio.Lock()

                async def one_after_the_other() -> None:
                    for seed in seeds:
                        done.append(await run(here, seed, machines))
                        _tell(done[-1])

                async with asyncio.TaskGroup() as group:
                    for _ in range(AT_ONCE):
                        group.create_task(one_after_the_other())
        finally:
            shutil.rmtree(FAILED_LOGS, ignore_errors=True)
            if (folder / "logs").exists():
                shutil.copytree(folder / "logs", FAILED_LOGS)
    _sum_up(done, asyncio.get_running_loop().time() - begun)
    return done


def _tell(made: Run) -> None:
    findings = made.findings
    verdict = "WRONG" if findings else "ok"
    how = " (after what was never sent was asked for)" if made.repaired else ""
    troubles = ", ".join(made.troubles)
    print(
        f"seed {made.seed}: {verdict} in {made.seconds:.1f} s, {findings.acknowledged} kept{how}: {troubles}",
        flush=True,
    )
    if not findings:
        return
    _tell_findings(findings)
    for name, told in made.lives.items():
        print(f"   what happened in {name}:")
        for each in told:
            print(f"      {each}")
    print(f"   repeat it: make proof SEED={made.seed}; the logs will be in {FAILED_LOGS}", flush=True)


def _tell_findings(findings: Findings) -> None:
    for kind in ("lost", "doubled", "diverged"):
        for each in getattr(findings, kind):
            print(f"   {kind}: {each}")


def _sum_up(done: list[Run], seconds: float) -> None:
    met = Counter(trouble for each in done for trouble in each.troubles)
    print("\nTroubles met: " + ", ".join(f"{name} {count}" for name, count in sorted(met.items())))
    kept = sum(each.findings.acknowledged for each in done)
    print(f"{len(done)} runs in {seconds:.0f} s; {kept} deliveries were answered 2xx", flush=True)


def _promise(findings: list[Findings], *, complete: bool) -> list[Figure]:
    return [
        Figure(
            name=kind,
            value=sum(len(getattr(each, kind)) for each in findings) if complete else None,
            goal=0,
            better="at most",
        )
        for kind in ("lost", "doubled", "diverged")
    ]


if __name__ == "__main__":
    app()
