"""Installing in a browser: the addresses that suppliers, Orderchamp and shops come to.

People get pages; a shop that calls by itself gets what its platform expects, or a problem. A cookie tells a browser from
others, so that an answer counts only in the browser that was sent off for it.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.api.dependencies import ServicesDep
from app.api.errors import TooLarge, TooSlow, documented, from_error, from_unread
from app.api.install_forms import choice_form, choice_of, keys_form
from app.api.install_pages import HEADERS, problem_page, progress, unavailable_page
from app.api.reading import read_delivery
from app.domain.errors import AlreadyInstalled, CredentialsRefused, IntegrationError, InvalidInstallation
from app.domain.http import Delivery
from app.domain.http import Response as Reply
from app.flows.installs.choose import choose, enter_keys, open_choice, open_keys
from app.flows.installs.hear_orderchamp import begin_at_orderchamp, hear_orderchamp
from app.flows.installs.hear_shop import hear_shop
from app.flows.installs.travel import LIFETIME, arrive, continue_, look
from app.flows.services import Services

_PAGE: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page for people, or what the platform expects.", "content": {**_PAGE, "*/*": {}}},
    303: {"description": "The browser goes on."},
    # Browsers are told in a page, a shop that calls by itself in a problem.
    **{
        status: {**each, "content": {**each["content"], **_PAGE}}
        for status, each in documented(401, 403, 404, 409, 413, 422, 503).items()
    },
}
"""What any of these addresses may answer."""

router = APIRouter(prefix="/install", tags=["Installing"], default_response_class=Response, responses=ANSWERS)

COOKIE = "install"
BROWSER = re.compile(r"[0-9A-Za-z]{64}")

MAX_BODY_BYTES = 64 * 1024
"""More than any handshake or form needs."""

PlatformName = Annotated[str, Path(description="The platform's name, such as `shopify`.", max_length=40)]

REFUSALS = (InvalidInstallation, AlreadyInstalled, CredentialsRefused)
"""What a supplier can mend in a form."""

Step = Callable[[str], Awaitable[str | Response]]
"""One step of a browser, which it is given the name of: where it goes on, or what it is shown."""


@router.get("/orderchamp", summary="Begin an install at Orderchamp", status_code=303)
async def begin(request: Request, services: ServicesDep) -> Response:
    """The application URL of our app at Orderchamp: sends the supplier on to let the app into their account."""

    async def step(browser: str) -> str:
        return begin_at_orderchamp(services, browser=browser)

    return await _browse(request, services, step)


@router.get("/orderchamp/callback", summary="Take Orderchamp's answer", status_code=303)
async def orderchamp_answered(request: Request, services: ServicesDep) -> Response:
    """The redirect URL of our app at Orderchamp, signed; also where a supplier lands who refused."""

    async def step(browser: str) -> str:
        return await hear_orderchamp(services, await _call(request, services), browser=browser)

    return await _browse(request, services, step)


@router.get("/orderchamp/choice", summary="Choose a shop")
async def choice(request: Request, services: ServicesDep) -> Response:
    """A form for the platform, the shop and the settings that have no default."""

    async def step(browser: str) -> Response:
        install, storefronts = await open_choice(services, browser=browser)
        if install.state != "waiting" or install.account_id is None:
            return progress(services, install)
        chosen = {"platform": install.platform or "", "shop": install.shop or ""}
        return choice_form(services, storefronts, given={name: value for name, value in chosen.items() if value})

    return await _browse(request, services, step)


@router.post("/orderchamp/choice", summary="Take what was chosen", status_code=303)
async def chosen(request: Request, services: ServicesDep) -> Response:
    """What is wrong is told beside it; otherwise the browser goes on to the shop."""

    async def step(browser: str) -> str | Response:
        given = await _form(request, services)
        try:
            return await choose(services, choice_of(given), browser=browser)
        except REFUSALS as error:
            _, storefronts = await open_choice(services, browser=browser)
            return choice_form(services, storefronts, given=given, wrong=str(error), reasons=_reasons(error))

    return await _browse(request, services, step)


@router.get("/{platform}", summary="See how an install goes, or begin it")
async def open_install(
    request: Request,
    platform: PlatformName,
    services: ServicesDep,
    key: Annotated[str | None, Query(max_length=200, description="What the address of an install carries.")] = None,
) -> Response:
    """With a key, the browser is sent on to let us in; without, it sees how what it began last goes."""

    async def step(browser: str) -> str | Response:
        if key is not None:
            return await arrive(services, platform, key, browser=browser)
        return progress(services, await look(services, platform, browser=browser))

    return await _browse(request, services, step)


@router.post("/{platform}", summary="Go on with an install", status_code=303)
async def go_on(request: Request, platform: PlatformName, services: ServicesDep) -> Response:
    """Send the browser on to whoever has yet to agree, once more if need be."""

    async def step(browser: str) -> str:
        return await continue_(services, None if platform == "orderchamp" else platform, browser=browser)

    return await _browse(request, services, step)


@router.get("/{platform}/keys", summary="Enter credentials by hand")
async def keys(request: Request, platform: PlatformName, services: ServicesDep) -> Response:
    """A form for the credentials of a shop."""

    async def step(browser: str) -> Response:
        install, name, by_hand = await open_keys(services, platform, browser=browser)
        if install.state != "waiting":
            return progress(services, install)
        return keys_form(install, name, by_hand, given={})

    return await _browse(request, services, step)


@router.post("/{platform}/keys", summary="Take credentials by hand", status_code=303)
async def keys_entered(request: Request, platform: PlatformName, services: ServicesDep) -> Response:
    """They are tried first; what is wrong is told beside it."""

    async def step(browser: str) -> str | Response:
        given = await _form(request, services)
        credentials = {name: value for name, value in given.items() if name != "shop"}
        try:
            return await enter_keys(
                services, platform, shop=given.get("shop", ""), credentials=credentials, browser=browser
            )
        except REFUSALS as error:
            install, name, by_hand = await open_keys(services, platform, browser=browser)
            return keys_form(install, name, by_hand, given=given, wrong=str(error), reasons=_reasons(error))

    return await _browse(request, services, step)


@router.get("/{platform}/callback", summary="Take what a shop answers")
async def answered(request: Request, platform: PlatformName, services: ServicesDep) -> Response:
    """Where the supplier's browser comes back to, and where platforms call that do so by themselves."""
    return await _hear(request, services, platform)


