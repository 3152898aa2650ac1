"""Receiving what Orderchamp's webhooks bring: they ring, and a lane looks. Nothing that they say of a product is believed.

The end of the address is a secret of ours, and proves a delivery: for webhooks that a private token registered no other key
is known. Those of our app are signed with its secret, too (documented); so once a signed one has come for an account, those
that are not signed are refused.
"""

from app.domain.http import Delivery
from app.flows.services import Services

ORDERCHAMP = "orderchamp"
"""What stands in the address in the place of a platform's name."""


def webhook_address(services: Services, secret: str) -> str:
    """Return the address at which an account rings."""
    return f"{addresses(services)}{secret}"


def addresses(services: Services) -> str:
    """Return how every address begins at which accounts ring."""
    return f"{services.public_url}/webhooks/{ORDERCHAMP}/"


async def receive_ring(services: Services, secret: str, delivery: Delivery) -> None:
    """Keep that a product rang, and have the lanes look that it is bound in, once the changes of a burst are over.

    UnknownApplication, InvalidSignature or NotStored; after any of them nothing was kept. What is about no product of ours,
    and what our own write caused, changes nothing.
    """
    await services.store.ring(
        secret,
        services.bell.read(delivery),
        signed=services.bell.is_signed(delivery),
        look_after=services.pace.coalesce,
    )
