"""Where real implementations meet: settings in, services out. Shared by the web process, the worker and the command line."""

import asyncio
import contextlib
import logging
import os
import random
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog

from app.flows.housekeeping import Periods
from app.flows.services import Pace, Services
from app.orderchamp.client import OrderchampMarketplaces
from app.platforms.adapter import Secret
from app.platforms.registry import ADAPTERS
from app.settings import Settings
from app.store.database import PostgresStore
from app.store.vault import Keyring
from app.transport import HttpTransport


def open_store(settings: Settings) -> PostgresStore:
    """Return the store; nothing is connected before the first question."""
    return PostgresStore(
        settings.database_url.get_secret_value(),
        keyring=Keyring.parse(settings.vault_keys.get_secret_value()),
        random_bytes=os.urandom,
        pool=settings.database_pool,
    )


def periods(settings: Settings) -> Periods:
    """Return how long what is kept."""
    return Periods(
        bodies=timedelta(days=settings.keep_bodies_days),
        keys=timedelta(days=settings.keep_events_days),
        timeline=timedelta(days=settings.keep_timeline_days),
        finished=timedelta(days=settings.keep_finished_days),
    )


@contextlib.asynccontextmanager
async def open_services(settings: Settings, store: PostgresStore) -> AsyncIterator[Services]:
    """Return what the flows need; at the end running calls are let finish."""
    transport = HttpTransport(allow_private=settings.allow_private_addresses)
    shop_urls = {"shopify": settings.shopify_shop_url}
    try:
        yield Services(
            store=store,
            transport=transport,
            marketplaces=OrderchampMarketplaces(
                transport,
                url=settings.orderchamp_api_url,
                clock=lambda: datetime.now(UTC),
                sleep=asyncio.sleep,
                jitter=random.random,
                call_deadline=timedelta(seconds=settings.call_seconds),
            ),
            adapters=ADAPTERS,
            shop_url=lambda platform, shop: (
                shop_urls[platform].replace("{shop}", shop)
                if platform in shop_urls
                else ADAPTERS[platform].installation.base_url(shop)
            ),
            app_secrets=lambda platform: tuple(Secret(each) for each in settings.app_secrets(platform)),
            public_url=settings.public_url,
            pace=Pace(
                lease=timedelta(seconds=settings.lease_seconds),
                run=timedelta(seconds=settings.run_seconds),
                run_products=settings.run_products,
                call=timedelta(seconds=settings.call_seconds),
                settle=timedelta(seconds=settings.settle_seconds),
                coalesce=timedelta(seconds=settings.coalesce_seconds),
                retry_scale=settings.retry_scale,
                replay_per_second=settings.replay_per_second,
            ),
            clock=lambda: datetime.now(UTC),
            monotonic=time.monotonic,
            sleep=asyncio.sleep,
            jitter=random.random,
            new_id=uuid4,
        )
    finally:
        await transport.aclose()


def configure_logging(level: str) -> None:
    """Have everything logged as one JSON object a line, ours and the libraries'."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
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
    # httpx logs every request with its address at "info"; our own metrics and timelines say it better.
    logging.getLogger("httpx").setLevel(logging.WARNING)
