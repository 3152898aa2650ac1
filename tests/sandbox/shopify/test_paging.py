from app.sandbox.shopify.paging import cursor, ordered_page, page

ORDER = [(number, number) for number in range(10_000)]


def read(**asked: object) -> tuple[list[int], int]:
    """Return the ids on a page of ten thousand, and how many were looked at."""
    looked: list[int] = []

    def keep(identity: int) -> bool:
        looked.append(identity)
        return identity % 2 == 0

    found = ordered_page(ORDER, lambda identity: {"id": identity}, keep=keep, first=3, **asked)  # type: ignore[arg-type]
    return [each["id"] for each in found["nodes"]], len(looked)


def test_a_page_looks_at_nothing_before_or_behind_it() -> None:
    assert read(after=cursor(9000, 9000)) == ([9002, 9004, 9006], 8)
    assert read(since=9500) == ([9500, 9502, 9504], 7)
    assert read(after=cursor(9000, 9000), reverse=True) == ([8998, 8996, 8994], 8)


def test_the_last_page_is_the_last() -> None:
    found = ordered_page(ORDER, lambda identity: {"id": identity}, first=5, after=cursor(9996, 9996))

    assert [each["id"] for each in found["nodes"]] == [9997, 9998, 9999]
    assert not found["pageInfo"]["hasNextPage"]
    assert found["pageInfo"]["hasPreviousPage"]


def test_a_short_list_goes_on_where_its_cursor_was_although_that_is_gone() -> None:
    things = [{"id": number} for number in range(5)]
    after = page(things, lambda each: each, first=2)["pageInfo"]["endCursor"]
    del things[1]

    assert [each["id"] for each in page(things, lambda each: each, first=9, after=after)["nodes"]] == [2, 3, 4]


def test_an_empty_list_has_an_empty_page() -> None:
    found = page([], lambda each: each, first=5)

    assert (found["nodes"], found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]) == ([], None, False)
