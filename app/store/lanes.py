"""Lanes: who may work for an Application now, and whether there is work."""

from datetime import datetime, timedelta

from app.domain.application import Application
from app.domain.errors import LeaseLost
from app.domain.ids import ApplicationId
from app.ports import DUTIES, Claim, DutyName
from app.store.connection import Connection
from app.store.inbox import newest

DOORBELL = "lane"
"""The channel on which a commit that adds work rings. Only a hint: every worker also looks by itself."""

FLOOD, FLOOD_WITHIN = 20, timedelta(seconds=1)
"""So many deliveries within that time are a flood."""

# Found once and materialized: as a plain subquery it may be run again while the rows are gone through, and then one claim
# takes several lanes.
_CLAIM = """
    WITH longest_waiting AS MATERIALIZED (
        SELECT application_id, leased_until IS NOT NULL AS taken_over FROM lane
        WHERE (awake OR due_at <= now()) AND (leased_until IS NULL OR leased_until < now())
            AND (rests_until IS NULL OR rests_until <= now())
        ORDER BY last_run_at FOR UPDATE SKIP LOCKED LIMIT 1
    )
    UPDATE lane SET leased_until = now() + :lease, lease_token = lease_token + 1, last_run_at = now()
    FROM longest_waiting WHERE lane.application_id = longest_waiting.application_id
    RETURNING lane.application_id, wake, lease_token, failures, taken_over, now() AS now,
        EXISTS (SELECT FROM in_flight f WHERE f.application_id = lane.application_id) AS calls_left
"""

# In a flood a lane rests for a moment, so that changes gather: otherwise a call would hold the fewer of them the faster we are.
# What is left decides when the lane is due again, whatever the run believed: a row that waits is a row that is found. A
# product that has calls on their way is looked at when those are over, and not before. An installation is finished, and an
# uninstall gone on with, when what they wait for is over. A preview stands back while an import runs. For an Application
# that rests only deliveries are taken in; what was asked to wait, or is being erased, has its time all the same.
_RELEASE = f"""
    UPDATE lane SET done = :wake, leased_until = NULL, last_run_at = now(),
    failures = CASE WHEN :sound THEN 0 ELSE failures END,
    rests_until = CASE WHEN :sound AND (
        SELECT received_at FROM ({newest("id, received_at", of="application_id = :application_id", limit=":flood")}) AS latest
        ORDER BY id DESC OFFSET :flood - 1
    ) > now() - CAST(:flood_within AS interval) THEN now() + CAST(:gather AS interval) END,
    due_at = CASE WHEN CAST(:not_before AS timestamptz) IS NULL AND EXISTS (
        SELECT FROM application WHERE id = :application_id AND NOT erasing AND state IN ('paused', 'failed', 'uninstalled')
    ) THEN (
        SELECT now() WHERE EXISTS (SELECT FROM delivery WHERE application_id = :application_id AND outcome IS NULL)
    ) ELSE greatest(
        CAST(:not_before AS timestamptz),
        (SELECT min(at) FROM (
            (SELECT due_at AS at FROM source_product p WHERE application_id = :application_id AND due_at IS NOT NULL
                AND NOT EXISTS (
                    SELECT FROM in_flight f WHERE f.application_id = p.application_id AND f.source_id = p.source_id)
                ORDER BY due_at LIMIT 1)
            UNION ALL
            SELECT min(read_due_at) FROM source_product WHERE application_id = :application_id AND read_due_at IS NOT NULL
            UNION ALL
            SELECT min(until) FROM in_flight WHERE application_id = :application_id
            UNION ALL
            SELECT now() WHERE EXISTS (
                SELECT FROM delivery WHERE application_id = :application_id AND outcome IS NULL)
            UNION ALL
            SELECT min(due_at) FROM import WHERE application_id = :application_id AND state = 'running' AND phase <> 'sending'
            UNION ALL
            SELECT min(due_at) FROM replay_share WHERE application_id = :application_id AND state = 'running'
            UNION ALL
            SELECT min(due_at) FROM sweep WHERE application_id = :application_id AND state = 'running'
            UNION ALL
            SELECT min(due_at) FROM preview WHERE application_id = :application_id AND state = 'running' AND NOT EXISTS (
                SELECT FROM import WHERE application_id = :application_id AND state = 'running')
            UNION ALL
            SELECT sweep_at FROM application WHERE id = :application_id AND state = 'active'
            UNION ALL
            SELECT min(due_at) FROM appointment WHERE application_id = :application_id
            UNION ALL
            SELECT now() FROM application a WHERE id = :application_id AND (
                replan_after IS NOT NULL OR erasing
                OR state = 'installing'
                    AND NOT EXISTS (SELECT FROM import WHERE application_id = a.id AND state = 'running')
                    AND NOT EXISTS (SELECT FROM appointment WHERE application_id = a.id AND attempts > 0)
                OR state = 'uninstalling' AND NOT (unpublish_on_uninstall
                    AND EXISTS (SELECT FROM source_product WHERE application_id = a.id AND due_at IS NOT NULL)))
        ) AS waiting)
    ) END
    WHERE application_id = :application_id AND lease_token = :token
"""


