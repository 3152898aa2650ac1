"""What survives a restart."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.sandbox.orderchamp.server import create_app
from app.sandbox.saved import SavedState, StateUnreadable
from tests.sandbox.orderchamp.conftest import Clock, Orderchamp


async def test_everything_that_was_set_up_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = create_app(state)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=first), base_url="http://o") as client:
        orderchamp = Orderchamp(client=client, clock=Clock())
        await orderchamp.open(name="Oak", storefronts=[{"name": "Main"}])
        product_id = await orderchamp.create(images=[{"sourceUrl": "https://cdn.example/1.jpg"}], weight=1.5)
        await orderchamp.do("productPublish", id=product_id, storefrontId=orderchamp.storefronts[0])
        await orderchamp.switch(publish_twice="no_op")
        before = await orderchamp.shown(product_id)
        await first.state.sandbox.close()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(state)), base_url="http://o") as client:
        again = Orderchamp(client=client, clock=Clock())
        assert await again.shown(product_id) == before
        assert (await again.control("GET", "/switches"))["publish_twice"] == "no_op"
        assert await again.refused("productCreate", title="T", variants=[{"sku": "MUG-RED", "price": 1}]) == [
            ("variants.0.sku", "SKU has already been taken")
        ]
        assert await again.create(variants=[{"sku": "N", "price": 1}]) != product_id


async def test_saves_by_itself_soon_after_a_change(tmp_path: Path) -> None:
    state, taken = SavedState(tmp_path / "deep" / "state.json"), asyncio.Event()

    def snapshot() -> dict[str, Any]:
        taken.set()
        return {"n": 1}

    state.changed(snapshot)
    async with asyncio.timeout(2):
        await taken.wait()
    assert state.load() == {"n": 1}
    assert [each.name for each in (tmp_path / "deep").iterdir()] == ["state.json"]
    await state.flush()


async def test_saves_changes_that_come_together_once(tmp_path: Path) -> None:
    state = SavedState(tmp_path / "state.json")
    taken: list[int] = []

    def snapshot(n: int) -> dict[str, Any]:
        taken.append(n)
        return {"n": n}

    for n in range(3):
        state.changed(lambda n=n: snapshot(n))  # type: ignore[misc]
    await state.flush()
    await state.flush()
    assert taken == [2]
    assert json.loads((tmp_path / "state.json").read_text()) == {"n": 2}


async def test_a_place_that_cannot_be_written_is_told_and_keeps_no_server_from_stopping(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    state = SavedState(tmp_path / "file" / "state.json")
    state.changed(dict)
    await state.flush()
    (told,) = caplog.messages
    assert told.startswith(f"The state could not be saved to {tmp_path}/file/state.json: ")


async def test_keeps_nothing_without_a_path() -> None:
    state = SavedState(None)
    state.changed(dict)
    await state.flush()
    assert state.load() is None


def test_there_is_nothing_before_the_first_save(tmp_path: Path) -> None:
    assert SavedState(tmp_path / "state.json").load() is None


@pytest.mark.parametrize("content", ["", "[1]", "{not json", '{"format": 1}'])
def test_a_file_that_is_not_ours_is_refused_with_a_way_out(tmp_path: Path, content: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(content)
    with pytest.raises(StateUnreadable, match=r"state\.json .* Delete it to begin afresh\."):
        create_app(state)
