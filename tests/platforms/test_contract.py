"""What every platform must do, over every adapter in the registry and its samples."""

import contextlib
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.domain.errors import InvalidInstallation, InvalidSignature, Unreadable
from app.domain.event import Fact, Incomplete, StockFact, Tombstone
from app.domain.http import Delivery
from app.domain.product import Snapshot
from app.domain.projection import SourceProduct, project, project_read
from app.domain.settings import ApplicationSettings
from app.domain.state import Desired, desired_state
from app.domain.structs import replace
from app.flows.project_events import Book
from app.platforms.adapter import Adapter, Secret, Ticket, Webhooks
from app.platforms.registry import ADAPTERS
from tests.platforms.lives import LIVES, Life
from tests.platforms.samples import Sample, as_json, delivery, samples
from tests.platforms.test_addresses import HOSTILE

OURS, THEIRS = Secret(b"our secret"), Secret(b"their secret")
SAMPLES = [sample for platform in ADAPTERS for sample in samples(platform)]
TALKING = [adapter for adapter in ADAPTERS.values() if adapter.webhooks is not None]

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SETTINGS = ApplicationSettings(price_kind="wholesale")
ProductFact = Snapshot | StockFact | Incomplete | Tombstone

every_adapter = pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS.keys())
every_handshake = pytest.mark.parametrize(
    "adapter", [each for each in ADAPTERS.values() if each.handshake], ids=lambda each: each.platform
)
every_talking_one = pytest.mark.parametrize("adapter", TALKING, ids=[each.platform for each in TALKING])
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=[f"{each.platform}/{each.case}" for each in SAMPLES])
often = settings(database=None, deadline=None, max_examples=150)


def webhooks_of(adapter: Adapter) -> Webhooks:
    assert adapter.webhooks is not None
    return adapter.webhooks


@every_adapter
def test_is_listed_under_its_own_name(adapter: Adapter) -> None:
    assert ADAPTERS[adapter.platform] is adapter


@every_talking_one
def test_has_recorded_deliveries(adapter: Adapter) -> None:
    assert samples(adapter.platform)


@every_sample
def test_reads_its_samples(sample: Sample) -> None:
    facts = webhooks_of(ADAPTERS[sample.platform]).read(sample.delivery)

    assert as_json(facts) == sample.expected


@every_sample
def test_reads_the_same_bytes_the_same_again(sample: Sample) -> None:
    webhooks = webhooks_of(ADAPTERS[sample.platform])

    assert webhooks.read(sample.delivery) == webhooks.read(sample.delivery)
    assert webhooks.identify(sample.delivery) == webhooks.identify(sample.delivery)


@every_sample
def test_accepts_its_own_signature(sample: Sample) -> None:
    webhooks = webhooks_of(ADAPTERS[sample.platform])
    signed = webhooks.sign(sample.delivery, OURS)

    webhooks.verify(signed, [OURS])
    webhooks.verify(signed, [THEIRS, OURS])
    webhooks.verify(signed, [OURS, THEIRS])


@every_sample
def test_signing_changes_nothing_but_the_signature(sample: Sample) -> None:
    webhooks = webhooks_of(ADAPTERS[sample.platform])
    signed = webhooks.sign(sample.delivery, OURS)

    assert signed.body == sample.delivery.body
    assert webhooks.identify(signed) == webhooks.identify(sample.delivery)
    assert webhooks.read(signed) == webhooks.read(sample.delivery)


@every_sample
def test_refuses_the_signature_of_another(sample: Sample) -> None:
    webhooks = webhooks_of(ADAPTERS[sample.platform])

    with pytest.raises(InvalidSignature):
        webhooks.verify(webhooks.sign(sample.delivery, THEIRS), [OURS])


@every_sample
def test_refuses_a_changed_body(sample: Sample) -> None:
    webhooks = webhooks_of(ADAPTERS[sample.platform])
    signed = webhooks.sign(sample.delivery, OURS)

    for changed in mutations(sample.delivery, signed):
        with pytest.raises(InvalidSignature):
            webhooks.verify(changed, [OURS])


def mutations(unsigned: Delivery, signed: Delivery) -> list[Delivery]:
    """The delivery with other bodies; where the platform signs none, with other addresses, since those prove it."""
    if signed.headers == unsigned.headers:
        return [replace(signed, token=each.decode("latin-1")) for each in changes(signed.token.encode("latin-1"))]
    return [replace(signed, body=each) for each in changes(signed.body)]


