"""Creating, changing and deleting products and variants."""

from typing import Any

import pytest

from tests.sandbox.orderchamp.conftest import MUG, Orderchamp

TAKEN = "SKU has already been taken"
ONE_LEFT = "A product needs at least one variant"


async def test_a_new_product_is_a_draft_with_its_variants(orderchamp: Orderchamp) -> None:
    selection = (
        "product { title option1 listing { id } createdAt variants(first: 9) { nodes "
        "{ title sku price msrp color size position inventoryQuantity inventoryPolicy } } } userErrors { message }"
    )
    payload = await orderchamp.do("productCreate", selection, **MUG)
    assert payload["userErrors"] == []
    product = payload["product"]
    assert (product["title"], product["listing"]) == ("Mug", None)
    assert product["createdAt"] == "2027-01-15T08:00:00+00:00"
    red, blue = product["variants"]["nodes"]
    assert red == {
        "title": "Red",
        "sku": "MUG-RED",
        "price": "4.50",
        "msrp": None,
        "color": "Red",
        "size": None,
        "position": 1,
        "inventoryQuantity": 3,
        "inventoryPolicy": "DENY",
    }
    assert (blue["price"], blue["msrp"], blue["inventoryQuantity"]) == ("5.00", "10.00", None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": " "}, [("title", "Title can't be blank")]),
        ({"variants": []}, [("variants", ONE_LEFT)]),
        ({"variants": [{"sku": "", "price": 1}]}, [("variants.0.sku", "SKU can't be blank")]),
        ({"variants": [{"sku": "A", "price": 0}]}, [("variants.0.price", "Price must be greater than 0")]),
        ({"variants": [{"sku": "A", "price": -1}]}, [("variants.0.price", "Price must be greater than 0")]),
        ({"variants": [{"sku": "A", "price": 1}, {"sku": "A", "price": 1}]}, [("variants.1.sku", TAKEN)]),
        ({"variants": [{"sku": "MUG-RED", "price": 1}]}, [("variants.0.sku", TAKEN)]),
        (
            {"title": "", "variants": [{"sku": "A", "price": "0.00"}]},
            [("title", "Title can't be blank"), ("variants.0.price", "Price must be greater than 0")],
        ),
    ],
)
async def test_refuses_a_product_with_every_reason_and_creates_nothing(
    orderchamp: Orderchamp, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    await orderchamp.create()
    assert await orderchamp.refused("productCreate", **{**MUG, "variants": [{"sku": "N", "price": 1}], **changes}) == (
        expected
    )
    assert len(await orderchamp.control("GET", "/products")) == 1


async def test_skus_differ_by_case_and_by_spaces(orderchamp: Orderchamp) -> None:
    await orderchamp.create()
    for sku in ("mug-red", " MUG-RED", "MUG-RED "):
        await orderchamp.create(variants=[{"sku": sku, "price": 1}])
        assert await orderchamp.variant(sku)


async def test_updates_what_is_given_and_clears_what_is_null(orderchamp: Orderchamp) -> None:
    product_id = await orderchamp.create(description="<p>Old</p>", brand="Oak")
    orderchamp.clock.move(60)
    assert await orderchamp.refused("productUpdate", id=product_id, title="Cup", description=None) == []
    query = "query($id: ID!) { product(id: $id) { title description brand createdAt updatedAt contentUpdatedAt } }"
    assert (await orderchamp.data(query, id=product_id))["product"] == {
        "title": "Cup",
        "description": None,
        "brand": "Oak",
        "createdAt": "2027-01-15T08:00:00+00:00",
        "updatedAt": "2027-01-15T08:01:00+00:00",
        "contentUpdatedAt": "2027-01-15T08:01:00+00:00",
    }
    assert await orderchamp.refused("productUpdate", id=product_id, title=None) == [("title", "Title can't be blank")]


async def test_several_mutations_of_a_document_stand_alone_and_keep_their_order(orderchamp: Orderchamp) -> None:
    product_id = await orderchamp.create()
    document = (
        "mutation($a: ProductUpdateInput!, $b: ProductUpdateInput!, $c: ProductUpdateInput!) {"
        " a: productUpdate(input: $a) { product { title } } b: productUpdate(input: $b) { product { title } }"
        " c: productUpdate(input: $c) { product { title } userErrors { message } } }"
    )
    given = {
        "a": {"id": product_id, "title": "A"},
        "b": {"id": "no", "title": "B"},
        "c": {"id": product_id, "title": "C"},
    }
    answer = await orderchamp.ask(document, **given)
    assert answer["data"] == {
        "a": {"product": {"title": "A"}},
        "b": None,
        "c": {"product": {"title": "C"}, "userErrors": []},
    }
    assert answer["errors"] == [{"message": "Product not found", "path": ["b"]}]
    assert (await orderchamp.calls())["by_operation"]["productUpdate"] == 3


async def test_images_arrive_after_a_while_and_replace_the_whole_set(orderchamp: Orderchamp) -> None:
    query = (
        "query($id: ID!) { product(id: $id) { featuredImage { id } "
        "images(first: 9, sort: POSITION_ASC) { nodes { id position originalUrl } } } }"
    )
    urls = ["https://cdn.example/1.jpg", "https://cdn.example/2.jpg"]
    product_id = await orderchamp.create(images=[{"sourceUrl": each} for each in urls])

    async def images() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await orderchamp.data(query, id=product_id))["product"]["images"]["nodes"]
        return found

    orderchamp.clock.move(2.9)
    assert await images() == []
    assert (await orderchamp.shown(product_id))["images_on_their_way"] == 2
    orderchamp.clock.move(0.2)
    first, second = await images()
    assert (first["position"], second["position"]) == (1, 2)
    assert (await orderchamp.shown(product_id))["images"] == urls
    new = "https://cdn.example/3.jpg"
    await orderchamp.do("productUpdate", id=product_id, images=[{"sourceUrl": new}, {"id": second["id"]}])
    assert [each["id"] for each in await images()] == [second["id"]]
    orderchamp.clock.move(3)
    assert (await orderchamp.shown(product_id))["images"] == [new, urls[1]]


