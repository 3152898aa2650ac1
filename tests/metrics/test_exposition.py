"""Metrics are shown: of one process, of several together, with what the database says, and as they are documented."""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import httpx
import pytest
from prometheus_client.metrics import MetricWrapperBase

from app.domain.errors import Concern
from app.local.processes import free_port
from app.metrics import Metrics
from app.metrics.overview import FRESH_SECONDS, Gauges, Watch
from app.ports import Overview, RunEnd

SEEN = Overview(
    oldest_due=timedelta(seconds=7),
    oldest_delivery=None,
    lanes={"leased": 1},
    applications={("shopify", "active"): 2},
    problems={"refused": 3},
)


def documented() -> Mapping[str, frozenset[str]]:
    """The metrics in the operators' guide, with their labels."""
    rows = re.findall(r"^\| `(oca_[a-z_]+)`(?: by ([^|]*?))? \|", Path("docs/operating.md").read_text(), re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a metric is documented twice"
    return {name: frozenset(re.findall(r"`([a-z_]+)`", labels)) for name, labels in rows}


def real() -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for meter in vars(Metrics().meters).values():
        assert isinstance(meter, MetricWrapperBase)
        (family,) = meter.describe()
        name = family.name + ("_total" if family.type == "counter" else "")
        found[name] = frozenset(meter._labelnames)
    for family in Gauges(SEEN).collect():
        found[family.name] = frozenset(label for sample in family.samples for label in sample.labels)
    return found


def test_the_operators_guide_has_every_metric_with_its_labels_and_no_other() -> None:
    assert documented() == real()


def test_every_metric_of_which_an_alert_is_proposed_exists() -> None:
    guide = Path("docs/operating.md").read_text()
    rules = "".join(re.findall(r"```yaml\n(groups:.*?)```", guide, re.DOTALL))
    named = {re.sub(r"_(bucket|sum|count)$", "", each) for each in re.findall(r"\boca_[a-z_]+", rules)}
    assert named
    assert named <= set(real())


def test_no_label_can_name_an_application_or_a_product() -> None:
    labels = {label for each in real().values() for label in each}
    assert labels == {
        *(
            "platform",
            "answer",
            "outcome",
            "state",
            "operation",
            "result",
            "concerns",
            "ended",
            "event",
            "level",
            "kind",
        ),
    }


class Database:
    """Gives the overview, or is away."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False

    async def read(self) -> Overview:
        self.asked += 1
        if self.away:
            raise OSError("no route")
        return SEEN


async def test_the_database_is_asked_now_and_then_however_many_scrape() -> None:
    now = 100.0
    database = Database()
    watch = Watch(database.read, unavailable=(OSError,), monotonic=lambda: now)
    assert [await watch() for _ in range(3)] == [SEEN] * 3
    assert database.asked == 1
    database.away = True
    now += FRESH_SECONDS / 2
    assert await watch() is SEEN
    now += FRESH_SECONDS
    assert await watch() is None
    assert await watch() is None
    assert database.asked == 2, "a database that is away is not asked by every scrape either"


async def test_a_scrape_shows_the_process_and_the_database() -> None:
    metrics = Metrics()
    metrics.meters.take_overs.inc()

    async def seen() -> Overview | None:
        return SEEN

    async def unseen() -> Overview | None:
        return None

    shown = (await metrics.whole(seen)).decode()
    for line in (
        "oca_lane_takeovers_total 1.0",
        "oca_overview_up 1.0",
        "oca_oldest_due_seconds 7.0",
        "oca_oldest_delivery_seconds 0.0",
        'oca_lanes{state="leased"} 1.0',
        'oca_applications{platform="shopify",state="active"} 2.0',
        'oca_open_problems{kind="refused"} 3.0',
    ):
        assert f"\n{line}\n" in shown
    assert "process_resident_memory_bytes" in shown
    shown = (await metrics.whole(unseen)).decode()
    assert "\noca_overview_up 0.0\n" in shown
    assert "oca_oldest_due_seconds" not in shown, "an old figure would look like a good one"
    assert "\noca_lane_takeovers_total 1.0\n" in shown


def test_what_alerts_look_for_is_there_before_it_happens() -> None:
    """A series that begins with 1 has not increased."""
    shown = Metrics().own().decode()
    for series in (
        *(f'oca_lane_runs_total{{ended="{each}"}}' for each in get_args(RunEnd)),
        *(f'oca_failure_alarms_total{{level="{each}"}}' for each in (50, 70, 90, 100)),
        *(f'oca_intake_refused_batches_total{{concerns="{each}"}}' for each in get_args(Concern)),
    ):
        assert f"\n{series} 0.0\n" in shown
    assert "_created" not in shown


def test_work_that_is_due_by_a_clock_ahead_of_ours_has_no_age_below_zero() -> None:
    ahead = replace(SEEN, oldest_due=timedelta(seconds=-1))
    ages = {
        each.name: each.samples[0].value for each in Gauges(ahead).collect() if each.name == "oca_oldest_due_seconds"
    }
    assert ages == {"oca_oldest_due_seconds": 0.0}


def test_a_worker_shows_its_metrics_at_a_port_of_its_own() -> None:
    metrics = Metrics()
    metrics.count_event("lane_failed", "error")
    port = free_port()
    with metrics.served("127.0.0.1", port):
        shown = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)
    assert shown.headers["content-type"].startswith("text/plain")
    assert 'oca_log_events_total{event="lane_failed",level="error"} 1.0' in shown.text


def test_several_processes_count_together(tmp_path: Path) -> None:
    program = f"from app.metrics import Metrics; Metrics(folder={str(tmp_path)!r}).meters.take_overs.inc(2)"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program], check=True, env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)})
    shown = Metrics(folder=str(tmp_path)).own().decode()
    assert "\noca_lane_takeovers_total 4.0\n" in shown
    assert "process_resident_memory_bytes" not in shown, "whose would it be?"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nowhere, which is no folder"):
        Metrics(folder=str(tmp_path / "nowhere"))
