"""Commands for operators, as they are typed."""

import asyncio

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from app.cli import app, follow_import, follow_preview, main
from app.composition import open_store
from app.domain.application import Application
from app.domain.ids import AccountId, SupplierId
from app.settings import Settings
from app.store.connect import why_unusable
from tests.fakes.shop import product
from tests.fakes.stage import open_stage


@pytest.fixture
def runner(database_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ENVIRONMENT", "development")
    return CliRunner()


async def installed(database_url: str) -> Application:
    stage = open_stage(database_url)
    application = await stage.install()
    await stage.settle()
    await stage.store.close()
    return application


def test_retention_says_what_it_dropped(runner: CliRunner) -> None:
    done = runner.invoke(app, ["retention"])
    assert done.exit_code == 0, done.output
    assert done.output == "Dropped: 0 bodies, 0 keys, 0 sentences, 0 finished, 0 previews, 0 installs.\n"


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


def test_an_import_is_begun_and_followed_to_its_end_with_a_bar(
    runner: CliRunner, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def follow() -> None:
        stage = open_stage(database_url)
        async with stage.store.transaction() as tx:
            running = await tx.imports.running(application.id)
        assert running is not None
        following = asyncio.create_task(follow_import(stage.store, running))
        async with stage.store.transaction() as tx:
            await tx.imports.end(running.id, "done", reason="The whole catalogue was read.")
        assert (await following).state == "done"
        await stage.store.close()

    application = asyncio.run(installed(database_url))
    begun = runner.invoke(app, ["import", "--application", str(application.id)])
    assert begun.exit_code == 0, begun.output
    assert "is running: 0 %." in begun.output
    asyncio.run(follow())
    drawn = capsys.readouterr().out
    assert "100%" in drawn
    assert drawn.endswith("The import is done. The whole catalogue was read.\n")


def test_an_import_of_nobody_says_so(runner: CliRunner) -> None:
    refused = runner.invoke(app, ["import", "--application", "1f0e4f4a-6f2b-4d0a-9b57-2f8c1f6f3a10"])
    assert (refused.exit_code, refused.output) == (1, "There is no such Application.\n")


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


def test_a_preview_is_begun_and_followed_to_its_items(
    runner: CliRunner, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def follow() -> None:
        stage = open_stage(database_url)
        stage.shop.put(product("1"))
        async with stage.store.transaction() as tx:
            (running,) = await tx.previews.list(application.id, before=None, limit=10)
        following = asyncio.create_task(follow_preview(stage.store, running))
        await stage.run_lanes()
        assert (await following).state == "done"
        await stage.store.close()

    application = asyncio.run(installed(database_url))
    begun = runner.invoke(app, ["preview", "--application", str(application.id)])
    assert begun.exit_code == 0, begun.output
    assert "is running: 0 %." in begun.output
    asyncio.run(follow())
    drawn = capsys.readouterr().out
    assert "100%" in drawn
    assert drawn.endswith(
        "The preview is done. 1 to create, 1 to publish.\n"
        "create\t1\tCreate the product as a draft, with the variant(s) 1-A: none of them is on Orderchamp.\n"
        "publish\t1\tPublish on the storefront “Main”, because it is active in the shop.\n"
    )


NOWHERE = "postgresql://user:hush@127.0.0.1:1/nowhere"


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize(
    ("command", "settings", "told"),
    [
        (["migrate"], {}, "DATABASE_URL: it is not set."),
        (["serve"], {"DATABASE_URL": "hush"}, "DATABASE_URL: it is not written as postgresql://"),
        (["serve"], {"DATABASE_URL": NOWHERE, "VAULT_KEYS": "hush"}, "VAULT_KEYS: a vault key has no id"),
        (
            ["serve"],
            {"DATABASE_URL": NOWHERE, "PLATFORM_APPS": '{"shop": {}}'},
            "PLATFORM_APPS: there is no platform 'shop'",
        ),
        (
            ["worker"],
            {"DATABASE_URL": NOWHERE, "PLATFORM_APPS": "hush"},
            "A setting is not the JSON that it should be: ",
        ),
        (["worker"], {"DATABASE_URL": NOWHERE, "RUN_SECONDS": "-1"}, "RUN_SECONDS: Input should be greater than 0."),
        (
            ["worker"],
            {"DATABASE_URL": NOWHERE, "METRICS_HOST": "192.0.2.1", "METRICS_PORT": "1"},
            "METRICS_PORT: 192.0.2.1:1",
        ),
        (["migrate"], {"DATABASE_URL": NOWHERE}, "The database cannot be used: "),
        (["retention"], {"DATABASE_URL": NOWHERE}, "The database cannot be used: "),
    ],
)
def test_what_keeps_a_command_from_its_work_is_told_in_a_sentence(
    command: list[str],
    settings: dict[str, str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {"ENVIRONMENT": "development", **settings}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["app.cli", *command])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith(told)
    assert "hush" not in said


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (asyncpg.UndefinedTableError("relation lane does not exist"), "Run `python -m app.cli migrate`."),
        (DBAPIError("SELECT", None, asyncpg.InvalidPasswordError("no such user")), "cannot be used: no such user."),
        (TimeoutError(), "it did not answer in time"),
        (asyncpg.UniqueViolationError("a bug of ours"), None),
    ],
)
def test_only_what_is_the_databases_own_fault_is_told_as_that(error: Exception, told: str | None) -> None:
    sentence = why_unusable(error)
    assert sentence is None if told is None else told in str(sentence)
