"""The bodies of requests and answers, with an example each. Credentials come in and never go out."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from app.api.problem_bodies import ProblemOut
from app.domain.drift import DriftKind
from app.domain.settings import ApplicationSettings

Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=r"^[^\x00]*$")]
Credential = Annotated[SecretStr, Field(min_length=1, max_length=4000)]


def _fit_for_a_header(token: SecretStr) -> SecretStr:
    """Return the token; ValueError if it cannot be sent as one, which trying again would not change."""
    value = token.get_secret_value()
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("A token has printable ASCII characters only, and no spaces.")
    return token


Token = Annotated[Credential, AfterValidator(_fit_for_a_header)]
"""Of Orderchamp's. What platforms' credentials may be, their adapters know."""

Item = TypeVar("Item")


class Listed(BaseModel, Generic[Item]):
    """One page of a list. ``next_cursor`` null: it was the last one."""

    items: list[Item]
    next_cursor: str | None


class OrderchampAccess(BaseModel):
    """The Orderchamp side of an installation."""

    model_config = ConfigDict(extra="forbid")

    token: Token = Field(description="A private token of the supplier's Orderchamp account.")
    storefront_id: Text | None = Field(
        default=None, description="Where new products are published. Leave it out when the account has one storefront."
    )


class InstallBody(BaseModel):
    """What is needed to install an Application."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "platform": "shopify",
                    "shop": "oak-and-ash.myshopify.com",
                    "credentials": {"access_token": "shpat_…", "client_secret": "shpss_…"},
                    "orderchamp": {"token": "…", "storefront_id": "U3RvcmVmcm9udDox"},
                    "settings": {"price_kind": "wholesale"},
                }
            ]
        },
    )

    platform: Text = Field(description="The platform's name; one that is not known is answered with those that are.")
    shop: Text = Field(description="The shop's address on its platform.")
    credentials: dict[str, Credential] = Field(
        description="What the platform asks for, by name. What is missing is named in the answer, with where to find it."
    )
    orderchamp: OrderchampAccess
    settings: ApplicationSettings


class OrderchampStart(BaseModel):
    """The Orderchamp side of an install in a browser. Without a token the supplier is asked for consent there."""

    model_config = ConfigDict(extra="forbid")

    token: Token | None = Field(default=None, description="A private token of the supplier's Orderchamp account.")
    storefront_id: Text | None = None


class StartBody(BaseModel):
    """What is needed to begin an install in the supplier's browser."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "platform": "shopify",
                    "shop": "oak-and-ash.myshopify.com",
                    "settings": {"price_kind": "wholesale"},
                }
            ]
        },
    )

    platform: Text = Field(description="As for an install by hand.")
    shop: Text | None = Field(default=None, description="The shop's address, where the platform does not tell it.")
    orderchamp: OrderchampStart = OrderchampStart()
    settings: ApplicationSettings


class InstallOut(BaseModel):
    """An install in a browser, and how it stands."""

    id: UUID
    supplier_id: str | None = Field(description="null until Orderchamp has told whose account it is.")
    platform: str | None
    shop: str | None
    state: Literal["waiting", "agreed", "done", "refused", "failed", "expired"] = Field(
        description="waiting for a consent; agreed, being connected; done; refused by the supplier; failed; too late."
    )
    why: str = Field(examples=["The supplier has yet to open the address of the install."])
    way_on: str = Field(description="What to do now; empty: nothing.")
    application_id: UUID | None = Field(description="The Application, once it is done.")
    expires_at: datetime


class InstallStartedOut(InstallOut):
    """An install that has just begun. Its address is told this once."""

    url: str = Field(
        description="To be opened in the supplier's browser.",
        examples=["https://apps.example/install/shopify?key=…"],
    )


class OrderchampChange(BaseModel):
    """A new token or storefront for an Application."""

    model_config = ConfigDict(extra="forbid")

    token: Token | None = None
    storefront_id: Text | None = None


class ChangeBody(BaseModel):
    """What is to change; parts that are left out stay. ``settings`` may be partial, and so may its ``fields`` and ``guard``."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"settings": {"fields": {"description": False}}}]}
    )

    settings: dict[str, Any] | None = None
    credentials: dict[str, Credential] | None = None
    orderchamp: OrderchampChange | None = None


