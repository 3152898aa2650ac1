"""A believable catalogue for a stand-in shop: "Oak & Ash", things for kitchen and home."""

from typing import Any

CDN = "https://cdn.oak-and-ash.example/files"


def _product(title: str, skus: dict[str, int | None], price: str, **more: Any) -> dict[str, Any]:
    names = list(skus)
    option = more.pop("option", "Size")
    values = more.pop("values", names)
    variants = [
        {
            "sku": sku,
            "price": price,
            "options": [value] if len(names) > 1 else [],
            "quantity": quantity or 0,
            "tracked": quantity is not None,
            "barcode": f"87123456{n:05d}",
        }
        for n, ((sku, quantity), value) in enumerate(zip(skus.items(), values, strict=True))
    ]
    handle = title.lower().replace(" ", "-")
    return {
        "title": title,
        "body_html": more.pop("body_html", f"<p>{title}, made to be used every day.</p>"),
        "vendor": "Oak & Ash",
        "options": [option] if len(names) > 1 else [],
        "variants": variants,
        "images": [f"{CDN}/{handle}-1.jpg", f"{CDN}/{handle}-2.jpg"],
        **more,
    }


def sample() -> list[dict[str, Any]]:
    """Return the products; a few of them are not for sale, each in a way of its own."""
    products = [
        _product("Oak board", {"OAK-S": 12, "OAK-M": 8, "OAK-L": 3}, "34.95", values=["Small", "Medium", "Large"]),
        _product(
            "Ash salad bowl", {"ASH-BOWL": 25}, "49.00", body_html="<p>Turned from one piece \u2013 no glue ✓</p>"
        ),
        _product(
            "Linen tea towel", {"TOWEL-NAT": 80, "TOWEL-BLU": 64}, "9.50", option="Kleur", values=["Naturel", "Blauw"]
        ),
        _product("Walnut spoon", {"SPOON-W": 140}, "7.25"),
        _product("Décor candle", {"CANDLE-90": 31, "CANDLE-180": 17}, "18.00", values=["90 g", "180 g"]),
        _product("Stoneware mug", {"MUG-1": 44, "MUG-2": 39, "MUG-3": 0}, "14.50", values=["Sand", "Slate", "Moss"]),
        _product("Gift card", {"GIFT": None}, "25.00"),
        _product("Butter dish", {"BUTTER": 9}, "22.00"),
        _product("Summer jug", {"JUG": 6}, "38.00", status="draft"),
        _product("Winter blanket", {"BLANKET": 4}, "79.00", status="archived"),
        _product("Sample sale box", {"BOX": 15}, "20.00", status="unlisted"),
        _product("Bread knife", {"KNIFE": 11}, "44.00", published=False),
    ]
    products[5]["variants"].append(
        {"sku": None, "price": "14.50", "options": ["Prototype"], "quantity": 1, "tracked": True, "barcode": None}
    )
    return products