async def test_a_variant_takes_only_an_image_that_has_arrived(orderchamp: Orderchamp) -> None:
    product_id = await orderchamp.create(images=[{"sourceUrl": "https://cdn.example/1.jpg"}])
    variant_id = await orderchamp.variant("MUG-RED")
    orderchamp.clock.move(3)
    query = "query($id: ID!) { product(id: $id) { images(first: 1) { nodes { id } } } }"
    image_id = (await orderchamp.data(query, id=product_id))["product"]["images"]["nodes"][0]["id"]
    assert await orderchamp.refused("productVariantUpdate", id=variant_id, productImageId=image_id) == []
    document = "mutation($i: ProductVariantUpdateInput!) { productVariantUpdate(input: $i) { userErrors { message } } }"
    given = {"id": variant_id, "productImageId": "other"}
    assert await orderchamp.errors(document, i=given) == ["ProductImage not found"]


async def test_drops_inactive_sales_channels_and_unpublished_categories_silently(orderchamp: Orderchamp) -> None:
    made = await orderchamp.do("customCategoryCreate", "customCategory { id isPublished }", value="v", label="V")
    category_id = made["customCategory"]["id"]
    product_id = await orderchamp.create(salesChannels=["TICA", "MARKETPLACE"], customCategory=category_id)
    query = "query($id: ID!) { product(id: $id) { salesChannels customCategory { label } } }"
    assert (await orderchamp.data(query, id=product_id))["product"] == {
        "salesChannels": ["MARKETPLACE"],
        "customCategory": None,
    }
    await orderchamp.do("customCategoryUpdate", id=category_id, isPublished=True)
    await orderchamp.do("productUpdate", id=product_id, customCategory=category_id)
    assert (await orderchamp.data(query, id=product_id))["product"]["customCategory"] == {"label": "V"}


async def test_a_deleted_product_is_gone_and_its_skus_are_free(orderchamp: Orderchamp) -> None:
    product_id = await orderchamp.create()
    payload = await orderchamp.do("productDelete", "deletedProductId userErrors { message }", id=product_id)
    assert payload == {"deletedProductId": product_id, "userErrors": []}
    document = "mutation($i: ProductDeleteInput!) { productDelete(input: $i) { deletedProductId } }"
    assert await orderchamp.errors(document, i={"id": product_id}) == ["Product not found"]
    assert await orderchamp.create() != product_id


