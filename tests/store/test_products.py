"""What a shop may say and PostgreSQL cannot hold never stops a lane."""

from app.domain.ids import SourceId, SourceVariantId, StockItemId
from app.domain.projection import SourceProduct
from app.domain.structs import replace
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage

ODD = "\x00\ud800"


async def test_skus_and_ids_are_cleaned_on_their_way_into_rows(stage: Stage) -> None:
    application = await stage.install()
    odd = replace(variant(f"sku{ODD}"), id=SourceVariantId(f"variant{ODD}"), stock_item_id=StockItemId(f"item{ODD}"))
    known = SourceProduct(source_id=SourceId("1"), snapshot=product("1", odd, title=f"title{ODD}"))
    async with stage.store.transaction() as tx:
        await tx.products.save(application.id, [(None, known)])
    row = "SELECT sku || folded || source_variant_id || stock_item_id FROM source_variant"
    assert await stage.execute(row) == "sku?sku?variant?item?"
    assert await stage.execute("SELECT title FROM source_product") == "title?"
    async with stage.store.transaction() as tx:
        found = await tx.products.one(application.id, SourceId("1"))
    assert found is not None
    assert [(each, sku) for each, sku, _, _ in found.variants] == [("variant?", "sku?")]


async def test_a_whole_product_of_odd_text_comes_to_an_end(stage: Stage) -> None:
    odd = product("1", variant(f"A{ODD}"), title=f"Title{ODD}", description="a\\u0000b")
    stage.shop.put(odd)
    application = await stage.install()
    await stage.settle()
    shown = stage.orderchamp.by_sku("A?")
    assert (shown.title, shown.description, shown.published) == ("Title?", "a\\u0000b", True)
    assert (await stage.product(application, "1")).state == "published"


async def test_due_products_come_in_portions_of_what_they_take_and_one_at_least(stage: Stage) -> None:
    for n in range(1, 5):
        stage.shop.put(product(str(n), variant(f"{n}-A"), title=f"Thé {n}"))
    application = await stage.install()
    await stage.settle()
    await stage.execute(
        "UPDATE source_product SET due_at = now() - interval '1 minute' * (5 - CAST(source_id AS integer))"
    )
    size = await stage.execute("SELECT DISTINCT octet_length(desired) FROM source_product")

    async def due(*, limit: int, size: int) -> list[str]:
        async with stage.store.reading() as tx:
            return [each.source_id for each in await tx.products.due(application.id, limit=limit, size=size, wanted={})]

    assert await due(limit=10, size=1) == ["1"]
    assert await due(limit=10, size=size) == ["1"]
    assert await due(limit=10, size=size + 1) == ["1", "2"]
    assert await due(limit=10, size=10 * size) == ["1", "2", "3", "4"]
    assert await due(limit=3, size=10 * size) == ["1", "2", "3"]


async def test_a_desired_state_that_is_in_hand_counts_until_somebody_raises_the_generation(stage: Stage) -> None:
    stage.shop.put(product("1", variant("A"), title="Thé"))
    application = await stage.install()
    await stage.settle()
    await stage.execute("UPDATE source_product SET due_at = now() - interval '1 second'")
    async with stage.store.reading() as tx:
        (stored,) = (await tx.products.known(application.id, [SourceId("1")])).values()
        assert stored.desired is not None
        marked = replace(stored, desired=replace(stored.desired, title="In hand"))

        async def title() -> str:
            (due,) = await tx.products.due(application.id, limit=1, size=1, wanted={marked.source_id: marked})
            return due.desired.title

        assert await title() == "In hand"
        await stage.execute("UPDATE source_product SET generation = generation + 1")
        assert await title() == "Thé"


async def test_products_are_gone_through_in_portions_of_what_they_take_those_without_documents_too(
    stage: Stage,
) -> None:
    for n in range(1, 5):
        stage.shop.put(product(str(n), variant(f"{n}-A")))
    application = await stage.install()
    await stage.settle()
    await stage.execute("UPDATE source_product SET snapshot = NULL, desired = NULL WHERE source_id IN ('1', '3')")
    size = await stage.execute("SELECT max(octet_length(snapshot) + octet_length(desired)) FROM source_product")

    async def after(source_id: str, *, size: int) -> list[str]:
        async with stage.store.reading() as tx:
            found = await tx.products.after(application.id, source_id, limit=10, size=size)
        return [each.source_id for each in found]

    assert await after("", size=1) == ["1", "2"], "one without documents takes nothing"
    assert await after("2", size=size) == ["3", "4"]
    assert await after("3", size=1) == ["4"]
    assert await after("", size=10 * size) == ["1", "2", "3", "4"]


async def test_named_products_come_in_portions_of_what_they_take_and_unknown_ones_last(stage: Stage) -> None:
    for n in range(1, 5):
        stage.shop.put(product(str(n), variant(f"{n}-A")))
    application = await stage.install()
    await stage.settle()
    size = await stage.execute("SELECT max(octet_length(snapshot) + octet_length(desired)) FROM source_product")

    async def portions(*ids: str, size: int) -> list[dict[str, bool]]:
        async with stage.store.reading() as tx:
            named = [SourceId(each) for each in ids]
            found = [some async for some in tx.products.in_portions(application.id, named, size=size)]
        return [{source_id: known is not None for source_id, known in some.items()} for some in found]

    assert await portions(size=size) == []
    assert await portions("8", "9", size=size) == [{"8": False, "9": False}]
    assert await portions("4", "1", "3", size=10 * size) == [{"1": True, "3": True, "4": True}]
    assert await portions("9", "4", "1", "3", size=size + 1) == [{"1": True, "3": True}, {"4": True}, {"9": False}]
    assert await portions("2", "1", size=1) == [{"1": True}, {"2": True}]
