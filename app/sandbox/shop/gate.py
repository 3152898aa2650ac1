"""The gate of a shop's API: what is counted, and what goes wrong before an answer is given or after."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.responses import Response

from app.sandbox.faults import Faults, Kind

Answers = Mapping[Kind, Callable[[], Response]]
"""How a platform itself answers under a misbehaviour, such as a token that was revoked."""


class Gate:
    """Calls and misbehaviours, by shop. Misbehaviours of all shops are under an empty name."""

    def __init__(self) -> None:
        self.faults: defaultdict[str, Faults] = defaultdict(lambda: Faults([]))
        self.calls: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.names: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def count(self, shop: str, operations: Sequence[str], name: str) -> None:
        """Count a call that was answered: by what it does, and by the name that its caller gave it."""
        self.calls[shop].update(operations)
        self.names[shop].update([name])

    async def answer(
        self, shop: str, operations: Sequence[str], run: Callable[[], Awaitable[Response]], own: Answers
    ) -> Response:
        """Return what ``run`` answers, or what misbehaviours make of it: first the shop's, then those of all shops."""

        async def then_of_all() -> Response:
            return await self._misbehave("", operations, run, own)

        return await self._misbehave(shop, operations, then_of_all, own)

    async def _misbehave(
        self, whose: str, operations: Sequence[str], run: Callable[[], Awaitable[Response]], own: Answers
    ) -> Response:
        faults = self.faults[whose]
        for kind, answer in own.items():
            if faults.next(operations, kind) is not None:
                return answer()
        return await faults.answer(operations, run)
