"""The channel: what of a merchant's products was told and acknowledged, and what has yet to be.

Of each record the channel keeps the number that its other side gave it, and what that other side has acknowledged. What is
acknowledged is what was told last, so that a change in between is told again.
"""

from typing import Any

from app.sandbox.channelengine.records import content, listed, offered

Thing = dict[str, Any]

TOLD_AT_ONCE = 500


def changes(shop: Thing, most: int) -> Thing:
    """Return what was not acknowledged yet, ``most`` records of each sort."""
    known = shop["channel"]
    new, changed, there = [], [], set()
    for record in listed(shop):
        key = str(record["Id"])
        there.add(key)
        if key in known:
            if known[key]["content"] != content(record):
                changed.append(record)
        elif record["Parent"] is None or str(record["Parent"]) in known:
            new.append(record)
    gone = [each["number"] for key, each in known.items() if key not in there]
    most = min(most, TOLD_AT_ONCE)
    return {
        "ToBeCreated": [_tell(shop, each) for each in new[:most]],
        "ToBeUpdated": [_tell(shop, each) for each in changed[:most]],
        "ToBeRemoved": gone[:most],
        "ToBeCreatedTotalCount": len(new),
        "ToBeUpdatedTotalCount": len(changed),
        "ToBeDeletedTotalCount": len(gone),
    }


def _tell(shop: Thing, record: Thing) -> Thing:
    shop["told"][str(record["Id"])] = record
    known, parent = shop["channel"], record["Parent"]
    shown = {name: value for name, value in record.items() if name != "Parent"}
    own = known.get(str(record["Id"]))
    return {
        **shown,
        "ChannelProductNo": None if own is None else own["number"],
        "ParentChannelProductNo": None if parent is None else known[str(parent)]["number"],
        "GrandparentChannelProductNo": None,
        "ExtraData": [],
    }


def offers(shop: Thing, page: int, size: int) -> list[Thing]:
    """Return the prices and stock that changed since they were acknowledged."""
    found = []
    for record in listed(shop):
        own = shop["channel"].get(str(record["Id"]))
        if own is not None and own["offer"] != offered(record):
            own["told_offer"] = offered(record)
            found.append(
                {"ChannelProductNo": own["number"], "MerchantProductNo": record["MerchantProductNo"], **offered(record)}
            )
    return found[(page - 1) * size : page * size]


def acknowledge(shop: Thing, given: Thing) -> None:
    """Take in that the other side has what it was told. What it never was told of is passed over."""
    for each in given.get("Created") or []:
        record = shop["told"].pop(str(each["Id"]), None)
        if record is not None:
            shop["channel"][str(each["Id"])] = {
                "number": each["ChannelProductNo"],
                "content": content(record),
                "offer": offered(record),
            }
    by_number = {each["number"]: key for key, each in shop["channel"].items()}
    for number in given.get("Updated") or []:
        record = shop["told"].pop(by_number.get(number, ""), None)
        if record is not None:
            shop["channel"][by_number[number]]["content"] = content(record)
    there = {str(each["Id"]) for each in listed(shop)}
    for number in given.get("Removed") or []:
        if number in by_number and by_number[number] not in there:
            del shop["channel"][by_number[number]]


def acknowledge_offers(shop: Thing, numbers: list[str]) -> None:
    for each in shop["channel"].values():
        if each["number"] in numbers and "told_offer" in each:
            each["offer"] = each.pop("told_offer")
