"""Metrics for Prometheus: what a process counts of itself, and what the database says of all of them.

``meters`` are the metrics, ``edges`` hang them on ports, ``overview`` reads the database at a scrape, ``exposition`` shows
both. Flows know nothing of Prometheus: they tell an ``Observer`` what happened. No label names an Application, a product or
anything else of which there may be any number. What each metric is for is said in ``docs/operating.md``.
"""

from app.metrics.exposition import Metrics

__all__ = ["Metrics"]
