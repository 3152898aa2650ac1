"""The OpenAPI document against the real application on real PostgreSQL: no 5xx, and no status that it does not name.

Schemathesis runs as its users run it, in a process of its own, with an API key and without one. The short form is always
the same; ``make schema`` looks much further. Whatever address a shop is given, it is answered on this machine.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from app.flows.receive_delivery import Reception
from tests.api.conftest import Web

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SHORT = ("--generation-deterministic", "--max-examples", "4", "--phases", "examples,fuzzing")
LONG = ("--max-examples", "60", "--phases", "examples,coverage,fuzzing,stateful")


async def ids(web: Web) -> dict[str, list[str]]:
    """Ids that exist, of which most requests should be about."""
    answer = await web.install()
    assert answer.status_code == 201, answer.text
    application = answer.json()["id"]
    await web.work()
    of = f"/v1/applications/{application}"
    return {
        "application_id": [application],
        "platform": ["shopify"],
        "supplier_id": ["oak-and-ash"],
        "import_id": [(await web.call("POST", f"{of}/imports")).json()["id"]],
        "replay_id": [(await web.call("POST", "/v1/replays", {"application_id": application})).json()["id"]],
        "source_id": [each["source_id"] for each in (await web.call("GET", f"{of}/products")).json()["items"]],
    }


def configured(known: dict[str, list[str]]) -> str:
    """Schemathesis' configuration that has two of three parts of addresses be ones that exist."""
    lines = [f"[dictionaries.{name}]\nvalues = {json.dumps(values)}" for name, values in known.items()]
    bound = [f'"path.{name}" = {{ dictionary = "{name}", probability = 0.66 }}' for name in known]
    return "\n".join([*lines, "[parameters]", *bound, ""])


async def examine(web: Web, given: Sequence[str], *, key: str | None, folder: Path) -> tuple[int, str]:
    """Run schemathesis against the application; its exit status and what it told."""
    services = replace(web.services, shop_url=lambda _, shop: f"{web.shopify}/shops/{quote(shop, safe='')}")
    web.app.state.services, web.app.state.reception = services, Reception(services)
    config = folder / "schemathesis.toml"
    config.write_text(configured(await ids(web)))
    header = [] if key is None else ["--header", f"Authorization: Bearer {web.keys[key]}"]
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "--no-color"),
        *("run", f"{web.url}/openapi.json", "--checks", CHECKS, "--continue-on-failure", "--no-shrink"),
        *("--warnings", "off", *header, *given),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, told.decode()


@pytest.mark.parametrize("key", ["admin", None])
async def test_no_5xx_and_no_undocumented_status(web: Web, shop: str, tmp_path: Path, key: str | None) -> None:
    status, told = await examine(web, SHORT, key=key, folder=tmp_path)
    assert status == 0, told


@pytest.mark.long
@pytest.mark.parametrize("key", ["admin", "read", None])
async def test_no_5xx_and_no_undocumented_status_however_far_one_looks(
    web: Web, shop: str, tmp_path: Path, key: str | None
) -> None:
    status, told = await examine(web, LONG, key=key, folder=tmp_path)
    assert status == 0, told
