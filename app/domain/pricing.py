"""Prices: what a retailer pays and what is recommended for consumers, from what a shop has."""

from decimal import ROUND_HALF_UP, Decimal

from app.domain.settings import ApplicationSettings
from app.domain.structs import Struct

CENT = Decimal("0.01")

MOST = Decimal(10) ** 12
"""No price is as high as this; it would not fit where prices are reckoned."""


class Prices(Struct, frozen=True):
    """The wholesale price, and the recommended retail price, VAT included; None: there is no rule for one."""

    wholesale: Decimal
    retail: Decimal | None


def prices(price: Decimal, net_price: Decimal | None, settings: ApplicationSettings) -> Prices:
    """Return both prices for a shop's ``price``, and ``net_price`` where it tells the one without VAT apart."""
    if settings.price_kind == "wholesale":
        # What a retailer pays has no VAT in it; a shop that tells both prices leaves no doubt which one that is.
        wholesale = net_price or price
        return Prices(wholesale, _retail(wholesale, settings))
    if settings.wholesale_percentage is None:
        return Prices(price, price)
    basis = _without_vat(price, net_price, settings)
    # A retailer who pays more than the consumer is a mistake of rounding.
    return Prices(min(_rounded(basis * settings.wholesale_percentage / 100, settings), price), price)


def _retail(wholesale: Decimal, settings: ApplicationSettings) -> Decimal | None:
    if settings.retail_multiplier is None:
        return None
    made = wholesale * settings.retail_multiplier * (100 + settings.vat_percentage) / 100
    return max(_rounded(made, settings), wholesale)


def _without_vat(price: Decimal, net_price: Decimal | None, settings: ApplicationSettings) -> Decimal:
    if not settings.vat_percentage:
        return price
    return net_price or price * 100 / (100 + settings.vat_percentage)


def _rounded(amount: Decimal, settings: ApplicationSettings) -> Decimal:
    steps = (amount / settings.price_step).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return (max(steps, Decimal(1)) * settings.price_step).quantize(CENT)
