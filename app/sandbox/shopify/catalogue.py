"""A believable catalogue for a stand-in shop: "Oak & Ash", things for kitchen and home."""

from typing import Any

CDN = "https://cdn.oak-and-ash.example/files"


Quantity = int | dict[str, int] | None


def _product(title: str, skus: dict[str, Quantity], price: str, **more: Any) -> dict[str, Any]:
    """Return a product of variants by SKU; stock may be spread over locations by name, and None is not tracked."""
    option = more.pop("option", "Size")
    values = more.pop("values", list(skus))
    barcodes = (f"8712345{sum(title.encode()) % 1000:03d}{n:03d}" for n in range(len(skus)))
    variants = [
        {
            "sku": sku,
            "price": price,
            "options": [value] if len(skus) > 1 else [],
            "quantity": quantity or 0,
            "tracked": quantity is not None,
            "barcode": barcode,
        }
        for (sku, quantity), value, barcode in zip(skus.items(), values, barcodes, strict=True)
    ]
    handle = title.lower().replace(" ", "-").replace("é", "e")
    return {
        "title": title,
        "handle": handle,
        "body_html": more.pop("body_html", f"<p>{title}, made to be used every day.</p>"),
        "vendor": "Oak & Ash",
        "product_type": more.pop("product_type", "Kitchen"),
        "options": [option] if len(skus) > 1 else [],
        "variants": variants,
        "images": [f"{CDN}/{handle}-1.jpg", f"{CDN}/{handle}-2.jpg"],
        **more,
    }


def sample() -> list[dict[str, Any]]:
    """Return the products; a few of them are not for sale, each in a way of its own."""
    products = [
        _product(
            "Oak board",
            {"OAK-S": 12, "OAK-M": 8, "OAK-L": 3},
            "34.95",
            values=["Small", "Medium", "Large"],
            body_html="<p>Solid oak, oiled by hand.</p><ul><li>✓ FSC&reg; wood</li><li>✓ 3 cm \u2013 1.2 kg</li></ul>",
            tags="oak, kitchen",
        ),
        _product(
            "Ash salad bowl", {"ASH-BOWL": 25}, "49.00", body_html="<p>Turned from one piece \u2013 no glue ✓</p>"
        ),
        _product(
            "Linen tea towel", {"TOWEL-NAT": 80, "TOWEL-BLU": 64}, "9.50", option="Kleur", values=["Naturel", "Blauw"]
        ),
        _product("Walnut spoon", {"SPOON-W": 140}, "7.25"),
        _product(
            "Décor candle",
            {"CANDLE-90": 31, "CANDLE-180": 17, "CANDLE-240": 12, "CANDLE-300": 9, "CANDLE-450": 5, "CANDLE-600": 2},
            "18.00",
            values=["90 g", "180 g", "240 g", "300 g", "450 g", "600 g"],
            body_html="<p>Smells of crème brûlée &amp; oak \u2013 burns 40 hours.</p>",
            product_type="Home",
        ),
        _product(
            "Stoneware mug",
            {"MUG-1": 44, "MUG-2": 39, "MUG-3": 0},
            "14.50",
            option="Colour",
            values=["Sand", "Slate", "Moss"],
        ),
        _product("Gift card", {"GIFT": None}, "25.00", product_type="Gifts"),
        _product("Butter dish", {"BUTTER": {"Warehouse": 7, "Shop": 2}}, "22.00"),
        _product("Summer jug", {"JUG": 6}, "38.00", status="draft"),
        _product("Winter blanket", {"BLANKET": 4}, "79.00", status="archived", product_type="Home"),
        _product("Sample sale box", {"BOX": 15}, "20.00", status="unlisted", product_type="Gifts"),
        _product("Bread knife", {"KNIFE": 11}, "44.00", published=False),
    ]
    board, mug = products[0], products[5]
    board["variants"][0]["compare_at_price"] = "39.95"
    mug["variants"].append({"sku": None, "price": "14.50", "options": ["Prototype"], "quantity": 1})
    return products
