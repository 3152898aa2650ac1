"""Addresses of shops are foreign input: the usual ways to have us call something else."""

import pytest

from app.platforms.addresses import site

HOSTILE = [
    "",
    " ",
    "https://",
    "localhost",
    "https://localhost/",
    "shop",
    "127.0.0.1",
    "127.1",
    "https://127.0.0.1/",
    "127.0.0.1.",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "①②⑦.⓪.⓪.①",
    "169.254.169.254",
    "[::1]",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[fe80::1%25eth0]/",
    "https://[::1",
    "https://user@shop.example",
    "https://user:pw@shop.example",
    "https://shop.example@127.0.0.1/",
    "https://127.0.0.1\\@shop.example/",
    "https://shop.example\\.evil.example",
    "https:\\\\shop.example",
    "ftp://shop.example",
    "file:///etc/passwd",
    "gopher://shop.example",
    "javascript://shop.example/%0aalert(1)",
    "https://shop.example:22",
    "https://shop.example:0",
    "https://shop.example:80443",
    "https://shop.example:\uff16\uff14\uff14\uff13",
    "https://shop.example:-1",
    "https://shop.example/?next=https://evil.example",
    "https://shop.example/../admin",
    "https://shop.example/%2e%2e/admin",
    "https://shop.example/a b",
    "shop.example\r\nHost: evil.example",
    "shop.example\x00.evil.example",
    "shop.example\u202emoc.live",
    "shop..example",
    ".shop.example",
    "-shop.example",
    "shop-.example",
    "a" * 64 + ".example",
    ("a" * 60 + ".") * 5 + "example",
    "shop.example/" + "a" * 200,
    "\udce4.example",
]


@pytest.mark.parametrize("written", HOSTILE)
def test_is_no_address_of_a_shop(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        site(written)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("shop.example", "shop.example"),
        (" HTTPS://WWW.Shop.Example/ ", "www.shop.example"),
        ("http://shop.example:80/", "shop.example"),
        ("http://shop.example:443/", "shop.example"),
        ("shop.example:8443", "shop.example:8443"),
        ("shop.example.", "shop.example"),
        ("https://shop.example//nl//winkel/", "shop.example/nl/winkel"),
        ("https://shop.example/#top", "shop.example"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("1-2-3.example", "1-2-3.example"),
        ("shop.xn--p1ai", "shop.xn--p1ai"),
    ],
)
def test_any_way_of_writing_an_address_has_one_normal_form(written: str, normal: str) -> None:
    assert site(written) == normal
    assert site(normal) == normal