_WAITING = """
    SELECT
        EXISTS (SELECT FROM delivery WHERE application_id = :id AND outcome IS NULL) AS events,
        EXISTS (SELECT FROM source_product WHERE application_id = :id AND due_at <= now()) AS products,
        EXISTS (SELECT FROM source_product WHERE application_id = :id AND read_due_at <= now()) AS reads,
        ARRAY(SELECT duty FROM appointment WHERE application_id = :id AND due_at <= now()) AS appointments,
        EXISTS (SELECT FROM import WHERE application_id = :id AND state = 'running' AND phase <> 'sending'
            AND due_at <= now()) AS import,
        EXISTS (SELECT FROM replay_share WHERE application_id = :id AND state = 'running' AND due_at <= now()) AS replay,
        replan_after IS NOT NULL AS replan,
        EXISTS (SELECT FROM preview WHERE application_id = :id AND state = 'running' AND due_at <= now())
            AND NOT EXISTS (SELECT FROM import WHERE application_id = :id AND state = 'running') AS preview,
        EXISTS (SELECT FROM sweep WHERE application_id = :id AND state = 'running' AND due_at <= now())
            OR (sweep_at <= now() AND NOT EXISTS (SELECT FROM sweep WHERE application_id = :id AND state = 'running')) AS sweep,
        state = 'installing' AND NOT EXISTS (
            SELECT FROM import i WHERE i.application_id = a.id AND i.state = 'running') AS "settling in",
        state = 'uninstalling' AS leaving,
        erasing
    FROM application a WHERE id = :id AND revision = :revision
"""

# Wakes and leases that run out need no time here: a wake rings, and a lease runs out for a dead worker only.
_NEXT = """
    SELECT min(at) - now() FROM (
        SELECT min(due_at) AS at FROM lane WHERE due_at > now()
        UNION ALL
        SELECT min(rests_until) FROM lane WHERE rests_until > now()
    ) AS coming
"""


