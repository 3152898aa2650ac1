"""What the stand-in Orderchamp knows and does: accounts, products, their life, and their stock.

Everything is plain JSON data, so that it can be saved as it is. Open questions about the real one are ``Switches``.
"""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import BaseModel

Thing = dict[str, Any]

FIRST_NUMBER = 562_625_684_520_961


class Switches(BaseModel):
    """The open questions, the likelier answer first."""

    listing_after_unpublish: Literal["keep", "null"] = "keep"
    new_variant_in_listing: Literal["only_after_republish", "immediate"] = "only_after_republish"
    publish_twice: Literal["duplicate_listing_variants", "no_op"] = "duplicate_listing_variants"
    throttle_form: Literal["graphql_200", "http_429_text"] = "graphql_200"
    bucket: Literal["2000/100", "1000/50", "unlimited"] = "2000/100"
    image_delay_seconds: float = 3.0
    inventory_quantity: Literal["available", "physical"] = "available"
    missing_id: Literal["top_level_error", "null_payload"] = "top_level_error"
    max_cost: int = 2000


class NotFound(Exception):
    """An id in a mutation does not exist."""


class HalfDone(Exception):
    """A bulk was executed by half, and then the server fell over."""


class Market:
    """All accounts and their catalogues."""

    def __init__(self) -> None:
        self.switches = Switches()
        self.accounts: dict[str, Thing] = {}
        self.tokens: dict[str, Thing] = {}
        self.products: dict[str, Thing] = {}
        self.variants: dict[str, Thing] = {}
        self.by_sku: dict[tuple[str, str], str] = {}
        self.next_number = FIRST_NUMBER
        self.changed: Callable[[], None] = lambda: None
        self.half_next = False
        self.user_error_next = False

    # Identity and time

    def identity(self, kind: str) -> str:
        self.next_number += 1
        return base64.b64encode(f"{kind}:{self.next_number}".encode()).decode().rstrip("=")

    @staticmethod
    def now() -> str:
        return datetime.now(UTC).isoformat()

    # Accounts

    def account(self, token: str, name: str, storefronts: list[Thing], same_account_as: str | None) -> Thing:
        """Return the account of a token, made if there is none."""
        if token in self.tokens:
            return self.accounts[self.tokens[token]["account_id"]]
        if same_account_as is not None:
            account_id = self.tokens[same_account_as]["account_id"]
        else:
            account_id = self.identity("Account")
            self.accounts[account_id] = {
                "id": account_id,
                "name": name,
                "email": None,
                "type": "SUPPLIER",
                "slug": name.lower().replace(" ", "-"),
                "storefronts": [self._storefront(each) for each in storefronts],
                "location": {"id": self.identity("Location"), "name": "Warehouse", "isPrimary": True},
            }
        self.tokens[token] = {"account_id": account_id, "revoked": False}
        self.changed()
        return self.accounts[account_id]

    def _storefront(self, given: Thing) -> Thing:
        return {
            "id": self.identity("Storefront"),
            "name": given["name"],
            "slug": given["name"].lower().replace(" ", "-"),
            "isPublished": given.get("is_published", True),
        }

    def products_of(self, account_id: str) -> list[Thing]:
        return [each for each in self.products.values() if each["account_id"] == account_id]

    def own_product(self, account_id: str, product_id: str) -> Thing:
        product = self.products.get(product_id)
        if product is None or product["account_id"] != account_id:
            raise NotFound("Product not found")
        return product

    def own_variant(self, account_id: str, variant_id: str) -> Thing:
        variant = self.variants.get(variant_id)
        if variant is None or self.products[variant["product_id"]]["account_id"] != account_id:
            raise NotFound("ProductVariant not found")
        return variant

    # Products

    def create_product(self, account_id: str, given: Thing) -> tuple[Thing | None, list[Thing]]:
        """Create a draft; either the product, or what is wrong with it."""
        errors = [] if given.get("title", "").strip() else [error(["title"], "Title can't be blank")]
        if not given["variants"]:
            errors.append(error(["variants"], "A product needs at least one variant"))
        seen: set[str] = set()
        for n, variant in enumerate(given["variants"]):
            errors += self._variant_errors(account_id, variant, ["variants", str(n)])
            if variant["sku"] in seen:
                errors.append(error(["variants", str(n), "sku"], "SKU has already been taken"))
            seen.add(variant["sku"])
        if errors:
            return None, errors
        product_id = self.identity("Product")
        product: Thing = {
            "id": product_id,
            "account_id": account_id,
            "listing": None,
            "variant_ids": [],
            "images": [],
            "createdAt": self.now(),
        }
        self.products[product_id] = product
        self._write_product(product, given)
        for variant in given["variants"]:
            self._add_variant(product, variant)
        self.changed()
        return product, []

    def update_product(self, product: Thing, given: Thing) -> list[Thing]:
        """Change fields; what is wrong with them instead, if anything is."""
        if "title" in given and not (given["title"] or "").strip():
            return [error(["title"], "Title can't be blank")]
        self._write_product(product, given)
        self.changed()
        return []

    def _write_product(self, product: Thing, given: Thing) -> None:
        for name in ("title", "description", "brand", "hsCode", "madeIn", "option1", "option2", "option3"):
            if name in given:
                product[name] = given[name]
        if "images" in given:
            appears = datetime.now(UTC).timestamp() + self.switches.image_delay_seconds
            product["images"] = [
                {
                    "id": self.identity("ProductImage"),
                    "position": n,
                    "source": each.get("sourceUrl"),
                    "appears": appears,
                }
                for n, each in enumerate(given["images"] or [])
            ]
        product["updatedAt"] = self.now()

    def delete_product(self, product: Thing) -> None:
        for variant_id in product["variant_ids"]:
            variant = self.variants.pop(variant_id)
            self.by_sku.pop((product["account_id"], variant["sku"]), None)
        del self.products[product["id"]]
        self.changed()

    def publish(self, product: Thing, storefront_id: str | None) -> list[Thing]:
        """Show a product on a storefront; doing it twice leaves copies of its variants in the listing."""
        listing = product["listing"]
        storefronts = {each["id"] for each in self.accounts[product["account_id"]]["storefronts"]}
        if storefront_id is not None and storefront_id not in storefronts:
            return [error(["storefrontId"], "Storefront not found")]
        where = storefront_id or (listing or {}).get("storefront_id")
        if where is None:
            return []  # Without a storefront a product that was never published stays a draft.
        again = listing is not None and listing["status"] == "PUBLISHED" and listing["storefront_id"] == where
        variants = list(product["variant_ids"])
        if again and self.switches.publish_twice == "duplicate_listing_variants":
            variants = listing["variant_ids"] + variants
        elif again:
            variants = listing["variant_ids"]
        product["listing"] = {
            "id": listing["id"] if listing else self.identity("Listing"),
            "status": "PUBLISHED",
            "storefront_id": where,
            "variant_ids": variants,
            "publications": (listing or {}).get("publications", 0) + 1,
            "publishedAt": self.now(),
        }
        self.changed()
        return []

    def unpublish(self, product: Thing) -> None:
        if product["listing"] is not None:
            product["listing"]["status"] = "UNPUBLISHED"
        self.changed()

    def republish(self, product: Thing) -> list[Thing]:
        """Show it again with a new date, taking up what was added since."""
        listing = product["listing"]
        if listing is None:
            return [error(["id"], "Product was never published")]
        listing |= {"status": "PUBLISHED", "variant_ids": list(product["variant_ids"]), "publishedAt": self.now()}
        self.changed()
        return []

    def shown_listing(self, product: Thing) -> Thing | None:
        """Return the listing as the API shows it."""
        listing: Thing | None = product["listing"]
        if listing is None:
            return None
        if listing["status"] == "UNPUBLISHED" and self.switches.listing_after_unpublish == "null":
            return None
        return listing

    # Variants and stock

    def create_variant(self, product: Thing, given: Thing) -> tuple[Thing | None, list[Thing]]:
        errors = self._variant_errors(product["account_id"], given, [])
        if errors:
            return None, errors
        variant = self._add_variant(product, given)
        if product["listing"] is not None and self.switches.new_variant_in_listing == "immediate":
            product["listing"]["variant_ids"].append(variant["id"])
        product["updatedAt"] = self.now()
        self.changed()
        return variant, []

    def update_variant(self, variant: Thing, given: Thing) -> list[Thing]:
        account_id = self.products[variant["product_id"]]["account_id"]
        errors = self._variant_errors(account_id, {**variant, **given}, [], known=variant["id"])
        if errors:
            return errors
        if given.get("sku") not in (None, variant["sku"]):
            del self.by_sku[account_id, variant["sku"]]
            self.by_sku[account_id, given["sku"]] = variant["id"]
        self._write_variant(variant, given)
        self.changed()
        return []

    def delete_variant(self, variant: Thing) -> list[Thing]:
        product = self.products[variant["product_id"]]
        if len(product["variant_ids"]) == 1:
            return [error(["id"], "A product needs at least one variant")]
        product["variant_ids"].remove(variant["id"])
        self.by_sku.pop((product["account_id"], variant["sku"]), None)
        del self.variants[variant["id"]]
        self.changed()
        return []

    def _variant_errors(
        self, account_id: str, given: Thing, where: list[str], *, known: str | None = None
    ) -> list[Thing]:
        errors = []
        if not given["sku"]:
            errors.append(error([*where, "sku"], "SKU can't be blank"))
        holder = self.by_sku.get((account_id, given["sku"]))
        if holder is not None and holder != known:
            errors.append(error([*where, "sku"], "SKU has already been taken"))
        if money(given["price"]) <= 0:
            errors.append(error([*where, "price"], "Price must be greater than 0"))
        return errors

    def _add_variant(self, product: Thing, given: Thing) -> Thing:
        variant: Thing = {
            "id": self.identity("ProductVariant"),
            "product_id": product["id"],
            "level_id": self.identity("InventoryLevel"),
            "quantity": given.get("inventoryQuantity"),
            "reserved": 0,
            "inventoryPolicy": "DENY",
            "position": len(product["variant_ids"]),
            "createdAt": self.now(),
        }
        self._write_variant(variant, given)
        product["variant_ids"].append(variant["id"])
        self.variants[variant["id"]] = variant
        self.by_sku[product["account_id"], variant["sku"]] = variant["id"]
        return variant

    def _write_variant(self, variant: Thing, given: Thing) -> None:
        for name in ("sku", "barcode", "inventoryPolicy", "option1", "option2", "option3", "hsCode"):
            if given.get(name) is not None:
                variant[name] = given[name]
        for name in ("price", "msrp"):
            if given.get(name) is not None:
                variant[name] = str(money(given[name]).quantize(Decimal("0.01")))
        if given.get("inventoryQuantity") is not None:
            variant["quantity"] = given["inventoryQuantity"]
        variant["updatedAt"] = self.now()

    def adjust(self, account_id: str, lines: list[Thing]) -> tuple[list[Thing], list[Thing]]:
        """Set or add stock, line by line; the lines that were done, and what is wrong with the others."""
        done, errors = [], []
        half = self.half_next
        self.half_next = False
        for n, line in enumerate(lines):
            if half and n >= len(lines) // 2:
                self.changed()
                raise HalfDone
            variant = self._of_line(account_id, line)
            if variant is None:
                errors.append(error(["inventoryLevels", str(n)], "ProductVariant not found"))
                continue
            before = variant["quantity"] or 0
            added = line.get("action", "ADJUST") == "ADJUST"
            variant["quantity"] = before + line["adjustment"] if added else line["adjustment"]
            variant["updatedAt"] = self.now()
            done.append(variant)
        self.changed()
        return done, errors

    def _of_line(self, account_id: str, line: Thing) -> Thing | None:
        if line.get("sku") is not None:
            return self.variants.get(self.by_sku.get((account_id, line["sku"]), ""))
        if line.get("inventoryLevelId") is not None:
            return next((each for each in self.variants.values() if each["level_id"] == line["inventoryLevelId"]), None)
        try:
            return self.own_variant(account_id, line.get("productVariantId") or "")
        except NotFound:
            return None

    # Saving

    def dump(self) -> Thing:
        """Return everything as JSON data."""
        return {
            "switches": self.switches.model_dump(),
            "accounts": self.accounts,
            "tokens": self.tokens,
            "products": self.products,
            "variants": self.variants,
            "next_number": self.next_number,
        }

    def load(self, saved: Thing) -> None:
        """Take over what was saved."""
        self.switches = Switches.model_validate(saved["switches"])
        self.accounts, self.tokens = saved["accounts"], saved["tokens"]
        self.products, self.variants = saved["products"], saved["variants"]
        self.next_number = saved["next_number"]
        self.by_sku = {
            (self.products[each["product_id"]]["account_id"], each["sku"]): each["id"]
            for each in self.variants.values()
        }


def error(field: list[str], message: str) -> Thing:
    """Return a user error."""
    return {"field": field, "message": message, "name": None}


def money(value: object) -> Decimal:
    """Return an amount; one that cannot be read counts as nothing."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
