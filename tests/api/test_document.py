"""The API's document tells a stranger what is what."""

from typing import Any

import pytest

from app.main import create_app
from tests.api.conftest import settings


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(settings("postgresql://localhost/nowhere")).routes.openapi()


def test_every_chapter_is_described_and_none_is_empty(document: dict[str, Any]) -> None:
    used = {
        tag for methods in document["paths"].values() for operation in methods.values() for tag in operation["tags"]
    }
    assert {each["name"] for each in document["tags"]} == used
    assert all(each["description"] for each in document["tags"])


def test_everything_that_may_be_asked_for_is_described(document: dict[str, Any]) -> None:
    silent = [
        f"{path}: {parameter['name']}"
        for path, methods in document["paths"].items()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and not parameter.get("description")
    ]
    assert silent == []
