"""Where real implementations meet: settings in, services out. Shared by the web process, the worker and the command line."""

import asyncio
import contextlib
import os
import random
import secrets
import string
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from app.flows.housekeeping import Periods
from app.flows.services import Pace, Services
from app.metrics import Metrics
from app.metrics.edges import (
    MeteredMarketplaces,
    MeteredTransport,
    MeteringObserver,
    count_answers,
    count_orderchamp_calls,
    count_shop_calls,
    time_orderchamp_calls,
)
from app.orderchamp.client import OrderchampMarketplaces
from app.orderchamp.oauth import OrderchampOAuth
from app.orderchamp.rings import OrderchampRings
from app.platforms.adapter import Adapter
from app.platforms.registry import ADAPTERS
from app.ports import Transport
from app.settings import Settings
from app.store.database import PostgresStore
from app.store.vault import Keyring
from app.transport import HttpTransport

SECRET_LENGTH = 64
"""More letters and digits than hold 256 bits, and as many as the platform asks for that asks for most."""


class WrongSettings(Exception):
    """A setting cannot be used, or does not fit the platforms that there are. Says which part of it, and never a key."""


def check(settings: Settings) -> None:
    """WrongSettings if the service could not be put together of them. Nothing is opened."""
    open_store(settings)
    apps(settings)
    shop_url(settings)


def open_store(settings: Settings) -> PostgresStore:
    """Return the store; nothing is connected before the first question. WrongSettings if there are no keys for it."""
    try:
        keyring = Keyring.parse(settings.vault_keys.get_secret_value())
    except ValueError as error:
        raise WrongSettings(f"VAULT_KEYS: {error}.") from None
    return PostgresStore(
        settings.database_url.get_secret_value(),
        keyring=keyring,
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


def apps(settings: Settings, adapters: Mapping[str, Adapter] = ADAPTERS) -> Mapping[str, Mapping[str, str]]:
    """Return the keys of our app by platform; WrongSettings unless they are exactly those that the adapter asks for."""
    wrong = [f"PLATFORM_APPS: {each}" for each in _wrong_platforms(settings.platform_apps, adapters)]
    for platform in settings.platform_apps.keys() & adapters.keys():
        asked = adapters[platform].installation.app_keys
        given = settings.platform_apps[platform]
        wrong += [f"PLATFORM_APPS: {platform} has no key {name!r}." for name in given if name not in asked]
        lacking = [name for name in asked if not (name in given and given[name].get_secret_value().strip())]
        wrong += [f"PLATFORM_APPS: {platform} lacks {name!r}. {asked[name]}" for name in lacking]
    if wrong:
        raise WrongSettings("\n".join(wrong))
    return {
        platform: {name: value.get_secret_value() for name, value in keys.items()}
        for platform, keys in settings.platform_apps.items()
    }


def shop_url(settings: Settings, adapters: Mapping[str, Adapter] = ADAPTERS) -> Callable[[str, str], str]:
    """Return what gives a shop's base URL; WrongSettings for the shops of a platform that there is not."""
    wrong = [f"SHOP_URLS: {each}" for each in _wrong_platforms(settings.shop_urls, adapters)]
    if wrong:
        raise WrongSettings("\n".join(wrong))

    def url(platform: str, shop: str) -> str:
        instead = settings.shop_urls.get(platform)
        if instead is not None:
            return instead.replace("{shop}", shop).rstrip("/")
        return adapters[platform].installation.base_url(shop)

    return url


def _wrong_platforms(given: Mapping[str, object], adapters: Mapping[str, Adapter]) -> list[str]:
    known = ", ".join(sorted(adapters))
    return [f"there is no platform {name!r}; known are: {known}." for name in given if name not in adapters]


def new_secret() -> str:
    """Return a secret of letters and digits alone, since some shops spoil everything else."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(SECRET_LENGTH))


def _orderchamp_app(settings: Settings, transport: Transport) -> OrderchampOAuth | None:
    if not settings.orderchamp_client_id:
        return None
    return OrderchampOAuth(
        transport,
        www_url=settings.orderchamp_www_url,
        client_id=settings.orderchamp_client_id,
        client_secret=settings.orderchamp_client_secret.get_secret_value(),
        call_deadline=timedelta(seconds=settings.call_seconds),
    )


@contextlib.asynccontextmanager
async def open_services(
    settings: Settings, store: PostgresStore, metrics: Metrics | None = None
) -> AsyncIterator[Services]:
    """Return what the flows need; at the end running calls are let finish. WrongSettings at once if it cannot be.

    ``metrics`` count what is called and what the flows tell; None: nobody does.
    """
    our_apps, urls = apps(settings), shop_url(settings)
    transport = HttpTransport(allow_private=settings.allow_private_addresses)
    meters = (metrics or Metrics()).meters
    try:
        yield Services(
            store=store,
            transport=MeteredTransport(transport, count_shop_calls(meters)),
            marketplaces=MeteredMarketplaces(
                OrderchampMarketplaces(
                    MeteredTransport(transport, time_orderchamp_calls(meters)),
                    url=settings.orderchamp_api_url,
                    clock=lambda: datetime.now(UTC),
                    sleep=asyncio.sleep,
                    jitter=random.random,
                    call_deadline=timedelta(seconds=settings.call_seconds),
                    observe=count_answers(meters),
                ),
                meters,
            ),
            bell=OrderchampRings(settings.orderchamp_client_secret.get_secret_value()),
            adapters=ADAPTERS,
            orderchamp_app=_orderchamp_app(settings, MeteredTransport(transport, count_orderchamp_calls(meters))),
            shop_url=urls,
            apps=our_apps,
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
                check_subscriptions=timedelta(seconds=settings.check_subscriptions_seconds),
                secret_overlap=timedelta(seconds=settings.secret_overlap_seconds),
                sweep_every=timedelta(hours=settings.sweep_hours),
                preview_lasts=timedelta(hours=settings.keep_previews_hours),
                poll_every=None if settings.poll_seconds is None else timedelta(seconds=settings.poll_seconds),
            ),
            clock=lambda: datetime.now(UTC),
            monotonic=time.monotonic,
            sleep=asyncio.sleep,
            jitter=random.random,
            new_id=uuid4,
            new_secret=new_secret,
            observer=MeteringObserver(meters),
        )
    finally:
        await transport.aclose()
