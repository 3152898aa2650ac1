"""Problems: what a person has to know or to decide, counted instead of repeated, and closed by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from app.domain.ids import ApplicationId, SourceId

ProblemKind = Literal[
    "sku_conflict",
    "variant_skipped",
    "create_unclear",
    "publish_unclear",
    "storefront_unknown",
    "storefront_not_there",
    "held",
    "guard",
    "wholesale_price_unknown",
    "currency_differs",
    "deleted_on_orderchamp",
    "refused",
    "failed",
    "operation_refused",
    "credentials_refused",
    "many_failures",
    "subscription_refused",
    "changes_not_told",
    "lane_failed",
    "changed_again",
    "images_missing",
]
ProblemState = Literal["open", "dismissed", "closed"]
Action = Literal[
    "dismiss",
    "bind",
    "adopt",
    "publish",
    "choose_storefront",
    "release",
    "approve",
    "create",
    "try_again",
    "resume",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A problem as a decision raises it. ``subject`` tells problems of one kind and Application apart.

    ``details`` is what a person needs to decide, as JSON values.
    """

    kind: ProblemKind
    subject: str
    sentence: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem as it is kept, one for each (Application, kind, subject).

    ``times_seen`` counts decisions that met it, over all its openings. ``since`` is when it was opened, dismissed or
    closed. ``source_ids`` are the products that have it; empty when it is about the whole Application.
    """

    id: UUID
    application_id: ApplicationId
    kind: ProblemKind
    subject: str
    sentence: str
    details: Mapping[str, Any]
    state: ProblemState
    since: datetime
    times_seen: int
    first_seen_at: datetime
    last_seen_at: datetime
    source_ids: tuple[SourceId, ...] = ()
