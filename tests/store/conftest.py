"""The stage is the flows' own; here its store alone is looked at."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.stage import Stage, open_stage


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    opened = open_stage(database_url)
    yield opened
    await opened.store.close()
