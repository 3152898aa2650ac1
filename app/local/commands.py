"""What developers' commands share: a signal ends them in order, and what keeps them from their work is told in a sentence."""

import asyncio
import contextlib
import errno
import sys
from collections.abc import Coroutine, Iterator
from typing import Any, NoReturn

import httpx
import typer

from app.local.postgres import NoDatabase
from app.local.processes import NotStarted, until_told_to_stop

SHORT_OF = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})
"""Errors of the file system that are nobody's bug: no space, or no permission."""

OBSTACLES = (NotStarted, NoDatabase, OSError, httpx.HTTPError, ExceptionGroup)
"""Errors that may be nobody's bug."""


def carry_out(work: Coroutine[Any, Any, int], *, told_code: int = 130) -> NoReturn:
    """Do the work and end the command with the code that it returns, or with ``told_code`` when a signal ended it."""
    with plainly():
        code = asyncio.run(until_told_to_stop(work, told_code=told_code))
    raise typer.Exit(code)


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """Tell in a sentence what keeps a command from its work, and end it with code 1. Bugs keep their tracebacks."""
    try:
        yield
    except OBSTACLES as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        print(f"\n{sentence}", file=sys.stderr)
        raise typer.Exit(1) from error


def sentence_of(error: Exception) -> str | None:
    """Say what keeps a command from its work; None: the error is a bug."""
    match error:
        case NotStarted() | NoDatabase():
            return str(error)
        case OSError() if error.errno in SHORT_OF:
            return f"{error.filename or 'What is kept under .data'} cannot be written: {error.strerror}."
        case httpx.HTTPError():
            return f"A server of this run did not answer: {str(error) or type(error).__name__}."
        case ExceptionGroup():
            told = [sentence_of(each) for each in error.exceptions]
            return None if None in told else told[0]
        case _:
            return None
