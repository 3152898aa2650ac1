"""A scripted browser: opens pages, fills in their forms, presses their buttons, and keeps cookies. No script runs in it."""

import asyncio
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

import httpx


class NotThere(Exception):
    """A page is not as expected; the message shows what it says."""


@dataclass(slots=True)
class Form:
    """A form of a page: the values that it would send, and its buttons by what they say."""

    action: str
    method: str
    values: list[tuple[str, str]] = field(default_factory=list)
    buttons: dict[str, tuple[str, str] | None] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.heading = ""
        self._in_heading = False
        self._select: str | None = None
        self._button: tuple[str, str] | None = None
        self._in_button = self._unseen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self.forms.append(Form(action=given.get("action", ""), method=given.get("method", "get")))
            case "input" if self.forms:
                self._input(given, {name for name, _ in attrs})
            case "select":
                self._select = given.get("name")
            case "option" if self._select is not None and self.forms:
                self.forms[-1].values.append((self._select, given.get("value", "")))
                self._select = None  # The first one is chosen.
            case "button":
                self._in_button = True
                self._button = (given["name"], given.get("value", "")) if "name" in given else None
            case "h1":
                self._in_heading = True
            case "style" | "title":
                self._unseen = True

    def _input(self, given: dict[str, str], flags: set[str]) -> None:
        chosen = given.get("type") not in ("radio", "checkbox") or "checked" in flags
        if chosen and given.get("name"):
            self.forms[-1].values.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._in_button = False
        if tag == "h1":
            self._in_heading = False
        if tag in ("style", "title"):
            self._unseen = False

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if self._in_button and text and self.forms:
            self.forms[-1].buttons[text] = self._button
        if text and not self._unseen:
            self.words.append(text)
        if text and self._in_heading:
            self.heading = text


class Browser:
    """A browser with one page; ``client`` keeps its cookies. ``visited`` are all addresses it was at, in order."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.url = ""
        self.text = self.heading = ""
        self.visited: list[str] = []
        self._forms: list[Form] = []

    async def open(self, url: str) -> "Browser":
        """Open an address and follow where it leads."""
        return self._show(await self._client.get(url, headers={"Accept": "text/html"}, follow_redirects=True))

    async def reload(self) -> "Browser":
        """Open the same address again."""
        return await self.open(self.url)

    async def press(self, button: str, **filled: str) -> "Browser":
        """Fill in the form that has this button, and press it. NotThere when the page has none."""
        form = next((each for each in self._forms if button in each.buttons), None)
        if form is None:
            raise NotThere(f"There is no button “{button}” on {self.url}, which says: {self.text}")
        values = [(name, value) for name, value in form.values if name not in filled] + list(filled.items())
        pressed = form.buttons[button]
        values += [] if pressed is None else [pressed]
        url = urljoin(self.url, form.action)
        headers = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}
        return self._show(
            await self._client.post(url, content=urlencode(values), headers=headers, follow_redirects=True)
        )

    async def until(self, text: str, *, within: float = 20) -> "Browser":
        """Load the page again and again until it says ``text``; NotThere when it does not in time."""
        try:
            async with asyncio.timeout(within):
                while text not in self.text:
                    await asyncio.sleep(0.1)
                    await self.reload()
        except TimeoutError:
            raise NotThere(f"{self.url} does not say “{text}”, but: {self.text}") from None
        return self

    def _show(self, answer: httpx.Response) -> "Browser":
        reader = _Reader()
        reader.feed(answer.text)
        self.url, self.text, self.heading = str(answer.url), " ".join(reader.words), reader.heading
        self._forms = reader.forms
        self.visited += [str(each.url) for each in (*answer.history, answer)]
        return self
