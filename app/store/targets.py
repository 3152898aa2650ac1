"""Target products: what Orderchamp showed of them, and how we left them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from json.encoder import encode_basestring_ascii as _QUOTED  # noqa: N812 - written as what is stored already

from msgspec.json import Decoder

from app.domain.ids import (
    AccountId,
    ApplicationId,
    SourceId,
    StorefrontId,
    TargetId,
)
from app.domain.state import Observed
from app.domain.structs import replace
from app.ports import Hidings, TargetRecord
from app.store.bindings import SHARERS_DUE, Bindings
from app.store.connection import Row, given_ids, given_rows
from app.store.documents import as_ids, lines, rows, to_observed
from app.store.portions import portion
from app.store.rings import CLOCKS_APART, by_our_hand

_SHOWN = given_rows(
    "r",
    documents=("observed",),
    target_id="text",
    sent_images="text",
    last_storefront_id="text",
    refresh_listing="boolean",
    left_published="boolean",
    hidden_at="timestamptz",
    was_published="boolean",
    generation="bigint",
)

# Whether a target is still as it was when whoever writes now read it. If not, another Application of the account wrote to it,
# or it was made unknown. Which of the two looked or wrote last at Orderchamp nobody can tell, so each thing on which they
# differ is left unknown; then nothing is taken for sent that was not.
_STILL = "excluded.generation = target.generation + 1"

_TARGETS = f"""
    INSERT INTO target (account_id, target_id, observed, sent_images, last_storefront_id, refresh_listing, left_published,
        hidden_at, was_published, generation, written_from, written_until)
    SELECT :account_id, r.target_id, r.observed, r.sent_images, r.last_storefront_id, r.refresh_listing, r.left_published,
        r.hidden_at, r.was_published, r.generation + 1, CAST(:written_from AS timestamptz),
        CASE WHEN :written_from IS NOT NULL THEN clock_timestamp() END
    FROM {_SHOWN}
    ORDER BY r.target_id
    ON CONFLICT (account_id, target_id) DO UPDATE SET
        generation = target.generation + 1, observed = CASE WHEN {_STILL} THEN excluded.observed END,
        sent_images = CASE WHEN {_STILL} OR excluded.sent_images = target.sent_images
            THEN coalesce(excluded.sent_images, target.sent_images) END,
        last_storefront_id = coalesce(target.last_storefront_id, excluded.last_storefront_id),
        refresh_listing = excluded.refresh_listing OR (target.refresh_listing AND NOT {_STILL}),
        left_published = CASE WHEN {_STILL} OR excluded.left_published = target.left_published THEN excluded.left_published END,
        hidden_at = CASE WHEN {_STILL} THEN excluded.hidden_at ELSE greatest(excluded.hidden_at, target.hidden_at) END,
        was_published = target.was_published OR excluded.was_published, observed_at = now(),
        written_from = coalesce(excluded.written_from, target.written_from),
        written_until = coalesce(excluded.written_until, target.written_until)
    RETURNING target_id, generation, written_from, written_until
"""

_KNOWN = (
    "target_id, observed, sent_images, last_storefront_id, refresh_listing, left_published, hidden_at, held, "
    "publishing_since, publishing_until, was_published, images_missing, arrived_images, failed_images, generation"
)
"""The columns that say what is known of a target: those of ``to_target``."""

# What was just written to rings, too.
_WRITTEN = f"""
    WITH written AS ({_TARGETS}), excused AS (
        DELETE FROM ring USING written WHERE ring.application_id = :application_id AND {by_our_hand("written")}
    )
    SELECT target_id, generation FROM written
"""

# Everything of the Application is gone through once, and for each of its products and targets one row is looked up by its
# key: joined in any other way, 20,000 products take a minute.
_HIDINGS = """
    SELECT count(*) AS targets,
        count(*) FILTER (WHERE t.left_published IS FALSE AND t.hidden_at > :since) AS lately,
        count(*) FILTER (WHERE t.left_published AND NOT b.wanted AND NOT b.approved) AS pending
    FROM (
        SELECT b.account_id, b.target_id, coalesce(bool_or(p.wants_published), false) AS wanted,
            coalesce(bool_and(p.hiding = 'approved'), false) AS approved
        FROM (SELECT DISTINCT account_id, target_id, source_id FROM binding WHERE application_id = :application_id) b
        LEFT JOIN LATERAL (
            SELECT wants_published, hiding FROM source_product
            WHERE application_id = :application_id AND source_id = b.source_id OFFSET 0
        ) p ON true
        GROUP BY b.account_id, b.target_id
    ) AS b CROSS JOIN LATERAL (
        SELECT left_published, hidden_at FROM target WHERE account_id = b.account_id AND target_id = b.target_id OFFSET 0
    ) t