class Lanes:
    """The lanes, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._forgotten: ApplicationId | None = None

    async def add(self, application_id: ApplicationId) -> None:
        """Give an Application its lane, awake; harmless if it has one, which is woken then."""
        await self._connection.execute(
            "INSERT INTO lane (application_id) VALUES (:id) ON CONFLICT (application_id) DO NOTHING",
            {"id": application_id},
        )
        await self.wake(application_id)

    async def wake(self, application_id: ApplicationId) -> None:
        """Say, within the transaction that adds work, that there is work; the doorbell rings at its commit."""
        await self._connection.execute(
            "UPDATE lane SET wake = wake + 1 WHERE application_id = :id", {"id": application_id}
        )
        await self.ring()

    async def claim(self, lease: timedelta) -> Claim | None:
        """Take the runnable lane that waited longest; None when there is none."""
        row = (await self._connection.execute(_CLAIM, {"lease": lease})).one_or_none()
        if row is None:
            return None
        return Claim(
            application_id=row.application_id,
            token=row.lease_token,
            wake=row.wake,
            now=row.now,
            failures=row.failures,
            taken_over=row.taken_over,
            calls_left=row.calls_left,
        )

    async def next_due(self) -> timedelta | None:
        """Return how long it is until a lane has work by the clock alone; None when none will."""
        wait: timedelta | None = (await self._connection.execute(_NEXT)).scalar()
        return wait

    async def ring(self) -> None:
        """Have every worker look, at the commit."""
        await self._connection.execute(f"NOTIFY {DOORBELL}")

    async def revision(self, claim: Claim) -> int:
        """Return the revision of the Application whose lane is held; LeaseLost if somebody else holds it."""
        found = await self._connection.execute(
            "SELECT a.revision FROM lane l JOIN application a ON a.id = l.application_id "
            "WHERE l.application_id = :application_id AND l.lease_token = :token",
            {"application_id": claim.application_id, "token": claim.token},
        )
        revision: int | None = found.scalar()
        if revision is None:
            raise LeaseLost
        return revision

    async def waiting(self, application: Application) -> frozenset[DutyName] | None:
        """Return the duties that have something to do now; None when the Application is not any more what it was."""
        found = await self._connection.execute(_WAITING, {"id": application.id, "revision": application.revision})
        row = found.one_or_none()
        if row is None:
            return None
        return frozenset(name for name in DUTIES if row.get(name) or name in row["appointments"])

    async def claim_one(self, application_id: ApplicationId, lease: timedelta) -> Claim | None:
        """Take this lane, whether it has work or not; None while somebody else holds it, or when there is none."""
        found = await self._connection.execute(
            "UPDATE lane SET leased_until = now() + :lease, lease_token = lease_token + 1, last_run_at = now() "
            "WHERE application_id = :id AND (leased_until IS NULL OR leased_until < now()) "
            "RETURNING application_id, wake, lease_token, failures, now() AS now",
            {"id": application_id, "lease": lease},
        )
        row = found.one_or_none()
        if row is None:
            return None
        return Claim(
            application_id=row.application_id,
            token=row.lease_token,
            wake=row.wake,
            now=row.now,
            failures=row.failures,
        )

    async def renew(self, claim: Claim, lease: timedelta) -> None:
        """Hold the lane for another ``lease`` from now; LeaseLost if somebody else has it."""
        done = await self._connection.execute(
            "UPDATE lane SET leased_until = now() + :lease "
            "WHERE application_id = :application_id AND lease_token = :token RETURNING 1",
            {"lease": lease, "application_id": claim.application_id, "token": claim.token},
        )
        if not done:
            raise LeaseLost

    async def forget(self, claim: Claim) -> None:
        """Confirm the lane now instead of at the commit, since this transaction is about to remove it."""
        await self.confirm(claim)
        self._forgotten = claim.application_id

    async def confirm(self, claim: Claim) -> None:
        """Make sure, as the last thing before a commit, that the lane is still ours; LeaseLost otherwise.

        The row stays locked until the commit, so a claim by somebody else comes wholly before or wholly after it.
        """
        if self._forgotten == claim.application_id:
            return
        held = await self._connection.execute(
            "SELECT 1 FROM lane WHERE application_id = :application_id AND lease_token = :token FOR UPDATE",
            {"application_id": claim.application_id, "token": claim.token},
        )
        if held.one_or_none() is None:
            raise LeaseLost

    async def release(
        self,
        claim: Claim,
        *,
        sound: bool = True,
        not_before: datetime | None = None,
        gather: timedelta = timedelta(0),
    ) -> None:
        """Let go of the lane. It stays runnable if ``wake`` has moved since the claim, or work is left.

        ``sound``: the run went as it should, so earlier failures count no more. ``not_before``: what is left has to wait.
        ``gather``: for how long nobody runs the lane while its shop floods us.
        """
        await self._connection.execute(
            _RELEASE,
            {
                "wake": claim.wake,
                "sound": sound,
                "not_before": not_before,
                "gather": gather,
                "flood": FLOOD,
                "flood_within": FLOOD_WITHIN,
                "application_id": claim.application_id,
                "token": claim.token,
            },
        )

    async def rest(self, claim: Claim, wait: timedelta) -> None:
        """Let go of a lane whose run failed; nobody runs it before ``wait``. LeaseLost if somebody else holds it."""
        done = await self._connection.execute(
            "UPDATE lane SET leased_until = NULL, failures = :failures, rests_until = now() + :wait, "
            "last_run_at = now() WHERE application_id = :application_id AND lease_token = :token RETURNING 1",
            {
                "failures": claim.failures + 1,
                "wait": wait,
                "application_id": claim.application_id,
                "token": claim.token,
            },
        )
        if not done:
            raise LeaseLost

    async def wake_up(self, application_id: ApplicationId) -> None:
        """Let a lane that rests, after a failure or in a flood, run at once."""
        await self._connection.execute(
            "UPDATE lane SET rests_until = NULL WHERE application_id = :id", {"id": application_id}
        )
        await self.wake(application_id)
