"""Whoever types a command is told in a sentence what keeps it from its work."""

import errno

import httpx
import pytest
import typer

from app.local.commands import carry_out, plainly
from app.local.patience import until
from app.local.postgres import NoDatabase
from app.local.processes import NotStarted


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NotStarted("web did not come up."), "web did not come up."),
        (NoDatabase("There is no PostgreSQL here."), "There is no PostgreSQL here."),
        (
            OSError(errno.ENOSPC, "No space left on device", ".data/x"),
            ".data/x cannot be written: No space left on device.",
        ),
        (OSError(errno.ENOSPC, "No space left"), "What is kept under .data cannot be written: No space left."),
        (httpx.ReadTimeout(""), "A server of this run did not answer: ReadTimeout."),
        (ExceptionGroup("runs", [NotStarted("one"), ExceptionGroup("deeper", [NotStarted("two")])]), "one"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_keeps_a_command_from_its_work_is_a_sentence(
    error: Exception, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, plainly():
        raise error
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err == f"\n{sentence}\n"


@pytest.mark.parametrize(
    "bug", [KeyError("x"), OSError(errno.EBADF, "x"), ExceptionGroup("runs", [NotStarted("one"), KeyError("x")])]
)
def test_a_bug_keeps_its_traceback(bug: Exception) -> None:
    with pytest.raises(type(bug)), plainly():
        raise bug


def test_a_command_ends_with_the_code_of_its_work() -> None:
    async def work() -> int:
        return 3

    with pytest.raises(typer.Exit) as ended:
        carry_out(work())
    assert ended.value.exit_code == 3


async def test_what_moves_is_waited_for_however_long_it_takes() -> None:
    left = 200

    async def look() -> tuple[bool, object]:
        nonlocal left
        left -= 1
        return left == 0, left

    await until(look, "The work", patience=0, every=0)
    assert left == 0


async def test_what_stands_still_is_given_up_in_a_sentence() -> None:
    async def look() -> tuple[bool, object]:
        return False, "3 waiting"

    with pytest.raises(NotStarted, match=r"^The work came no further for 0 s\. It stands at: 3 waiting$"):
        await until(look, "The work", patience=0, every=0)
