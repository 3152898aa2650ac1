"""The platforms that can be shown on this machine: how a stand-in shop of each is opened and installed.

Whatever is done in a shop afterwards is done by the controls that all stand-ins share, so nothing else differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """How a second shop lets our app in, in the browser. ``shop`` is its address, ``opened`` what opens it without our app.

    ``buttons`` are those that the merchant presses, one page after the other.
    """

    shop: str
    buttons: tuple[str, ...]
    opened: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One platform, as it is shown here. ``name`` is that of its adapter and of its sandbox.

    ``shop`` is the address of the shop. ``credentials`` are what a supplier enters, each with what it begins with; the rest
    is random. ``entered`` is entered besides, as it is. ``app`` are the keys of our app that this needs, ``pages`` those
    that are addresses (``{shops}`` and ``{web}`` stand for the sandbox's and the service's own); the sandbox is given them,
    too. ``settings`` go with the install. ``consent`` None: the platform is installed by hand alone. ``names_storefront``: a
    product that is published again goes to the storefront that the input names. ``limits`` says, by
    the function of a row of the demo, what the platform cannot do there, in whole sentences.
    """

    name: str
    title: str
    shop: str
    credentials: Mapping[str, str]
    entered: Mapping[str, str] = field(default_factory=dict)
    app: tuple[str, ...] = ()
    pages: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    consent: Consent | None = None
    names_storefront: bool = False
    limits: Mapping[str, str] = field(default_factory=dict)


SHOPIFY = Platform(
    name="shopify",
    title="Shopify",
    shop="oak-and-ash.myshopify.com",
    credentials={"access_token": "shpat_"},
    app=("client_id", "client_secret"),
    consent=Consent(shop="birch-and-beech.myshopify.com", buttons=("Install app",), opened={"installed": False}),
)

WOOCOMMERCE = Platform(
    name="woocommerce",
    title="WooCommerce",
    shop="oak-and-ash.example",
    credentials={"consumer_key": "ck_", "consumer_secret": "cs_"},
    consent=Consent(shop="birch-and-beech.example", buttons=("Approve",)),
    limits={
        "deleted": "here the product went to the trash, of which the shop tells. Of one that an app deletes for good it tells "
        "by a hook of the plugin. What is deleted past that, as when the trash is emptied, it tells nobody: the sweep finds it.",
    },
)

SHOPWARE = Platform(
    name="shopware",
    title="Shopware",
    shop="oak-and-ash.example",
    credentials={"access_key_id": "SWIA", "secret_access_key": ""},
    limits={
        "unpublished": "Shopware tells nobody that a product left a sales channel; that is found when the catalogue is read.",
        "stock_changed": "Shopware tells nobody what an order took; the notices of orders have their products read again.",
    },
)

LIGHTSPEED = Platform(
    name="lightspeed",
    title="Lightspeed eCom",
    shop="eu1-123456",
    credentials={"api_key": "", "api_secret": ""},
    entered={"language": "nl"},
    app=("app_key", "app_secret"),
    pages={"app_page": "{shops}/app-store?success={web}/install/lightspeed/callback"},
    consent=Consent(shop="eu1-234567", buttons=("Install in eu1-234567",)),
)

BIGCOMMERCE = Platform(
    name="bigcommerce",
    title="BigCommerce",
    shop="abc123",
    credentials={"access_token": "", "client_secret": ""},
    app=("client_id", "client_secret"),
    pages={"app_page": "{shops}/app/install?callback={web}/install/bigcommerce/callback"},
    consent=Consent(shop="def456", buttons=("Install in def456",)),
    limits={
        "details_changed": "BigCommerce tells nobody that an image was exchanged, if nothing else of the product was changed; "
        "that is found when the catalogue is read.",
        "variant_added": "BigCommerce tells of SKUs; a variant without one is found when the catalogue is read.",
    },
)

CHANNELENGINE = Platform(
    name="channelengine",
    title="ChannelEngine",
    shop="oak-and-ash.channelengine.net",
    credentials={"api_key": ""},
    names_storefront=True,
    limits={
        "deleted": "ChannelEngine tells of deleted products and of those that left the channel's selection alike.",
        "stock_changed": "ChannelEngine tells nothing by itself that could be relied on; it is asked every two minutes.",
    },
)

PLATFORMS: Mapping[str, Platform] = {
    each.name: each for each in (SHOPIFY, WOOCOMMERCE, SHOPWARE, LIGHTSPEED, BIGCOMMERCE, CHANNELENGINE)
}
