"""State that survives a restart: one JSON file, replaced as a whole."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DELAY = 0.3
"""Seconds between a change and the save that takes it, and all others meanwhile, to the disk."""

IDLE_SHARE = 9
"""A save that takes long is followed by a pause so many times as long: a large state must not be all that is worked on."""

log = logging.getLogger(__name__)


class StateUnreadable(Exception):
    """A state file is there but cannot be used; the message says what to do."""

    def __init__(self, path: Path | None, why: str) -> None:
        super().__init__(f"The state file {path} cannot be used: {why}. Delete it to begin afresh.")


class SavedState:
    """Keeps what a server knows in a file; without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._snapshot: Callable[[], dict[str, Any]] | None = None
        self._saving: asyncio.Task[None] | None = None
        self._delay = DELAY

    def load(self) -> dict[str, Any] | None:
        """Return what was saved last; None when nothing was; StateUnreadable when it is no JSON object."""
        if self._path is None or not self._path.exists():
            return None
        try:
            loaded = json.loads(self._path.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise StateUnreadable(self._path, str(error)) from error
        if not isinstance(loaded, dict):
            raise StateUnreadable(self._path, "it is not a JSON object")
        return loaded

    def changed(self, snapshot: Callable[[], dict[str, Any]]) -> None:
        """Have the state saved soon: what ``snapshot`` returns when the time has come. Needs a running event loop."""
        if self._path is None:
            return
        self._snapshot = snapshot
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._later())

    async def flush(self) -> None:
        """Save now what has changed."""
        if self._saving is not None:
            self._saving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._saving
        self._save()

    async def _later(self) -> None:
        await asyncio.sleep(self._delay)
        self._save()

    def _save(self) -> None:
        try:
            self._write()
        except OSError as error:
            log.error("The state could not be saved to %s: %s", self._path, error)  # noqa: TRY400 - no bug of ours

    def _write(self) -> None:
        if self._path is None or self._snapshot is None:
            return
        started = time.monotonic()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(self._path.name + ".new")
        fresh.write_text(json.dumps(self._snapshot()), encoding="utf-8")
        fresh.replace(self._path)
        self._snapshot = None
        self._delay = max(DELAY, IDLE_SHARE * (time.monotonic() - started))
