"""The pages that a supplier sees while installing: small, honest, nothing from outside, no script, no secret."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.domain.errors import (
    AlreadyInstalled,
    ConsentRefused,
    InstallNotFound,
    IntegrationError,
    InvalidInstallation,
    InvalidSignature,
    NotPossibleNow,
    TemporaryError,
    WrongBrowser,
)
from app.domain.installing import START_AGAIN, PendingInstall
from app.flows.installs.travel import handshake_of
from app.flows.services import Services

FOLDER = Path(__file__).parent / "pages"
STYLE = (FOLDER / "style.css").read_text()

REFRESH_SECONDS = 2
"""How often a page asks again on which something is about to happen."""

_style_digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    # No form-action: browsers apply it to where a form's answer leads, too, and that is the shop.
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_style_digest}'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer to a browser: what its address holds goes nowhere else."""

_templates = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)

TITLES = {
    "waiting": "Almost there",
    "agreed": "Connecting",
    "done": "Connected",
    "refused": "Not installed",
    "failed": "Not installed",
    "expired": "This took too long",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One question. ``options`` (value and label) empty: the answer is a text. What is ``secret`` is never shown again."""

    name: str
    label: str
    value: str = ""
    hint: str = ""
    options: Sequence[tuple[str, str]] = ()
    secret: bool = False
    errors: Sequence[str] = field(default=())


def told(
    title: str,
    why: str,
    *,
    way_on: str = "",
    facts: Sequence[tuple[str, str]] = (),
    go_on: str | None = None,
    by_hand: str | None = None,
    refresh: int | None = None,
    status: int = 200,
) -> HTMLResponse:
    """Return a page that tells something. ``go_on`` is where its one button leads."""
    return _page(
        "told.html",
        status,
        title=title,
        why=why,
        way_on=way_on,
        facts=facts,
        go_on=go_on,
        by_hand=by_hand,
        refresh=refresh,
    )


def form(
    title: str, why: str, *, action: str, fields: Sequence[FormField], button: str, wrong: str = "", status: int = 200
) -> HTMLResponse:
    """Return a page with a form."""
    return _page(
        "form.html",
        status,
        title=title,
        why=why,
        action=action,
        fields=fields,
        button=button,
        wrong=wrong,
        refresh=None,
    )


def progress(services: Services, install: PendingInstall) -> HTMLResponse:
    """Return the page that shows how an install goes."""
    platform = install.platform or "orderchamp"
    waiting = install.state == "waiting"
    adapter = services.adapters.get(platform)
    by_hand = waiting and install.account_id is not None and adapter is not None and bool(adapter.installation.by_hand)
    return told(
        TITLES[install.state],
        install.why,
        way_on=install.way_on,
        facts=_facts(install, adapter.name if adapter is not None else None),
        go_on=f"/install/{platform}" if waiting else None,
        by_hand=f"/install/{platform}/keys" if by_hand and handshake_of(services, platform) is not None else None,
        refresh=REFRESH_SECONDS if install.state == "agreed" else None,
    )


def _facts(install: PendingInstall, platform: str | None) -> list[tuple[str, str]]:
    facts: Mapping[str, str | None] = {"Platform": platform, "Shop": install.shop}
    return [(name, value) for name, value in facts.items() if value is not None]


def _page(template: str, status: int, **given: object) -> HTMLResponse:
    text = _templates.get_template(template).render(style=STYLE, **given)
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def problem_page(error: IntegrationError) -> HTMLResponse:
    """Return what a supplier is told about an error of ours, and what to do."""
    match error:
        case InstallNotFound():
            return told("Not known here", str(error), way_on=START_AGAIN, status=404)
        case WrongBrowser():
            way_on = "Go on in the browser in which it was begun, and allow cookies. Or " + START_AGAIN.lower()[:1]
            return told("Another browser", str(error), way_on=way_on + START_AGAIN[1:], status=403)
        case InvalidSignature():
            return told("Not accepted", f"{error} Nothing was changed.", way_on=START_AGAIN, status=401)
        case ConsentRefused():
            return told("Not installed", str(error), way_on=START_AGAIN)
        case AlreadyInstalled() | NotPossibleNow():
            return told(
                "Not installed", str(error), way_on="Ask Orderchamp's support if that is a mistake.", status=409
            )
        case TemporaryError():
            way_on = "Load this page again in a moment."
            return told("Not reachable now", str(error), way_on=way_on, status=503)
        case _:
            reasons = error.reasons if isinstance(error, InvalidInstallation) else ()
            why = " ".join([str(error), *(reason for _, reason in reasons)])
            return told("Not installed", why, way_on=START_AGAIN, status=422)


def unavailable_page() -> HTMLResponse:
    """Return what a supplier is told while the database is away."""
    why = "This service cannot reach its database. Nothing is lost."
    return told("Not reachable now", why, way_on="Load this page again in a moment.", status=503)