class ImportOut(BaseModel):
    """A reading of the whole catalogue, and bringing about what it found."""

    id: UUID
    state: Literal["running", "done", "cancelled", "failed"]
    phase: Literal["reading", "listing", "missing", "sending"] = Field(
        description="`reading` pages, `listing` what the shop has by now, having `missing` products read, `sending`."
    )
    reason: str
    counters: dict[str, int] = Field(
        description="Products read so far; of those that changed, how many are wanted on Orderchamp, tried, matched by SKU, "
        "created, updated, skipped, in conflicts, waiting or failed. Also pages and variants.",
        examples=[
            {"pages": 2, "read": 12, "variants": 31, "wanted": 12, "tried": 9, "matched": 3, "created": 5, "skipped": 1}
        ],
    )
    progress: float = Field(ge=0, le=1, description="From 0 to 1; never falls.")
    estimated_total: int | None = Field(description="Products in the shop; null while it does not tell.")
    estimated_seconds: float | None = Field(
        description="How long it will take at the pace so far; null: unknown, or over."
    )
    started_at: datetime
    finished_at: datetime | None


class SweepOut(BaseModel):
    """A comparison of shop and Orderchamp with what is known, and how much it found."""

    id: UUID
    state: Literal["running", "done", "cancelled", "failed"]
    phase: Literal["listing", "missing", "showing"] = Field(
        description="`listing` what the shop has, having `missing` products read, comparing what Orderchamp is `showing`."
    )
    reason: str = Field(examples=["Compared 12 of the shop and 11 on Orderchamp: 1 missed change."])
    counters: dict[str, int] = Field(
        description="Products and targets compared, and findings by kind.", examples=[{"products": 12, "targets": 11}]
    )
    started_at: datetime
    finished_at: datetime | None


class FindingOut(BaseModel):
    """A difference that a sweep found."""

    source_id: str
    side: Literal["shop", "orderchamp"]
    kind: DriftKind
    sentence: str = Field(examples=["The shop changed the product, and no notice of that came."])
    repaired: bool = Field(description="Whether it is being mended; otherwise it is left, as the rules say.")
    at: datetime | None


class SubscriptionOut(BaseModel):
    """A standing order of ours at the shop."""

    topic: str = Field(examples=["products/update"])
    address: str
    health: Literal["active", "broken", "refused", "unknown"]
    message: str = Field(
        description="What is wrong, or what was when it was mended last.",
        examples=["The shop had stopped it; it sends again."],
    )
    checked_at: datetime | None
    mended_at: datetime | None = Field(description="When it was made good last; null: it never had to be.")


class WebhookOut(BaseModel):
    """Our webhook at the Orderchamp account, which rings when somebody changes a product there."""

    health: Literal["active", "refused", "unknown"] = Field(
        description="Without it, what is changed on Orderchamp is found by sweeps alone; nothing else stops."
    )
    message: str = Field(
        description="Why there is none, or what was wrong when it was mended last.",
        examples=["It was missing, and was registered again."],
    )
    checked_at: datetime | None


class RotationOut(BaseModel):
    """How far an exchange of the webhook secret has come."""

    handed_over: bool = Field(description="Whether the shop delivers with the new secret.")
    former_until: datetime | None = Field(
        description="Until when the former secret is accepted, too; null until the new one is handed over."
    )


class StorefrontOut(BaseModel):
    """A shop window of the supplier on Orderchamp. While it is not ``live``, products on it stay invisible."""

    id: str
    name: str
    live: bool


class ApplicationOut(BaseModel):
    """One shop on one platform, installed by one supplier."""

    id: UUID
    supplier_id: str
    platform: str
    shop: str
    state: Literal["installing", "active", "paused", "uninstalling", "uninstalled", "failed"]
    why: str = Field(description="Why it is in this state.", examples=["Installed."])
    since: datetime
    settings: ApplicationSettings
    orderchamp_account: str
    storefront_id: str | None
    created_at: datetime


class Counters(BaseModel):
    """How things stand."""

    products: dict[str, int] = Field(
        description="Products by state.", examples=[{"published": 9, "skipped": 2, "problem": 1}]
    )
    backlog: int = Field(description="Deliveries and products that wait to be worked on.")
    oldest_due: datetime | None
    problems: int = Field(description="Problems that are open.")
    problems_by_kind: dict[str, int] = Field(examples=[{"sku_conflict": 1}])