"""


_FIRST = portion(
    "SELECT * FROM target WHERE account_id = :id AND target_id = ANY(:ids) ORDER BY target_id",
    by="target_id",
    of=("observed",),
)


_ADDRESSES = Decoder(tuple[str, ...])


class Targets(Bindings):
    """The targets of an account and their bindings, in one transaction."""

    async def known(
        self, account_id: AccountId, ids: Sequence[TargetId], *, lock: bool = False
    ) -> Mapping[TargetId, TargetRecord]:
        """Return what is stored of these targets; unknown ones are absent. ``lock``: nobody changes them until the commit."""
        found = await self._connection.execute(
            f"SELECT {_KNOWN} FROM target WHERE account_id = :id AND target_id = ANY({given_ids('ids')}) ORDER BY target_id"
            + (" FOR UPDATE" if lock else ""),
            {"id": account_id, "ids": as_ids(ids)},
        )
        targets = (to_target(row) for row in found)
        return {each.target_id: each for each in targets}

    async def first(
        self, account_id: AccountId, ids: Sequence[TargetId], *, size: int
    ) -> Mapping[TargetId, TargetRecord]:
        """Return what is stored of the first of these targets, until what they show is ``size`` bytes long.

        They come in the order in which the database has their ids, which may be another one than Python's.
        """
        found = await self._connection.execute(_FIRST, {"id": account_id, "ids": list(ids), "size": size})
        targets = (to_target(row) for row in found)
        return {each.target_id: each for each in targets}

    async def record(
        self, application_id: ApplicationId, account_id: AccountId, targets: Sequence[TargetRecord]
    ) -> Mapping[TargetId, TargetRecord]:
        """Write down what Orderchamp shows (None: not known any more). What buyers saw once, and where, stays known.

        Return the records from which the next ones of the same run go on. Of a target of which somebody else has written
        since ours was read, it is not known any more what it shows, and the products of the Application are planned again.
        """
        if not targets:
            return {}
        found = await self._connection.execute(_TARGETS, _given(account_id, targets, written_from=None))
        return await self._gone_on(application_id, targets, found)

    async def record_written(
        self,
        application_id: ApplicationId,
        account_id: AccountId,
        targets: Sequence[TargetRecord],
        *,
        since: datetime,
    ) -> Mapping[TargetId, TargetRecord]:
        """Do as ``record`` does for targets that we have just written to, and forget what rang because of that.

        ``since``: when the first of the calls began.
        """
        if not targets:
            return {}
        given = _given(account_id, targets, written_from=since)
        given = {**given, "application_id": application_id, "apart": CLOCKS_APART}
        return await self._gone_on(application_id, targets, await self._connection.execute(_WRITTEN, given))

    async def _gone_on(
        self, application_id: ApplicationId, targets: Sequence[TargetRecord], stored: Iterable[Row]
    ) -> Mapping[TargetId, TargetRecord]:
        """Return the records with the generation that they have when nobody else wrote; where somebody did, look again.

        Those come to no stored generation any more, so that nothing else of this run is believed of them either.
        """
        records = {each.target_id: replace(each, generation=each.generation + 1) for each in targets}
        moved = [row["target_id"] for row in stored if row["generation"] != records[row["target_id"]].generation]
        if moved:
            await self._connection.execute(
                SHARERS_DUE, {"application_id": application_id, "ids": as_ids(moved), "source_ids": []}
            )
        return records

    async def hold(self, account_id: AccountId, held: Mapping[TargetId, bool]) -> None:
        """Say of targets whether a person unpublished them on Orderchamp."""
        for value in (True, False):
            await self._connection.execute(
                "UPDATE target SET held = :held WHERE account_id = :account_id AND target_id = ANY(:ids)",
                {"account_id": account_id, "held": value, "ids": [each for each in held if held[each] == value]},
            )

    async def begin_hiding(self, account_id: AccountId, ids: Sequence[TargetId]) -> None:
        """Write down, before the calls start, that how these targets are left is not known for now."""
        await self._connection.execute(
            "UPDATE target SET left_published = NULL, generation = generation + 1 "
            "WHERE account_id = :account_id AND target_id = ANY(:ids)",
            {"account_id": account_id, "ids": list(ids)},
        )

    async def begin_publishing(
        self, account_id: AccountId, storefronts: Mapping[TargetId, StorefrontId | None], *, until: datetime
    ) -> None:
        """Write down, before the calls start, where targets are being published; None: where they are."""
        await self._connection.execute(
            "UPDATE target SET left_published = NULL, publishing_since = now(), publishing_until = :until, "
            "generation = generation + 1, last_storefront_id = coalesce(s.storefront_id, target.last_storefront_id) "
            "FROM unnest(CAST(:ids AS text[]), CAST(:storefronts AS text[])) AS s(id, storefront_id) "
            "WHERE target.account_id = :account_id AND target.target_id = ANY(:ids) AND target.target_id = s.id",
            {
                "account_id": account_id,
                "until": until,
                "ids": list(storefronts),
                "storefronts": list(storefronts.values()),
            },
        )

    async def end_publishing(self, account_id: AccountId, ids: Mapping[TargetId, datetime | None]) -> None:
        """Write down that it is known what came of publishing these targets, and until when that may not be seen yet."""
        await self._connection.execute(
            "UPDATE target SET publishing_since = NULL, publishing_until = s.until "
            "FROM unnest(CAST(:ids AS text[]), CAST(:until AS timestamptz[])) AS s(id, until) "
            "WHERE target.account_id = :account_id AND target.target_id = ANY(:ids) AND target.target_id = s.id",
            {"account_id": account_id, "ids": list(ids), "until": list(ids.values())},
        )

    async def believe_unpublished(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        """Take a person's word that publishing the targets of these products came to nothing."""
        await self._connection.execute(
            "UPDATE target SET publishing_since = NULL, publishing_until = NULL FROM binding b "
            "WHERE b.application_id = :id AND b.source_id = ANY(:source_ids) "
            "AND target.account_id = b.account_id AND target.target_id = b.target_id",
            {"id": application_id, "source_ids": list(source_ids)},
        )

    async def hidings(self, application_id: ApplicationId, *, since: datetime) -> Hidings:
        """Count what the guard weighs."""
        row = (await self._connection.execute(_HIDINGS, {"application_id": application_id, "since": since})).one()
        return Hidings(targets=row.targets, lately=row.lately, pending=row.pending)

    async def choose_storefront(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId], storefront_id: StorefrontId
    ) -> None:
        """Say where to publish the targets of these products that were never published by us."""
        await self._connection.execute(
            "UPDATE target SET last_storefront_id = :storefront_id FROM binding b "
            "WHERE b.application_id = :id AND b.source_id = ANY(:source_ids) AND target.last_storefront_id IS NULL "
            "AND target.account_id = b.account_id AND target.target_id = b.target_id",
            {"id": application_id, "source_ids": list(source_ids), "storefront_id": storefront_id},
        )


