"""The README and the notes for operators say what the code does."""

import re
from pathlib import Path

from app.platforms.registry import ADAPTERS
from app.settings import Settings

README = Path("README.md").read_text()
OPERATING = Path("docs/operating.md").read_text()


def test_the_table_of_settings_has_every_setting_with_its_meaning() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| .*? \| (.*) \|$", README, flags=re.MULTILINE))
    assert rows == {name.upper(): field.description for name, field in Settings.model_fields.items()}


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", Path("Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", README)) | set(
        re.findall(r"^make ([a-z-]+)", README, flags=re.MULTILINE)
    )
    assert named <= targets
    assert named


def test_every_path_that_is_named_exists() -> None:
    named = re.findall(r"`((?:app|docs|tests)/[a-z_/.]+)`", README)
    assert named
    assert [each for each in named if not Path(each).exists()] == []


def test_the_table_of_credentials_has_every_platform_with_all_that_is_entered_by_hand() -> None:
    rows = {
        name: (shop, told)
        for name, shop, told in re.findall(r"^\| `([a-z]+)` \| `(\S+)` \| (.*) \|$", OPERATING, re.MULTILINE)
    }
    assert {name: told for name, (_, told) in rows.items()} == {
        name: " ".join(f"`{each}`: {meaning}" for each, meaning in adapter.installation.by_hand.items())
        for name, adapter in ADAPTERS.items()
    }
    assert all(ADAPTERS[name].installation.shop(shop) == shop for name, (shop, _) in rows.items())