class ApplicationDetailsOut(ApplicationOut):
    """One Application with all that a supporter wants to see first."""

    counters: Counters
    last_delivery: datetime | None
    subscriptions: list[SubscriptionOut]
    orderchamp_webhook: WebhookOut | None = Field(
        description="Shared by all Applications of the Orderchamp account; null until it was looked after."
    )
    secret_rotation: RotationOut | None = Field(description="Null while no webhook secret is being exchanged.")
    storefronts: list[StorefrontOut]
    import_: ImportOut | None = Field(alias="import")
    last_sweep: SweepOut | None
    next_sweep_at: datetime | None = Field(
        description="When it is compared next; null while it is, or never was installed."
    )

    model_config = ConfigDict(populate_by_name=True)


class VariantOut(BaseModel):
    """A variant and what it is bound to."""

    source_variant_id: str
    sku: str | None
    target_id: str | None
    target_variant_id: str | None


class ProductOut(BaseModel):
    """A source product in short: where it stands, and why."""

    source_id: str
    title: str
    state: str = Field(
        description="published, unpublished, draft, deleted, skipped, detached, problem, held, waiting, failed, or new.",
        examples=["published"],
    )
    why: str = Field(examples=["Published, because it is active in the shop."])
    changed_at: datetime
    variants: list[VariantOut]


class DesiredVariantOut(BaseModel):
    """A variant as Orderchamp should show it."""

    source_variant_id: str
    sku: str
    price: Decimal
    msrp: Decimal | None
    stock: int | None
    policy: str
    options: list[str]


class DesiredOut(BaseModel):
    """What Orderchamp should show."""

    published: bool
    because: str
    title: str
    description: str
    images: list[str]
    variants: list[DesiredVariantOut]
    skipped: dict[str, str] = Field(description="Variants that are not synchronised, each with the reason.")


class ObservedVariantOut(BaseModel):
    """A variant as Orderchamp showed it last."""

    target_variant_id: str
    sku: str
    price: Decimal | None
    msrp: Decimal | None
    stock: int | None
    policy: str | None
    options: list[str]


class ObservedOut(BaseModel):
    """What Orderchamp showed last. ``known`` false: it has to be read again, so nothing is said here."""

    target_id: str
    known: bool
    published: bool | None
    title: str | None
    last_storefront_id: str | None
    variants: list[ObservedVariantOut]


class ProductDetailsOut(ProductOut):
    """A source product with desired and observed state side by side."""

    version: datetime | None = Field(description="The shop's own mark of order.")
    generation: int
    observed_generation: int
    due_at: datetime | None
    reads_shop_at: datetime | None
    attempts: int
    desired: DesiredOut | None
    observed: list[ObservedOut]
    problems: list[ProblemOut] = Field(
        description="What keeps it from being as it should; without those that are closed."
    )


class SentenceOut(BaseModel):
    """One sentence of a product's story. ``delivery_id`` is the delivery that caused it; null: none did."""

    at: datetime
    kind: str = Field(examples=["sent"])
    sentence: str = Field(examples=["Unpublished on Orderchamp, because it is draft in the shop."])
    delivery_id: str | None = Field(examples=["4711"])


class DeliveryOut(BaseModel):
    """A delivery in the inbox. ``outcome`` null: it waits to be worked through."""

    id: str = Field(examples=["4711"])
    application_id: UUID | None
    event_id: str
    topic: str = Field(examples=["products/update"])
    received_at: datetime
    outcome: str | None = Field(examples=["applied"])
    reason: str | None = Field(examples=["It is to be unpublished, because it is draft in the shop."])
    source_id: str | None
    settled_at: datetime | None


class ReplayedOut(BaseModel):
    """What became of a delivery when it was replayed."""

    replay_id: UUID
    by: str = Field(examples=["the key 1f0e4f4a-6f2b-4d0a-9b57-2f8c1f6f3a10"])
    outcome: str = Field(examples=["ignored"])
    reason: str
    at: datetime


class DeliveryDetailsOut(DeliveryOut):
    """A delivery with what was sent. Headers and body are for keys with the role ``admin``; null for others."""

    headers: dict[str, str] | None
    body: str | None
    replayed: list[ReplayedOut] = Field(description="What became of it in replays; `outcome` is its first one.")
