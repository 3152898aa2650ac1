"""State that survives a restart: one JSON file, replaced as a whole."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

DELAY = 0.3
"""Seconds between a change and the save that takes it, and all others meanwhile, to the disk."""


class SavedState:
    """Keeps what a server knows in a file; without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._snapshot: Callable[[], dict[str, Any]] | None = None
        self._saving: asyncio.Task[None] | None = None

    def load(self) -> dict[str, Any] | None:
        """Return what was saved last; None when nothing was."""
        if self._path is None or not self._path.exists():
            return None
        loaded: dict[str, Any] = json.loads(self._path.read_text())
        return loaded

    def changed(self, snapshot: Callable[[], dict[str, Any]]) -> None:
        """Have the state saved soon."""
        if self._path is None:
            return
        self._snapshot = snapshot
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._later())

    async def _later(self) -> None:
        await asyncio.sleep(DELAY)
        self._write()

    async def flush(self) -> None:
        """Save now what has changed."""
        if self._saving is not None:
            self._saving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._saving
        self._write()

    def _write(self) -> None:
        if self._path is None or self._snapshot is None:
            return
        snapshot, self._snapshot = self._snapshot, None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(snapshot()))
        fresh.replace(self._path)
