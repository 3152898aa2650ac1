import stat
from pathlib import Path

from app.local.platforms import PLATFORMS
from app.local.town import Keys
from app.platforms.registry import ADAPTERS
from app.store.vault import Keyring


async def test_keys_are_made_once_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made = Keys(folder).made("client-secret")
    assert Keys(folder).made("client-secret") == made
    assert Keys(folder).made("shopify-token") != made
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}


def test_what_a_supplier_enters_is_made_once_and_looks_like_the_platforms(tmp_path: Path) -> None:
    entered = Keys(tmp_path).of_shop(PLATFORMS["shopify"])
    assert list(entered) == ["shopify-access_token"]
    assert entered["shopify-access_token"].startswith("shpat_")
    assert Keys(tmp_path).of_shop(PLATFORMS["shopify"]) == entered


def test_every_platform_that_is_known_can_be_shown() -> None:
    assert set(PLATFORMS) == set(ADAPTERS)
    for name, platform in PLATFORMS.items():
        assert ADAPTERS[name].installation.shop(platform.shop) == platform.shop
        assert set(platform.credentials) <= set(ADAPTERS[name].installation.by_hand)
        assert (platform.consent is not None) <= (ADAPTERS[name].handshake is not None)


async def test_the_vault_key_is_one_that_the_service_takes(tmp_path: Path) -> None:
    key = await Keys(tmp_path).vault()
    Keyring.parse(key)
    assert await Keys(tmp_path).vault() == key
