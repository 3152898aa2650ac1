"""Who may call a shop: keys, access tokens, privileges, and the limits of the token endpoint.

https://developer.shopware.com/docs/guides/integrations-api/#authentication
"""

import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.sandbox.shopware.records import Thing
from app.sandbox.shopware.switches import Switches

LIMITED_SECONDS = 10
MINUTE = 60.0


class Limited(Exception):
    """Too many tokens were asked for. ``header``: the wait is told in a header, as by the cloud, and not in the error."""

    def __init__(self, seconds: int, *, header: bool) -> None:
        super().__init__(f"Too many requests, try again in {seconds} seconds.")
        self.seconds = seconds
        self.header = header


class Denied(Exception):
    """The key, or the token, is not accepted."""


@dataclass
class Access:
    """Tokens that were given, and how often they were asked for. ``clock`` counts seconds. Nothing of it is kept."""

    switches: Callable[[str], Switches]
    clock: Callable[[], float] = time.monotonic
    _tokens: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    _asked: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _failed: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def give(self, shop: Thing, key: object, secret: object) -> tuple[str, int]:
        """Return a token and the seconds that it lasts. Denied or Limited."""
        self._limit(shop["shop"])
        found = shop["integrations"].get(key) if isinstance(key, str) else None
        if found is None or found["secret"] != secret or not self._is_alive(shop, found):
            self._failed[shop["shop"]].append(self.clock())
            raise Denied("Client authentication failed")
        self._failed[shop["shop"]].clear()
        token = f"eyJ0eXAiOiJKV1Qi.{secrets.token_urlsafe(48)}"
        lasts = self.switches(shop["shop"]).token_seconds
        self._tokens[token] = (shop["shop"], str(key), self.clock() + lasts)
        return token, lasts

    def _limit(self, shop: str) -> None:
        switches, now = self.switches(shop), self.clock()
        asked, failed = self._asked[shop], self._failed[shop]
        while asked and asked[0] <= now - MINUTE:
            asked.popleft()
        if switches.tokens_per_minute is not None and len(asked) >= switches.tokens_per_minute:
            raise Limited(max(1, int(asked[0] + MINUTE - now) + 1) if asked else int(MINUTE), header=True)
        if len(failed) >= switches.failed_logins and failed[-1] > now - LIMITED_SECONDS:
            raise Limited(max(1, int(failed[-1] + LIMITED_SECONDS - now) + 1), header=False)
        asked.append(now)

    def enter(self, shop: Thing, header: str) -> Thing:
        """Return the integration that a token is of. Denied if it is none of this shop, too old, or of a key that is gone."""
        named, key, until = self._tokens.get(header.removeprefix("Bearer "), ("", "", 0.0))
        found: Thing | None = shop["integrations"].get(key)
        if named != shop["shop"] or until <= self.clock() or found is None or not self._is_alive(shop, found):
            raise Denied("The resource owner or authorization server denied the request.")
        return found

    @staticmethod
    def _is_alive(shop: Thing, integration: Thing) -> bool:
        """Tell whether a key is in force: that of an app only while the app is active, so not yet while it registers."""
        return not integration["app"] or (shop["app"] is not None and shop["app"]["active"])

    def forget(self) -> None:
        """Have all tokens end now."""
        self._tokens.clear()


def lacking(integration: Thing, needed: set[str]) -> list[str]:
    """Return the privileges that an integration lacks; one of an administrator lacks none."""
    held = integration["privileges"]
    return [] if held is None else sorted(needed - set(held))
