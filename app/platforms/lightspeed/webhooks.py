"""Lightspeed's webhooks: proven, named and read.

https://developers.lightspeedhq.com/ecom/tutorials/webhooks/. A product is told without its variants, a variant without its
product's title, and what a deletion says is nowhere written down; so every notice is a hint at a product that is read. What an
app ordered is signed (seen in use), what a shop's own key ordered is not; both come to an address that is secret.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from app.domain.errors import InvalidSignature, Unreadable
from app.domain.event import Fact, Incomplete, Tombstone, Uninstalled
from app.domain.http import Delivery
from app.domain.ids import EventId, SourceId, StockItemId, Topic
from app.domain.structs import replace
from app.platforms.adapter import Secret, named_by, substitute_id
from app.platforms.bodies import read_json
from app.platforms.lightspeed.installation import SHOP
from app.platforms.lightspeed.products import identity, related
from app.platforms.lightspeed.signatures import CLUSTER, SIGNATURE, digest, message, parameters, signed_with
from app.platforms.lightspeed.topics import DELETED, PRODUCTS, UNINSTALLED, VARIANTS

SIGNED, EVENT, SHOP_ID, CLUSTER_ID = "x-signature", "x-event", "x-shop-id", "x-cluster-id"
IDS: Mapping[str, str] = {PRODUCTS: "x-products-id", VARIANTS: "x-variants-id"}
"""Headers. The ids say what a notice is about even where its body does not."""

SINGULAR: Mapping[str, str] = {PRODUCTS: "product", VARIANTS: "variant"}
"""In which name a body wraps what it tells."""

LONGEST = 255


class Webhooks:
    """Lightspeed's deliveries, and its call when the app was removed."""

    app_topics = frozenset({UNINSTALLED})
    app_topics_signed_by: Literal["app", "shop"] = "app"

    def is_greeting(self, delivery: Delivery) -> bool:  # noqa: ARG002 - none is
        """Return that Lightspeed sends nothing to try an address."""
        return False

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """Raise InvalidSignature unless the address is one of ``secrets``, or a call's parameters are signed with one.

        Where a notice carries a signature of its body, that has to fit, too.
        """
        if _is_call(delivery):
            given = parameters(delivery)
            if not signed_with(message(given), given.get(SIGNATURE, ""), secrets):
                raise InvalidSignature("The call is not signed with the secret of our app.")
            return
        if not named_by(delivery.token, secrets):
            raise InvalidSignature("The address of the delivery is not one of this Application.")
        signature = delivery.headers.get(SIGNED)
        if signature is not None and not signed_with(delivery.body, signature, secrets):
            raise InvalidSignature("The delivery is not signed with the secret of our app.")

    def identify(self, delivery: Delivery) -> tuple[EventId, Topic]:
        """Name a delivery by what it is about and its body, since Lightspeed gives no id."""
        topic = _topic(delivery)
        about = [delivery.headers.get(name, "") for name in IDS.values()]
        said = message(parameters(delivery)) if _is_call(delivery) else delivery.body
        return substitute_id(topic, said, *about), topic

    def shop_of(self, delivery: Delivery) -> str | None:
        """Return the shop that a call names; the cluster is not signed."""
        given = parameters(delivery) if _is_call(delivery) else {}
        shop = f"{given.get(CLUSTER, '')}-{given.get('shop_id', '')}"
        return shop if SHOP.fullmatch(shop) else None

    def read(self, delivery: Delivery) -> tuple[Fact, ...]:
        """Return what a delivery says; unknown topics say nothing; Unreadable tells what is wrong with the body."""
        topic = _topic(delivery)
        if topic == UNINSTALLED:
            return (Uninstalled(),)
        group, _, action = topic.partition("/")
        if group not in IDS or not action:
            return ()
        try:
            return (_about(group, action, delivery),)
        except ValueError as error:
            raise Unreadable(f"The delivery of {topic} cannot be read: {error}.") from error

    def sign(self, delivery: Delivery, secret: Secret) -> Delivery:
        """Return the delivery as Lightspeed would send it to an address with this secret, signed with it."""
        headers = {**delivery.headers, SIGNED: digest(delivery.body, secret)}
        return replace(delivery, headers=headers, token=secret.value.decode("latin-1"))


def _is_call(delivery: Delivery) -> bool:
    """Tell whether this is a call that says everything in its address."""
    return delivery.method == "GET"


def _topic(delivery: Delivery) -> Topic:
    """Return what a delivery is about: as its header says, or where that is missing, as the id in another header says."""
    if _is_call(delivery):
        return UNINSTALLED
    named = "".join(each for each in delivery.headers.get(EVENT, "").lower() if each.isprintable()).strip()[:LONGEST]
    if named:
        return Topic(named)
    group = next((group for group, header in IDS.items() if delivery.headers.get(header)), None)
    return Topic("unknown" if group is None else f"{group}/unknown")


def _about(group: str, action: str, delivery: Delivery) -> Fact:
    node = _node(group, delivery)
    named = delivery.headers.get(IDS[group], "").strip()
    found = identity(named or node.get("id", ""))
    if group == PRODUCTS:
        if action == DELETED:
            return Tombstone(source_id=SourceId(found))
        return Incomplete(source_id=SourceId(found), reason="a notice does not tell its variants")
    reason = "one of its variants was removed" if action == DELETED else "a notice tells only one of its variants"
    product_id = related(node.get("product"))
    if product_id is None:
        return Incomplete(stock_item_id=StockItemId(found), reason=reason)
    return Incomplete(source_id=SourceId(product_id), reason=reason)


def _node(group: str, delivery: Delivery) -> Mapping[str, Any]:
    """Return what a body wraps; nothing of an empty one, as a deletion's may be. ValueError if it is not JSON."""
    if not delivery.body.strip():
        return {}
    told = read_json(delivery.body)
    node = told.get(SINGULAR[group], told) if isinstance(told, dict) else {}
    return node if isinstance(node, dict) else {}
