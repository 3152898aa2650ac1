"""The numbers by which ChannelEngine calls our products: we choose them (``ChannelProductNo``), and it gives them back.

A number is made of ChannelEngine's own ids, from the product down: ``17`` is a product, ``17-991`` one of its variants. So a
removal, which tells nothing but the number, tells to which product it belongs.
"""

from app.domain.ids import SourceId, SourceVariantId

JOINT = "-"


def made(own_id: int, parent: str | None) -> str:
    """Return the number for what ChannelEngine calls ``own_id``, under the number of its parent if it has one."""
    return f"{parent}{JOINT}{own_id}" if parent else str(own_id)


def product_of(number: str) -> SourceId:
    """Return the product to which a number belongs."""
    return SourceId(number.partition(JOINT)[0])


def variant_of(number: str) -> SourceVariantId:
    return SourceVariantId(number)


def is_product(number: str) -> bool:
    """Tell whether a number is a product's own."""
    return JOINT not in number