def changes(body: bytes) -> list[bytes]:
    """The body with a bit turned over at places all over it, shortened, lengthened, and empty."""
    places = {0, len(body) // 3, len(body) // 2, len(body) - 1}
    turned = [body[:n] + bytes([body[n] ^ 1]) + body[n + 1 :] for n in places]
    return [*turned, body[:-1], body + b"\n", b""]


@every_sample
def test_refuses_everything_when_there_is_no_secret(sample: Sample) -> None:
    webhooks = webhooks_of(ADAPTERS[sample.platform])

    with pytest.raises(InvalidSignature):
        webhooks.verify(webhooks.sign(sample.delivery, OURS), [])


@every_sample
def test_refuses_an_empty_secret(sample: Sample) -> None:
    webhooks = webhooks_of(ADAPTERS[sample.platform])
    empty = Secret(b"")

    with pytest.raises(InvalidSignature):
        webhooks.verify(webhooks.sign(sample.delivery, empty), [empty])


@every_talking_one
def test_refuses_what_is_not_signed(adapter: Adapter) -> None:
    with pytest.raises(InvalidSignature):
        webhooks_of(adapter).verify(delivery(b"{}"), [OURS])


@every_talking_one
def test_unknown_topics_say_nothing(adapter: Adapter) -> None:
    webhooks = webhooks_of(adapter)

    for body in (b"{}", b"", b"\xff\xfe", b"<html>"):
        assert webhooks.read(delivery(body)) == ()


def test_secrets_do_not_show_in_a_repr() -> None:
    assert "secret" not in repr(OURS).replace("Secret", "")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@every_talking_one
@often
@given(data=st.data())
def test_garbage_is_unreadable_and_nothing_else(adapter: Adapter, data: st.DataObject) -> None:
    webhooks = webhooks_of(adapter)
    recorded = data.draw(st.sampled_from(samples_of(adapter)))
    body = data.draw(st.binary(max_size=200) | st.builds(lambda value: json.dumps(value).encode(), json_values))

    read_or_refuse(webhooks, replace(recorded.delivery, body=body))


@pytest.mark.parametrize(
    "adapter",
    [each for each in TALKING if any(each.delivery.body for each in samples(each.platform))],
    ids=lambda each: each.platform,
)
@often
@given(data=st.data())
def test_a_body_with_parts_exchanged_is_unreadable_and_nothing_else(adapter: Adapter, data: st.DataObject) -> None:
    webhooks = webhooks_of(adapter)
    recorded = data.draw(st.sampled_from([each for each in samples_of(adapter) if len(each.delivery.body) < 10_000]))
    body = json.loads(recorded.delivery.body)
    part, name = data.draw(st.sampled_from(parts(body)))
    strange = json_values | st.sampled_from(STRANGE)
    part[name] = data.draw(strange)

    read_or_refuse(webhooks, replace(recorded.delivery, body=json.dumps(body).encode()))


STRANGE: list[object] = [
    "",
    "\x00",
    "\ud800",
    "0001-01-01T00:00:00+14:00",
    "2026-11-20T16:01:33",
    "NaN",
    "1e999999",
    10**400,
    -1,
    "٣",
    True,
    {},
    [],
    [None],
    "gid://shopify/Product/",
]


def parts(body: object) -> list[tuple[dict[str, object], str]]:
    """Return every place in a JSON document, as the object and the name of the value in it."""
    if isinstance(body, list):
        return [each for value in body for each in parts(value)]
    if not isinstance(body, dict):
        return []
    return [(body, name) for name in body] + [each for value in body.values() for each in parts(value)]


def samples_of(adapter: Adapter) -> list[Sample]:
    return [sample for sample in SAMPLES if sample.platform == adapter.platform]


def read_or_refuse(webhooks: Webhooks, given: Delivery) -> None:
    """Read a delivery; what it says must be fit to be stored, and a refusal must be a sentence."""
    try:
        facts, refusal = webhooks.read(given), None
    except Unreadable as error:
        facts, refusal = (), str(error)
    text = json.dumps(as_json(facts), ensure_ascii=False)
    assert "\\u0000" not in text
    text.encode()
    assert refusal is None or (refusal.endswith(".") and webhooks.identify(given)[1] in refusal)


@every_sample
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"NaN",
        b'{"id": NaN}',
        b'{"id": Infinity}',
        b'{"id": 1e99999999999999999999}',
        b'{"id": 1',
        b"\xff\xfe{\x00}\x00",
        b'\xef\xbb\xbf{"id": 1}',
        b'{"title": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"id": ' + b"9" * 5000 + b"}",
        b"\x1f\x8b\x08\x00",
        b"<!DOCTYPE html><html></html>",
    ],
    ids=range(17),
)
def test_a_broken_body_is_unreadable_and_nothing_else(sample: Sample, body: bytes) -> None:
    read_or_refuse(webhooks_of(ADAPTERS[sample.platform]), replace(sample.delivery, body=body))


header_values = st.text(max_size=300) | st.sampled_from(["\x00", "\r\nX: y", "ǅ" * 400, "\ud800", "İ" * 300])