@router.post("/{platform}/callback", summary="Take what a shop sends")
async def sent(request: Request, platform: PlatformName, services: ServicesDep) -> Response:
    """For platforms that hand over keys by themselves."""
    return await _hear(request, services, platform)


@router.post("/{platform}/confirm", summary="Take what a shop confirms")
async def confirmed(request: Request, platform: PlatformName, services: ServicesDep) -> Response:
    """For handshakes that end with a call of their own."""
    return await _hear(request, services, platform)


async def _hear(request: Request, services: Services, platform: str) -> Response:
    async def step(browser: str) -> str | Response:
        heard = await hear_shop(services, platform, await _call(request, services), browser=browser)
        return _plain(heard) if isinstance(heard, Reply) else heard

    if "text/html" in request.headers.get("accept", ""):
        return await _browse(request, services, step)
    try:
        answer = await step(_browser(request, services))
    except IntegrationError as error:
        return from_error(error)
    except (TooLarge, TooSlow) as error:
        return from_unread(error)
    return answer if isinstance(answer, Response) else RedirectResponse(answer, status_code=303, headers=HEADERS)


async def _browse(request: Request, services: Services, step: Step) -> Response:
    """Do one step for a browser: send it on, or show it a page. The cookie by which it is known lives as long as an install."""
    browser = _browser(request, services)
    try:
        answer = await step(browser)
    except IntegrationError as error:
        answer = problem_page(error)
    except (TooLarge, TooSlow) as error:
        return from_unread(error)
    except services.store.unavailable:
        return unavailable_page()
    if isinstance(answer, str):
        answer = RedirectResponse(answer, status_code=303, headers=HEADERS)
    answer.set_cookie(
        COOKIE,
        browser,
        max_age=int(LIFETIME.total_seconds()),
        path="/install",
        secure=request.app.state.secure_cookies,
        httponly=True,
        samesite="lax",
    )
    return answer


def _browser(request: Request, services: Services) -> str:
    given = request.cookies.get(COOKIE, "")
    return given if BROWSER.fullmatch(given) else services.new_secret()


async def _call(request: Request, services: Services) -> Delivery:
    return await read_delivery(
        request.scope,
        request.receive,
        limit=MAX_BODY_BYTES,
        seconds=request.app.state.body_seconds,
        received_at=services.clock(),
    )


async def _form(request: Request, services: Services) -> Mapping[str, str]:
    body = (await _call(request, services)).body
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: value.replace("\x00", "") for name, value in pairs}


def _plain(reply: Reply) -> Response:
    return Response(reply.body, status_code=reply.status, headers=dict(reply.headers))


def _reasons(error: IntegrationError) -> tuple[tuple[str, str], ...]:
    return error.reasons if isinstance(error, InvalidInstallation) else ()
