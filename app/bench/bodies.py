"""Product bodies as Shopify sends them, as large as they are asked to be."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product at one of its versions; what people see of it changes with every version."""

    id: int
    variants: int = 3
    version: int = 0
    size: int = 3000

    @property
    def skus(self) -> tuple[str, ...]:
        return tuple(f"SKU-{self.id}-{n}" for n in range(self.variants))

    def body(self) -> bytes:
        """Return the product as the body of a delivery, of ``size`` bytes if what it has to say fits."""
        when = (FIRST + timedelta(minutes=self.version)).isoformat()
        said = {
            "id": self.id,
            "admin_graphql_api_id": f"gid://shopify/Product/{self.id}",
            "title": f"Oak board {self.id}, edition {self.version}",
            "body_html": "",
            "vendor": "Oak & Ash",
            "product_type": "Kitchen",
            "handle": f"oak-board-{self.id}",
            "status": "active",
            "published_at": FIRST.isoformat(),
            "created_at": FIRST.isoformat(),
            "updated_at": when,
            "tags": "oak, kitchen",
            "options": [{"id": self.id * 10, "name": "Size", "position": 1, "values": list("ABC"[: self.variants])}],
            "images": [{"id": self.id * 10 + 1, "src": f"https://cdn.example/{self.id}.jpg", "position": 1}],
            "variants": [self._variant(n, sku, when) for n, sku in enumerate(self.skus)],
        }
        room = self.size - len(json.dumps(said).encode())
        said["body_html"] = ("Solid oak, oiled by hand. " * (room // 26 + 1))[: max(room, 0)]
        return json.dumps(said).encode()

    def _variant(self, number: int, sku: str, when: str) -> dict[str, object]:
        variant_id = self.id * 1000 + number
        return {
            "id": variant_id,
            "admin_graphql_api_id": f"gid://shopify/ProductVariant/{variant_id}",
            "product_id": self.id,
            "sku": sku,
            "title": "ABC"[number % 3],
            "option1": "ABC"[number % 3],
            "price": f"{10 + self.version % 50}.95",
            "compare_at_price": None,
            "barcode": None,
            "inventory_policy": "deny",
            "inventory_item_id": variant_id + 500,
            "inventory_management": "shopify",
            "inventory_quantity": 10 + self.version,
            "old_inventory_quantity": 10 + self.version,
            "created_at": FIRST.isoformat(),
            "updated_at": when,
            "position": number + 1,
        }