@every_talking_one
@often
@given(data=st.data())
def test_naming_a_delivery_never_fails_and_gives_names_that_can_be_stored(
    adapter: Adapter, data: st.DataObject
) -> None:
    webhooks = webhooks_of(adapter)
    recorded = data.draw(st.sampled_from(samples_of(adapter))).delivery
    names = st.sampled_from(sorted(recorded.headers)) | st.text(max_size=20)
    headers = data.draw(st.dictionaries(names, header_values, max_size=6))
    given = replace(recorded, headers=headers, body=data.draw(st.binary(max_size=50)))

    for name in (*webhooks.identify(given), webhooks.shop_of(given) or "none"):
        assert name.isprintable()
        assert 0 < len(name) <= 255


@every_talking_one
@often
@given(signature=header_values, secret=st.binary(min_size=1, max_size=40))
@example(signature="é", secret=b"x")
@example(signature="=" * 5, secret=b"x")
def test_a_made_up_signature_is_refused_and_nothing_else(adapter: Adapter, signature: str, secret: bytes) -> None:
    webhooks = webhooks_of(adapter)
    recorded = samples_of(adapter)[0].delivery
    named = [
        name for name, value in webhooks.sign(recorded, OURS).headers.items() if recorded.headers.get(name) != value
    ]
    forged = replace(recorded, headers={**recorded.headers, **dict.fromkeys(named, signature)})

    with pytest.raises(InvalidSignature):
        webhooks.verify(forged, [Secret(secret)])


@every_talking_one
@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"shop_domain": 7}', b"[" * 100_000])
def test_a_delivery_that_names_no_shop_is_about_none(adapter: Adapter, body: bytes) -> None:
    assert webhooks_of(adapter).shop_of(delivery(body)) is None


@every_adapter
@often
@given(shop=st.text(max_size=80))
def test_a_shop_has_one_normal_form_or_is_refused_with_a_reason(adapter: Adapter, shop: str) -> None:
    reasons: tuple[tuple[str, str], ...] = (("shop", ""),)
    try:
        normal = adapter.installation.shop(shop)
        assert adapter.installation.shop(normal) == normal
        assert adapter.installation.base_url(normal).startswith("https://")
        assert not adapter.installation.base_url(normal).endswith("/")
    except InvalidInstallation as error:
        reasons = error.reasons

    assert [where for where, _ in reasons] == ["shop"]


@every_adapter
@pytest.mark.parametrize("written", [*HOSTILE, "evil.example/x.myshopify.com", "evil.example#.myshopify.com"])
def test_an_address_from_outside_leads_to_a_host_with_a_name_or_is_refused(adapter: Adapter, written: str) -> None:
    try:
        url = adapter.installation.base_url(adapter.installation.shop(written))
    except InvalidInstallation:
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.query, parts.fragment) == ("https", "", "")
    assert "@" not in parts.netloc
    assert parts.port in (None, 443, 8443)
    assert re.fullmatch(r"(?:[a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]{0,62}", parts.hostname or "")
    assert not {".", ".."} & set(parts.path.split("/"))


@every_handshake
@often
@given(query=st.text(st.characters(max_codepoint=255), max_size=60), body=st.binary(max_size=60), post=st.booleans())
@example(query="state=\xe4&shop=%ff&shop_id=%ed%b2%80&timestamp=9" + "9" * 40, body=b"\xff", post=True)
def test_whoever_calls_a_handshake_is_answered_and_breaks_nothing(
    adapter: Adapter, query: str, body: bytes, post: bool
) -> None:
    """Anybody may call, so nothing but a refusal may come of it."""
    assert adapter.handshake is not None
    url = f"https://ours.example/install/{adapter.platform}/callback?{query}"
    call = Delivery(method="POST" if post else "GET", url=url, headers={}, body=body, received_at=NOON)
    shop = "oak-and-ash.myshopify.com"
    ticket = Ticket(
        state="state",
        callback="https://ours.example/callback",
        confirm="https://ours.example/confirm",
        shop=shop,
        base_url=f"https://{shop}",
        secret=Secret(b"x" * 64),
    )

    assert isinstance(adapter.handshake.state_of(call), str | None)
    assert isinstance(adapter.handshake.shop_of(call), str | None)
    with contextlib.suppress(InvalidSignature):
        heard = adapter.handshake.hear(call, ticket, dict.fromkeys(adapter.installation.app_keys, "key"), now=NOON)
        assert heard.credentials is None


@every_handshake
def test_the_supplier_is_sent_off_by_https_and_without_a_secret(adapter: Adapter) -> None:
    assert adapter.handshake is not None
    ticket = Ticket(
        state="unguessable-state",
        callback="https://ours.example/callback",
        confirm="https://ours.example/confirm",
        shop="oak-and-ash.myshopify.com",
        base_url="https://oak-and-ash.myshopify.com",
        secret=Secret(b"x" * 64),
    )
    keys = {name: f"https://{name}.example" for name in adapter.installation.app_keys}

    address = adapter.handshake.begin(ticket, keys)

    assert address.startswith("https://")
    assert "x" * 64 not in address
    assert not any(secret.value.decode() in address for secret in adapter.installation.app_secrets(keys))


