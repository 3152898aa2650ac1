"""The app that a supplier uploads: a ZIP with a manifest, made for one install.

https://developer.shopware.com/docs/resources/references/app-reference/manifest-reference.html. The address at which the shop
registers names the install that it is for, and the secret with which it signs there is that install's own: an app that came
into other hands is of no use for any other shop. Only what every Shopware since 6.4 knows is in the manifest, since a shop
refuses the whole of one that holds more.
"""

import io
import zipfile
from collections.abc import Sequence
from html import escape

from app.domain.ids import Topic
from app.platforms.shopware.topics import APP_TOPICS

NAME = "OrderchampCatalogue"
"""The app's technical name. The shop's proof is computed over it, so it never changes."""

VERSION = "1.0.0"
READ = (
    *("product", "product_media", "media", "product_manufacturer", "product_visibility", "product_option"),
    *("property_group", "property_group_option", "currency", "order", "order_line_item", "order_delivery", "webhook"),
)
"""What the app may read. A shop does not send what is about an entity that the app may not read."""

LONG_AGO = (1980, 1, 1, 0, 0, 0)


def archive(*, registration: str, deliveries: str, secret: str) -> bytes:
    """Return the ZIP. ``registration`` is the address of the handshake, ``deliveries`` the one at which webhooks are taken."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as into:
        # A time of its own would make another archive of the same install.
        entry = zipfile.ZipInfo(f"{NAME}/manifest.xml", date_time=LONG_AGO)
        into.writestr(entry, manifest(registration=registration, deliveries=deliveries, secret=secret))
    return packed.getvalue()


def manifest(*, registration: str, deliveries: str, secret: str) -> str:
    """Return the manifest, as text."""
    permissions = "".join(f"\n        <read>{entity}</read>" for entity in READ)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
          xsi:noNamespaceSchemaLocation="https://raw.githubusercontent.com/shopware/shopware/trunk/src/Core/Framework/App/\
Manifest/Schema/manifest-2.0.xsd">
    <meta>
        <name>{NAME}</name>
        <label>Orderchamp</label>
        <label lang="de-DE">Orderchamp</label>
        <description>Shows your products on Orderchamp and keeps them up to date.</description>
        <description lang="de-DE">Zeigt Ihre Produkte auf Orderchamp und hält sie aktuell.</description>
        <author>Orderchamp</author>
        <copyright>(c) Orderchamp</copyright>
        <version>{VERSION}</version>
        <license>proprietary</license>
    </meta>
    <setup>
        <registrationUrl>{escape(registration)}</registrationUrl>
        <secret>{escape(secret)}</secret>
    </setup>
    <permissions>{permissions}
    </permissions>
    <webhooks>{_webhooks(APP_TOPICS, deliveries)}
    </webhooks>
</manifest>
"""


def _webhooks(topics: Sequence[Topic], address: str) -> str:
    return "".join(
        f'\n        <webhook name="{webhook_name(topic)}" url="{escape(address)}" event="{topic}"/>' for topic in topics
    )


def webhook_name(topic: Topic) -> str:
    """Return the name of our app's webhook for a topic, by which it is told from those of other apps."""
    return f"{NAME}-{topic.replace('.', '-')}"