@pytest.mark.parametrize(
    ("mutation", "given"),
    [
        ("productUpdate", {"id": "x", "title": "T"}),
        ("productPublish", {"id": "x"}),
        ("productVariantCreate", {"productId": "x", "sku": "S", "price": 1}),
        ("productVariantUpdate", {"id": "x", "price": 1}),
        ("webhookDelete", {"id": "x"}),
    ],
)
async def test_a_missing_id_is_an_error_or_a_null_payload(
    orderchamp: Orderchamp, mutation: str, given: dict[str, Any]
) -> None:
    kind = mutation[0].upper() + mutation[1:]
    document = f"mutation($i: {kind}Input!) {{ {mutation}(input: $i) {{ userErrors {{ message }} }} }}"
    assert (await orderchamp.errors(document, i=given))[0].endswith(" not found")
    await orderchamp.switch(missing_id="null_payload")
    assert await orderchamp.data(document, i=given) == {mutation: None}
    assert await orderchamp.data('{ product(id: "x") { id } productVariant(id: "x") { id } }') == {
        "product": None,
        "productVariant": None,
    }


async def test_adds_changes_and_deletes_variants(orderchamp: Orderchamp) -> None:
    product_id = await orderchamp.create()
    new = {"productId": product_id, "sku": "MUG-GREY", "price": "6", "inventoryPolicy": "CONTINUE", "option1": "Grey"}
    assert await orderchamp.refused("productVariantCreate", **new) == []
    assert await orderchamp.refused("productVariantCreate", **new) == [("sku", TAKEN)]
    grey = await orderchamp.variant("MUG-GREY")
    assert await orderchamp.refused("productVariantUpdate", id=grey, sku="MUG-RED") == [("sku", TAKEN)]
    assert await orderchamp.refused("productVariantUpdate", id=grey, price=0) == [
        ("price", "Price must be greater than 0")
    ]
    assert await orderchamp.refused("productVariantUpdate", id=grey, sku="MUG-GRAY", price="6.5") == []
    assert await orderchamp.variant("MUG-GRAY") == grey
    shown = (await orderchamp.shown(product_id))["variants"][2]
    assert (shown["sku"], shown["price"], shown["policy"], shown["option1"]) == ("MUG-GRAY", "6.50", "CONTINUE", "Grey")
    for sku in ("MUG-RED", "MUG-BLUE"):
        assert await orderchamp.refused("productVariantDelete", id=await orderchamp.variant(sku)) == []
    assert await orderchamp.refused("productVariantDelete", id=grey) == [("id", ONE_LEFT)]


async def test_updates_variants_through_their_product_by_id_alone(orderchamp: Orderchamp) -> None:
    product_id = await orderchamp.create()
    red = await orderchamp.variant("MUG-RED")
    assert await orderchamp.refused(
        "productUpdate", id=product_id, variants=[{"id": red, "price": 7}, {"sku": "N"}]
    ) == [("variants.1.id", "Id can't be blank")]
    assert await orderchamp.refused("productUpdate", id=product_id, variants=[{"id": red, "price": 7}]) == []
    assert [each["price"] for each in (await orderchamp.shown(product_id))["variants"]] == ["7.00", "5.00"]


async def test_people_may_make_and_change_products_by_hand(orderchamp: Orderchamp) -> None:
    made = await orderchamp.control("POST", "/products?token=token", {**MUG, "publish_on": orderchamp.storefronts[1]})
    assert (made["status"], made["storefront"]["name"], made["options"]) == ("published", "Outlet", ["Color"])
    changed = await orderchamp.control("PATCH", f"/products/{made['id']}", {"title": "By hand"})
    assert changed["title"] == "By hand"
    assert (await orderchamp.control("POST", f"/products/{made['id']}/unpublish"))["status"] == "unpublished"
    await orderchamp.control("DELETE", f"/products/{made['id']}")
    assert (await orderchamp.client.delete(f"/_sandbox/products/{made['id']}")).status_code == 404


@pytest.mark.parametrize("body", [{}, {"title": "T", "colour": "x", "variants": []}, {**MUG, "title": ""}])
async def test_refuses_products_made_by_hand_as_the_api_does(orderchamp: Orderchamp, body: dict[str, Any]) -> None:
    assert (await orderchamp.client.post("/_sandbox/products?token=token", json=body)).status_code == 422