@every_adapter
def test_no_credentials_are_refused_with_reasons(adapter: Adapter) -> None:
    with pytest.raises(InvalidInstallation) as refused:
        adapter.installation.credentials({})

    assert refused.value.reasons
    assert all(where.startswith("credentials") for where, _ in refused.value.reasons)


@every_adapter
def test_credentials_that_nobody_knows_are_refused_by_name(adapter: Adapter) -> None:
    with pytest.raises(InvalidInstallation) as refused:
        adapter.installation.credentials({"favourite_colour": "green"})

    assert "credentials.favourite_colour" in [where for where, _ in refused.value.reasons]


# The life of a product


every_life = pytest.mark.parametrize("platform", LIVES)


def test_every_platform_that_tells_of_changes_tells_a_life() -> None:
    telling = {each.platform for each in TALKING if any(isinstance(fact, ProductFact) for fact in facts_of(each))}

    assert LIVES.keys() == telling


def facts_of(adapter: Adapter) -> list[Fact]:
    return [fact for each in samples_of(adapter) for fact in webhooks_of(adapter).read(each.delivery)]


@dataclass
class Mirror:
    """What we know of a product of which the shop tells.

    A read is answered with how things are by then: at least as far as the last notice of them that was heard.
    """

    life: Life
    book: Book = field(default_factory=lambda: Book(before={}))
    heard: set[int] = field(default_factory=set)
    now: datetime = NOON

    @property
    def there(self) -> Snapshot | None:
        """What the shop has by now."""
        if self.heard & {id(each) for each in self.life.death}:
            return None
        return self.life.end if id(self.life.told[-1]) in self.heard else self.life.hidden

    def hear(self, delivery: Delivery, facts: Sequence[ProductFact]) -> None:
        self.heard.add(id(delivery))
        for each in facts:
            about = self.book.subject(each)
            if about is None:
                continue
            of_variant = isinstance(each, Tombstone) and each.source_id != about
            fact = Incomplete(source_id=about, reason="one of its variants is gone") if of_variant else each
            known = self.book.open(about)
            self.book.after[about] = project(known, fact, settings=SETTINGS, now=self.now, cause=None).product

    def read(self) -> None:
        """Do the reads that are due."""
        while (asked := next(filter(self._is_due, self.book.after.values()), None)) is not None:
            assert asked.source_id in self.life.names
            found = self.there
            if found is not None and asked.source_id != found.source_id:
                # It is the name of a variant, and the shop answers with its product.
                del self.book.after[asked.source_id]
                asked = self.book.open(found.source_id)
            read = project_read(asked, found, settings=SETTINGS, now=self.now).product
            self.book.after[asked.source_id] = read

    def _is_due(self, product: SourceProduct) -> bool:
        return product.read is not None and product.read.due_at <= self.now

    def come_to_rest(self) -> None:
        while asked := [each.read.due_at for each in self.book.after.values() if each.read is not None]:
            self.now = max(self.now, min(asked))
            self.read()

    def shown(self) -> dict[str, Desired]:
        """What Orderchamp is to show: every product that is published."""
        desired = {name: each.desired for name, each in self.book.after.items()}
        return {str(name): each for name, each in desired.items() if each is not None and each.published}


def orders(told: Sequence[Delivery], chance: random.Random, count: int = 200) -> Iterator[list[Delivery]]:
    """As it happened, backwards, and in many other orders; each delivery may come twice, anywhere after the first time."""
    yield list(told)
    yield [*reversed(told), *told]
    for _ in range(count):
        again = chance.sample(told, chance.randrange(len(told) + 1))
        yield chance.sample([*told, *again], len(told) + len(again))


@every_life
@pytest.mark.parametrize("ends", ["alive", "deleted"])
def test_all_orders_and_duplicates_of_a_products_life_end_in_the_same_state(platform: str, ends: str) -> None:
    webhooks, life, chance = webhooks_of(ADAPTERS[platform]), LIVES[platform](), random.Random(platform)
    told = life.told if ends == "alive" else (*life.told, *life.death)
    facts = {id(each): [fact for fact in webhooks.read(each) if isinstance(fact, ProductFact)] for each in told}
    assert all(facts.values())
    end = {str(life.end.source_id): desired_state(life.end, SETTINGS, now=NOON)}

    for order in orders(told, chance):
        mirror = Mirror(life)
        for each in order:
            mirror.hear(each, facts[id(each)])
            if chance.random() < 0.3:
                mirror.read()
        mirror.come_to_rest()
        assert mirror.shown() == (end if ends == "alive" else {})
