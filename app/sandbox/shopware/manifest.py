"""An app as a merchant uploads it: a ZIP with a folder of the app's name, and in it ``manifest.xml``.

https://developer.shopware.com/docs/resources/references/app-reference/manifest-reference.html
"""

import io
import re
import zipfile
from dataclasses import dataclass
from xml.etree import ElementTree

from app.sandbox.shop.sandbox import Impossible

PARTS = frozenset({"meta", "setup", "permissions", "webhooks"})
ATTRIBUTES = frozenset({"name", "url", "event"})
"""What every version of Shopware 6 that is in use knows; it refuses what its schema does not name."""

EVENT = re.compile(r"[A-Za-z0-9._:-]+")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an app asks for. ``webhooks``: name, event and address of each."""

    name: str
    version: str
    registration_url: str
    secret: str
    privileges: tuple[str, ...]
    webhooks: tuple[tuple[str, str, str], ...]


def read(uploaded: bytes) -> Manifest:
    """Return the manifest of an uploaded app. Impossible: Shopware would not take it."""
    try:
        with zipfile.ZipFile(io.BytesIO(uploaded)) as archive:
            names = [each for each in archive.namelist() if each.count("/") == 1 and each.endswith("/manifest.xml")]
            if len(names) != 1:
                raise Impossible("The archive holds no folder with a manifest.xml.")
            text = archive.read(names[0]).decode()
        found = _manifest(ElementTree.fromstring(text))  # noqa: S314 - made by ourselves, on this machine
    except (zipfile.BadZipFile, ElementTree.ParseError, UnicodeDecodeError) as error:
        raise Impossible(f"The archive cannot be read: {error}") from error
    if found.name != names[0].partition("/")[0]:
        raise Impossible(f"The folder must be named like the app: {found.name}.")
    return found


def _manifest(root: ElementTree.Element) -> Manifest:
    unknown = {each.tag for each in root} - PARTS
    if root.tag != "manifest" or unknown:
        raise Impossible(f"The manifest does not follow the schema: {', '.join(sorted(unknown)) or root.tag}.")
    for needed in ("name", "label", "author", "copyright", "version", "license"):
        if not _text(root, f"meta/{needed}"):
            raise Impossible(f"The manifest's meta data lack {needed}.")
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", _text(root, "meta/name")) is None:
        raise Impossible("The name of an app is written in CamelCase.")
    return Manifest(
        name=_text(root, "meta/name"),
        version=_text(root, "meta/version"),
        registration_url=_text(root, "setup/registrationUrl"),
        secret=_text(root, "setup/secret"),
        privileges=tuple(_privilege(each) for each in root.iterfind("permissions/*")),
        webhooks=tuple(_webhook(each) for each in root.iterfind("webhooks/webhook")),
    )


def _text(root: ElementTree.Element, path: str) -> str:
    return (root.findtext(path) or "").strip()


def _privilege(element: ElementTree.Element) -> str:
    if element.tag not in ("read", "create", "update", "delete"):
        raise Impossible(f"There is no permission {element.tag}.")
    return f"{(element.text or '').strip()}:{element.tag}"


def _webhook(element: ElementTree.Element) -> tuple[str, str, str]:
    if set(element.attrib) != ATTRIBUTES or EVENT.fullmatch(element.attrib["event"]) is None:
        raise Impossible("A webhook has a name, an address and an event, and nothing else.")
    return element.attrib["name"], element.attrib["event"], element.attrib["url"]
