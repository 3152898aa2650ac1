"""How the Admin API shows what a shop has: entities with the associations that were asked for.

Nothing is taken over from a parent unless the caller wants that.
"""

from collections.abc import Callable, Mapping
from typing import Any

from app.sandbox.shopware.records import Thing

Associations = Mapping[str, Mapping[str, Any]]

SIZES = ("weight", "length", "width", "height")
INHERITED = (
    *(
        "active",
        "isCloseout",
        "price",
        "ean",
        *SIZES,
        "manufacturerNumber",
        "manufacturerId",
        "taxId",
        "coverId",
        "media",
    ),
    *("visibilities", "name", "description"),
)
"""What a variant that leaves it open has from its product."""

TRANSLATED = ("name", "description")


def inherited(shop: Thing, entity: Thing) -> Thing:
    """Return a variant with what it has from its product; anything else as it is."""
    parent = shop["products"].get(entity["parentId"] or "")
    if parent is None:
        return entity
    return {**entity, **{name: parent.get(name) for name in INHERITED if entity.get(name) in (None, [])}}


def product(shop: Thing, entity: Thing, wanted: Associations, *, inherit: bool) -> Thing:
    """Show a product. Parts that were not asked for are null."""
    seen = inherited(shop, entity) if inherit else entity
    shown = {name: value for name, value in seen.items() if name not in ("media", "visibilities")}
    shown |= {"translated": {name: seen[name] for name in TRANSLATED}, "apiAlias": "product"}
    parts: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
        "manufacturer": lambda _: _manufacturer(shop, seen["manufacturerId"]),
        "cover": lambda _: next((_medium(each) for each in seen["media"] if each["id"] == seen["coverId"]), None),
        "media": lambda _: [_medium(each) for each in seen["media"]],
        "options": lambda asked: [
            _option(shop, each, asked.get("associations") or {}) for each in seen["optionIds"] or ()
        ],
        "visibilities": lambda _: [{**each, "apiAlias": "product_visibility"} for each in seen["visibilities"]],
        "children": lambda asked: [
            product(shop, each, asked.get("associations") or {}, inherit=inherit)
            for each in shop["products"].values()
            if each["parentId"] == seen["id"]
        ],
    }
    return {**shown, **{name: show(wanted[name]) if name in wanted else None for name, show in parts.items()}}


PARTS = ("manufacturer", "cover", "media", "options", "visibilities", "children")

NEEDS = {
    "product": "product:read",
    "manufacturer": "product_manufacturer:read",
    "cover": "product_media:read",
    "media": "product_media:read",
    "options": "property_group_option:read",
    "group": "property_group:read",
    "visibilities": "product_visibility:read",
    "children": "product:read",
}
"""The privilege that each part needs; ``media`` of a ``product_media`` needs one more."""


def privileges(wanted: Associations, *, within: str = "product") -> set[str]:
    """Return the privileges that associations need."""
    found: set[str] = set()
    for name, asked in wanted.items():
        found.add("media:read" if within in ("media", "cover") else NEEDS.get(name, f"{name}:read"))
        found |= privileges(asked.get("associations") or {}, within=name)
    return found


def _manufacturer(shop: Thing, manufacturer_id: str | None) -> Thing | None:
    if manufacturer_id is None:
        return None
    name = shop["manufacturers"][manufacturer_id]
    return {"id": manufacturer_id, "name": name, "translated": {"name": name}, "apiAlias": "product_manufacturer"}


def _medium(stored: Thing) -> Thing:
    media = {"url": stored["url"], "mimeType": "image/jpeg", "apiAlias": "media"}
    return {"id": stored["id"], "position": stored["position"], "media": media, "apiAlias": "product_media"}


def _option(shop: Thing, option_id: str, wanted: Associations) -> Thing:
    option = shop["options"][option_id]
    group = shop["groups"][option["groupId"]]
    shown_group = {
        "id": option["groupId"],
        "name": group["name"],
        "position": group["position"],
        # PHP writes an empty map as a list.
        "translated": {"name": group["name"]} if group["name"] else [],
        "apiAlias": "property_group",
    }
    return {
        "id": option_id,
        "name": option["name"],
        "translated": {"name": option["name"]},
        "groupId": option["groupId"],
        "group": shown_group if "group" in wanted else None,
        "apiAlias": "property_group_option",
    }


def webhook(stored: Thing) -> Thing:
    return {**stored, "apiAlias": "webhook"}


def only(shown: Any, includes: Mapping[str, list[str]]) -> Any:
    """Return what was shown, with the fields alone that the caller named for an entity."""
    if isinstance(shown, list):
        return [only(each, includes) for each in shown]
    if not isinstance(shown, dict):
        return shown
    alias = shown.get("apiAlias")
    kept = includes.get(alias) if isinstance(alias, str) else None
    return {
        name: only(value, includes)
        for name, value in shown.items()
        if kept is None or name in kept or name == "apiAlias"
    }
