from app.sandbox.shopify.catalogue import sample
from tests.sandbox.shopify.standin import StandIn


async def test_the_sample_has_everything_that_shops_have(shopify: StandIn) -> None:
    answer = await shopify.client.put(
        "/_sandbox/shops/sample.myshopify.com", json={"token": "t", "catalogue": "sample", "name": "Oak & Ash"}
    )
    products = answer.json()["products"].values()
    variants = [variant for product in products for variant in product["variants"]]

    assert len(products) == 12
    assert {product["status"] for product in products} == {"active", "draft", "archived", "unlisted"}
    assert any(product["status"] == "active" and product["published_at"] is None for product in products)
    assert any(product["options"] == ["Kleur"] for product in products)
    assert {1, 6} <= {len(product["variants"]) for product in products}
    assert any(not variant["tracked"] for variant in variants)
    assert any(variant["sku"] is None for variant in variants)
    assert any(len(variant["levels"]) == 2 for variant in variants)
    assert "✓" in "".join(product["body_html"] for product in products)


def test_the_sample_is_made_anew_each_time() -> None:
    sample()[0]["title"] = "changed"

    assert sample()[0]["title"] == "Oak board"
