"""The metrics that a process counts by itself."""

from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Histogram

from app.domain.errors import Concern
from app.domain.retry import ALARM_LEVELS
from app.ports import RunEnd

CALL_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
RUN_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
COMMIT_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.45, 0.9)
BATCH_SIZES = (1, 2, 5, 10, 20, 50, 100, 200)


class Meters:
    """All of them, each once for every registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(name, told, labels, registry=registry)

        def histogram(name: str, told: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(name, told, labels, buckets=buckets, registry=registry)

        self.deliveries = counter("oca_deliveries", "Deliveries, by what was answered.", "platform", "answer")
        self.batch = histogram("oca_intake_batch_deliveries", "Deliveries that one statement kept.", BATCH_SIZES)
        self.commit = histogram(
            "oca_intake_commit_seconds", "Until a batch of deliveries was committed.", COMMIT_SECONDS
        )
        self.refused_batches = counter(
            "oca_intake_refused_batches", "Batches that the database did not take.", "concerns"
        )

        self.outcomes = counter("oca_delivery_outcomes", "Deliveries worked through.", "platform", "outcome")
        self.replays = counter("oca_replayed_deliveries", "Deliveries worked through again.", "platform", "outcome")
        self.products = counter(
            "oca_product_outcomes", "Products reconciled, by where they stand.", "platform", "state"
        )
        self.alarms = counter("oca_failure_alarms", "Many refused products, by the percentage of the limit.", "level")

        self.calls = counter("oca_orderchamp_calls", "Requests to Orderchamp.", "operation", "result")
        self.points = counter("oca_orderchamp_cost_points", "Points drawn for requests.", "operation", "result")
        self.call_seconds = histogram("oca_orderchamp_call_seconds", "Until Orderchamp had answered.", CALL_SECONDS)
        self.budget_waits = counter("oca_budget_waits", "Calls that had to wait for their account's budget.")
        self.budget_wait_seconds = counter("oca_budget_wait_seconds", "Seconds for which those were told to wait.")
        self.blocks = counter("oca_account_blocks", "Times that Orderchamp had us leave an account alone.")

        self.shop_calls = counter("oca_shop_calls", "Requests to shops.", "platform", "operation", "result")
        self.shop_seconds = histogram("oca_shop_call_seconds", "Until a shop had answered.", CALL_SECONDS, "platform")

        self.runs = counter("oca_lane_runs", "Runs of lanes, by how they ended.", "ended")
        self.run_seconds = histogram("oca_lane_run_seconds", "How long runs of lanes took.", RUN_SECONDS)
        self.take_overs = counter("oca_lane_takeovers", "Lanes taken over from a worker that was gone.")

        self.events = counter("oca_log_events", "Warnings and errors that were logged, by name.", "event", "level")

        # What an alert looks for has to be there before it happens: a series that begins with 1 has not increased.
        for ended in get_args(RunEnd):
            self.runs.labels(ended)
        for level in ALARM_LEVELS:
            self.alarms.labels(str(level))
        for concerns in get_args(Concern):
            self.refused_batches.labels(concerns)
