"""Logs: one JSON object a line on standard error, ours and the libraries'.

What is said of one Application carries ``application_id``, of one delivery ``delivery_id``. No secret is logged: what holds
one is not given to a logger, and no traceback shows the values of variables.
"""

import logging
import time
from collections.abc import Callable

import structlog

COUNTED = frozenset({"warning", "error", "critical"})
"""Levels of which every event is counted."""

TOO_TALKATIVE = ("httpx", "httpcore")
"""They log every request with its address, or the headers of its answer; metrics and timelines say it better."""


def configure_logging(level: str, count: Callable[[str, str], None] = lambda _, __: None) -> None:
    """Have everything logged from ``level`` on. ``count`` is told the event and level of our own warnings and errors."""

    def counted(_: object, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        if event["level"] in COUNTED:
            count(str(event["event"]), event["level"])
        return event

    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            counted,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # Not cached: whoever sets logging up anew, as tests do, has it hold for every logger.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for each in TOO_TALKATIVE:
        logging.getLogger(each).setLevel(logging.WARNING)


class Sparingly:
    """Says of things that strangers can cause how often they may be logged: each kind once in ``every`` seconds."""

    def __init__(self, every: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._every = every
        self._monotonic = monotonic
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def untold(self, kind: str) -> int | None:
        """Return how many of this kind were passed over since the last one, if one may be logged now; else None."""
        now = self._monotonic()
        if now - self._told.get(kind, float("-inf")) < self._every:
            self._untold[kind] = self._untold.get(kind, 0) + 1
            return None
        self._told[kind] = now
        return self._untold.pop(kind, 0)
