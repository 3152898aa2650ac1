"""What is wrong with a request is said part by part, and never with what was given."""

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, model_validator

from app.api.errors import add_error_handlers


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: int


class Body(BaseModel):
    inner: Inner | None = None
    rows: list[Inner] = []

    @model_validator(mode="after")
    def _says_something(self) -> "Body":
        if self.inner is None and not self.rows:
            raise ValueError("Say something.")
        return self


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = FastAPI()
    add_error_handlers(app, unavailable=())

    @app.post("/things/{number}")
    async def change(number: int, body: Body) -> None: ...

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.mark.parametrize(
    ("sent", "part", "message"),
    [
        ('{"inner": {}}', "inner.count", "It is missing."),
        ('{"rows": [{"count": 1}, {"count": 1, "hush": "hush"}]}', "rows.1.hush", "There is no such field."),
        ("{}", "body", "Say something."),
        ("", "body", "It is missing."),
        ("hush", "body", "It cannot be read as JSON."),
        ('{"inner": "hush"}', "inner", "Input should be a valid dictionary or object to extract fields from."),
    ],
)
async def test_each_part_that_is_wrong_is_named_with_what_is_wrong(
    client: httpx.AsyncClient, sent: str, part: str, message: str
) -> None:
    answer = await client.post("/things/1", content=sent, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["reasons"]) == (422, [{"field": part, "message": message}])
    assert answer.json()["detail"] == "The request is not as documented."


async def test_an_address_that_is_none_and_a_method_that_it_does_not_take_are_told_where_to_look(
    client: httpx.AsyncClient,
) -> None:
    nothing = await client.get("/nothing")
    assert (nothing.status_code, nothing.json()["type"]) == (404, "/problems/not-found")
    assert nothing.json()["detail"] == "There is nothing at this address; /docs shows what there is."
    other = await client.get("/things/1")
    assert (other.status_code, other.headers["allow"]) == (405, "POST")
    assert other.json()["detail"] == "This address takes POST; /docs shows what there is."