def _given(
    account_id: AccountId, targets: Sequence[TargetRecord], *, written_from: datetime | None
) -> Mapping[str, object]:
    return {
        "account_id": account_id,
        "written_from": written_from,
        "r": rows([_row(each) for each in targets]),
        "observed": lines([each.observed for each in targets]),
    }


def _row(record: TargetRecord) -> Mapping[str, object]:
    return {
        "target_id": record.target_id,
        "sent_images": sent_images(record.observed),
        "last_storefront_id": record.last_storefront_id,
        "refresh_listing": record.refresh_listing,
        "left_published": record.left_published,
        "hidden_at": record.hidden_at,
        "was_published": was_published(record),
        "generation": record.generation,
    }


def sent_images(observed: Observed | None) -> str | None:
    """Return the addresses of images that were sent last, as JSON; None: none were."""
    return None if observed is None else from_addresses(observed.images)


def from_addresses(images: tuple[str, ...] | None) -> str | None:
    """Return addresses of images as JSON: equal for equal ones."""
    return None if images is None else f"[{', '.join(map(_QUOTED, images))}]"


def _addresses(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else _ADDRESSES.decode(text)


def was_published(record: TargetRecord) -> bool:
    """Tell whether buyers see a target, or saw it before."""
    return record.was_published or (record.observed is not None and record.observed.published)


def to_target(row: Row) -> TargetRecord:
    """Return what a row of targets says."""
    return TargetRecord(
        target_id=row["target_id"],
        observed=None if row["observed"] is None else to_observed(row["observed"]),
        sent_images=_addresses(row["sent_images"]),
        last_storefront_id=row["last_storefront_id"],
        refresh_listing=row["refresh_listing"],
        left_published=row["left_published"],
        hidden_at=row["hidden_at"],
        held=row["held"],
        publishing_since=row["publishing_since"],
        publishing_until=row["publishing_until"],
        was_published=row["was_published"],
        images_missing=row["images_missing"],
        arrived_images=_addresses(row["arrived_images"]),
        failed_images=_addresses(row["failed_images"]),
        generation=row["generation"],
    )
