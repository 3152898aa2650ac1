"""A fake Orderchamp account: products in a dict, and what it ends up showing is what tests look at."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from app.domain.application import Account, Storefront
from app.domain.errors import CredentialsRefused
from app.domain.ids import AccountId, Sku, StorefrontId, TargetId, TargetVariantId
from app.domain.plan import (
    Applied,
    Change,
    CreateProduct,
    CreateVariant,
    Outcome,
    Publish,
    RefreshListing,
    Refused,
    SetStock,
    TargetMissing,
    Unclear,
    Unpublish,
    UpdateProduct,
    UpdateVariant,
)
from app.domain.product import UNTOLD, Measures
from app.domain.state import DesiredVariant, InventoryPolicy, Observed, ObservedVariant
from app.domain.structs import replace
from app.domain.webhook import Registered
from app.ports import Budget, Marketplace

ACCOUNT = AccountId("QWNjb3VudDox")
MAIN = Storefront(id=StorefrontId("front-1"), name="Main", live=True)


@dataclass
class Shown:
    """A product on the fake Orderchamp."""

    id: TargetId
    title: str
    description: str
    images: tuple[str, ...]
    option_names: tuple[str, ...]
    variants: dict[TargetVariantId, ObservedVariant]
    published: bool = False
    storefront: StorefrontId | None = None
    publications: int = 0
    category: str | None = None
    measures: Measures = UNTOLD
    listed: set[TargetVariantId] = field(default_factory=set)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def touch(self) -> None:
        self.updated_at = datetime.now(UTC)


@dataclass
class FakeOrderchamp:
    """All accounts share one catalogue; ``verdict`` may answer a change before it is made, ``after`` once it was.

    ``lost_images`` are addresses from which it cannot download. ``refuses`` says what is raised instead of reads.
    """

    account_id: AccountId = ACCOUNT
    tokens: set[str] = field(default_factory=lambda: {"token"})
    storefronts: tuple[Storefront, ...] = (MAIN,)
    products: dict[TargetId, Shown] = field(default_factory=dict)
    applied: list[Change] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    looked_for: list[Sku] = field(default_factory=list)
    lost_images: set[str] = field(default_factory=set)
    refuses: dict[str, Exception] = field(default_factory=dict)
    webhooks: dict[str, Registered] = field(default_factory=dict)
    webhook_trouble: Exception | None = None
    account_trouble: list[Exception] = field(default_factory=list)
    find_trouble: list[Exception] = field(default_factory=list)
    during_find: Callable[[], Awaitable[None]] | None = None
    webhook_tokens: list[str] = field(default_factory=list)
    verdict: Callable[[Change], Outcome | None] = lambda _: None
    after: Callable[[Change], Outcome | None] = lambda _: None
    _next: int = 0

    def open(self, token: str, budget: Budget) -> Marketplace:
        return _Account(self, token)

    @property
    def rings_at(self) -> str:
        """The address of the one webhook that there is."""
        (webhook,) = self.webhooks.values()
        return webhook.address

    def add_webhook(self, address: str, *, complete: bool = True) -> str:
        """Register a webhook, by whomever."""
        webhook_id = self._id("webhook")
        self.webhooks[webhook_id] = Registered(id=webhook_id, address=address, complete=complete)
        return webhook_id

    def add(
        self, title: str, skus: Mapping[str, int], *, published_on: str | None = None, price: str = "1.00"
    ) -> Shown:
        """Put a product there by hand."""
        variants = {}
        for sku, stock in skus.items():
            variant_id = TargetVariantId(self._id("variant"))
            variants[variant_id] = ObservedVariant(
                id=variant_id, sku=Sku(sku), price=Decimal(price), stock=stock, policy="DENY"
            )
        shown = Shown(
            id=TargetId(self._id("product")),
            title=title,
            description="",
            images=(),
            option_names=(),
            variants=variants,
            published=published_on is not None,
            storefront=None if published_on is None else StorefrontId(published_on),
        )
        self.products[shown.id] = shown
        return shown

    def by_sku(self, sku: str) -> Shown:
        """The one product that has this SKU; more than one is the very thing that must not happen."""
        found = [each for each in self.products.values() if any(v.sku == sku for v in each.variants.values())]
        assert len(found) == 1, f"{len(found)} products have the SKU {sku}"
        return found[0]

    def stock(self, sku: str) -> int | None:
        return next(each for each in self.by_sku(sku).variants.values() if each.sku == sku).stock

    def summary(self) -> dict[str, tuple[object, ...]]:
        """What buyers could see, by SKUs, without ids: equal for equal outcomes."""
        return {
            ",".join(sorted(v.sku for v in each.variants.values())): (
                each.title,
                each.published,
                each.storefront,
                tuple(sorted((v.sku, v.price, v.stock, v.policy) for v in each.variants.values())),
            )
            for each in self.products.values()
        }

    def _id(self, kind: str) -> str:
        self._next += 1
        return f"{kind}-{self._next}"

    def make(self, change: Change) -> Outcome:
        if isinstance(change, CreateProduct):
            return self._create(change)
        product = self.products.get(change.target_id)
        if product is None:
            return TargetMissing()
        product.touch()
        match change:
            case CreateVariant():
                if self._taken(change.variant.sku):
                    return Refused((f"SKU {change.variant.sku} has already been taken",))
                created = self._variant(change.variant)
                product.variants[created.id] = created
                return Applied(observed=created)
            case UpdateProduct():
                product.title = change.title if change.title is not None else product.title
                product.description = change.description if change.description is not None else product.description
                product.images = change.images if change.images is not None else product.images
                product.option_names = change.option_names if change.option_names is not None else product.option_names
                product.measures = replace(product.measures, **change.measures.told())
            case UpdateVariant() | SetStock():
                return self._change_variant(product, change)
            case Publish():
                product.published, product.storefront = True, change.storefront_id
                product.publications += 1
                product.listed = set(product.variants)
            case RefreshListing():
                product.listed = set(product.variants)
            case Unpublish():
                product.published = False
        return Applied()

    def _change_variant(self, product: Shown, change: UpdateVariant | SetStock) -> Outcome:
        variant = product.variants.get(change.target_variant_id)
        if variant is None:
            return TargetMissing()
        if isinstance(change, SetStock):
            product.variants[variant.id] = replace(variant, stock=change.quantity)
            return Applied()
        if change.sku is not None and change.sku != variant.sku and self._taken(change.sku):
            return Refused((f"SKU {change.sku} has already been taken",))
        changes = {
            name: getattr(change, name)
            for name in ("sku", "price", "msrp", "policy", "options", "barcode")
            if getattr(change, name) is not None
        }
        product.variants[variant.id] = replace(variant, **changes)
        return Applied()

    def _create(self, change: CreateProduct) -> Outcome:
        taken = [variant.sku for variant in change.variants if self._taken(variant.sku)]
        if taken:
            return Refused((f"SKU {taken[0]} has already been taken",))
        variants = [self._variant(each) for each in change.variants]
        shown = Shown(
            id=TargetId(self._id("product")),
            title=change.title,
            description=change.description,
            images=change.images,
            option_names=change.option_names,
            variants={each.id: each for each in variants},
            category=change.category,
            measures=change.measures,
        )
        self.products[shown.id] = shown
        return Applied(observed=replace(seen(shown), images=change.images))

    def _taken(self, sku: Sku) -> bool:
        return any(v.sku == sku for each in self.products.values() for v in each.variants.values())

    def _variant(self, wanted: DesiredVariant) -> ObservedVariant:
        policy: InventoryPolicy = wanted.policy
        return ObservedVariant(
            id=TargetVariantId(self._id("variant")),
            sku=wanted.sku,
            price=wanted.price,
            msrp=wanted.msrp,
            stock=wanted.stock,
            policy=policy,
            options=wanted.options,
            barcode=wanted.barcode,
        )


def seen(shown: Shown) -> Observed:
    """What a read shows of a product."""
    return Observed(
        id=shown.id,
        title=shown.title,
        description=shown.description,
        option_names=shown.option_names,
        measures=shown.measures,
        published=shown.published,
        variants=dict(shown.variants),
        created_at=shown.created_at,
        updated_at=shown.updated_at,
    )


class _Account:
    def __init__(self, orderchamp: FakeOrderchamp, token: str) -> None:
        self._orderchamp = orderchamp
        self._token = token

    def _enter(self, call: str) -> None:
        if self._token not in self._orderchamp.tokens:
            raise CredentialsRefused("orderchamp", "The token is not known.")
        self._orderchamp.calls.append(call)
        if call in self._orderchamp.refuses:
            raise self._orderchamp.refuses[call]

    async def account(self) -> Account:
        self._enter("account")
        if self._orderchamp.account_trouble:
            raise self._orderchamp.account_trouble.pop()
        return Account(
            id=self._orderchamp.account_id, name="Oak & Ash Wholesale", storefronts=self._orderchamp.storefronts
        )

    async def find(self, skus: Sequence[Sku]) -> tuple[Observed, ...]:
        self._enter("find")
        if self._orderchamp.find_trouble:
            raise self._orderchamp.find_trouble.pop()
        self._orderchamp.looked_for += skus
        during, self._orderchamp.during_find = self._orderchamp.during_find, None
        if during is not None:
            await during()
        found = []
        for shown in self._orderchamp.products.values():
            matching = {each.id: each for each in shown.variants.values() if each.sku in skus}
            if matching:
                found.append(replace(seen(shown), variants=matching))
        return tuple(found)

    async def read(self, ids: Sequence[TargetId]) -> Mapping[TargetId, Observed | None]:
        self._enter("read")
        products = self._orderchamp.products
        return {each: seen(products[each]) if each in products else None for each in ids}

    async def count_images(self, ids: Sequence[TargetId]) -> Mapping[TargetId, int]:
        self._enter("count_images")
        products, lost = self._orderchamp.products, self._orderchamp.lost_images
        return {each: len(set(products[each].images) - lost) for each in ids if each in products}

    async def webhooks(self) -> tuple[Registered, ...]:
        self._enter_for_webhooks()
        return tuple(self._orderchamp.webhooks.values())

    async def add_webhook(self, address: str) -> str:
        self._enter_for_webhooks()
        return self._orderchamp.add_webhook(address)

    async def remove_webhook(self, webhook_id: str) -> None:
        self._enter_for_webhooks()
        self._orderchamp.webhooks.pop(webhook_id, None)

    def _enter_for_webhooks(self) -> None:
        if self._token not in self._orderchamp.tokens:
            raise CredentialsRefused("orderchamp", "The token is not known.")
        if self._orderchamp.webhook_trouble is not None:
            raise self._orderchamp.webhook_trouble
        self._orderchamp.webhook_tokens.append(self._token)

    async def apply(self, changes: Sequence[Change], *, before: datetime) -> tuple[Outcome, ...]:
        self._enter("apply")
        return tuple(self._one(change) for change in changes)

    def _one(self, change: Change) -> Outcome:
        verdict = self._orderchamp.verdict(change)
        if verdict is not None:
            return verdict
        outcome = self._orderchamp.make(change)
        if isinstance(outcome, Applied):
            self._orderchamp.applied.append(change)
        return self._orderchamp.after(change) or outcome


def unclear(_: Change) -> Outcome:
    """An answer that got lost after the change was made."""
    return Unclear("the connection was lost after the request was sent")
