"""Commands for operators, as they are typed."""

import asyncio

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.composition import open_store
from app.domain.ids import AccountId, SupplierId
from app.settings import Settings
from tests.fakes.stage import open_stage


@pytest.fixture
def runner(database_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ENVIRONMENT", "development")
    return CliRunner()


def test_retention_says_what_it_dropped(runner: CliRunner) -> None:
    done = runner.invoke(app, ["retention"])
    assert done.exit_code == 0, done.output
    assert done.output == "Dropped: 0 bodies, 0 keys, 0 sentences, 0 finished.\n"


def test_a_supplier_is_erased_only_without_installed_applications(runner: CliRunner, database_url: str) -> None:
    async def install() -> None:
        stage = open_stage(database_url)
        stage.orderchamp.account_id = AccountId("account")
        await stage.install(supplier_id=SupplierId("installed"))
        await stage.store.close()

    asyncio.run(install())
    refused = runner.invoke(app, ["erase-supplier", "installed"])
    assert refused.exit_code == 1
    assert "Uninstall them first." in refused.output
    assert "Traceback" not in refused.output


def test_an_erased_supplier_has_no_key_any_more(runner: CliRunner) -> None:
    key = runner.invoke(app, ["api-key", "--supplier", "leaving"]).output.strip()

    async def known() -> bool:
        store = open_store(Settings())
        try:
            async with store.transaction() as tx:
                return await tx.keys.find(key) is not None
        finally:
            await store.close()

    assert asyncio.run(known())
    done = runner.invoke(app, ["erase-supplier", "leaving"])
    assert (done.exit_code, done.output) == (0, "Nothing is held of the supplier leaving.\n")
    assert not asyncio.run(known())
