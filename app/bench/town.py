"""Many other Applications with a long history, for measurements: written straight into the tables, in a minute."""

from sqlalchemy import make_url

from app.domain.ids import ApplicationId
from app.store.connect import connect
from app.store.connection import Connection

UNCHECKED = {"session_replication_role": "replica"}
"""Foreign keys are not checked: what is written here names only what is there, and checking takes a third of the time."""


async def fill(url: str, *, like: ApplicationId, applications: int, deliveries: int) -> None:
    """Add so many Applications like this one, at rest, each of an account of its own and with so many deliveries settled.

    All lanes, also those that were there, have their next appointment in one to six hours and their next sweep within a day.
    """
    # Not of the pool, which gives up a statement that takes as long as these.
    driver = await connect(make_url(url), UNCHECKED)
    connection = Connection(driver)
    async with driver.transaction():
        await connection.execute(_ACCOUNTS, {"like": like, "count": applications})
        await connection.execute(_APPLICATIONS, {"like": like, "count": applications})
        await connection.execute(_SECRETS, {"like": like})
        await connection.execute(_LANES)
        await connection.execute(_DELIVERIES, {"each": deliveries})
        await connection.execute(_BODIES)
        await connection.execute(_APPOINTMENTS)
        await connection.execute(_SWEEPS)
        await connection.execute(_DUE)
    # What the server would do by itself, and be measured with, in the minutes that follow.
    await connection.execute("VACUUM ANALYZE")
    await connection.execute("CHECKPOINT")
    await driver.close()


_ACCOUNTS = """
    INSERT INTO account
    SELECT other.* FROM account a, generate_series(1, :count) AS n, LATERAL
        jsonb_populate_record(a, jsonb_build_object('id', 'other-' || n, 'supplier_id', 'other-' || n)) AS other
    WHERE a.id = (SELECT account_id FROM application WHERE id = :like)
"""
_APPLICATIONS = """
    INSERT INTO application
    SELECT other.* FROM application a, generate_series(1, :count) AS n, LATERAL
        jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'account_id', 'other-' || n,
            'supplier_id', 'other-' || n, 'shop', 'other-' || n || '.myshopify.com')) AS other
    WHERE a.id = :like
"""
_SECRETS = """
    INSERT INTO secret (owner, field, key_id, nonce, ciphertext)
    SELECT CAST(other.id AS text), s.field, s.key_id, s.nonce, s.ciphertext
    FROM application other, secret s WHERE other.account_id LIKE 'other-%' AND s.owner = CAST(CAST(:like AS uuid) AS text)
"""
_LANES = """
    INSERT INTO lane (application_id, wake, done, last_run_at)
    SELECT id, 1, 1, now() - random() * interval '1 day' FROM application WHERE account_id LIKE 'other-%'
"""
# As they come in life, by turns.
_DELIVERIES = """
    INSERT INTO delivery
        (application_id, event_id, topic, method, url, headers, received_at, outcome, reason, source_id, settled_at)
    SELECT id, 'event-' || n, 'products/update', 'POST', '/webhooks', '{"x-shopify-topic": "products/update"}',
        at, 'applied', '', CAST(n AS text), at
    FROM generate_series(1, :each) AS n, application, LATERAL (SELECT now() - (1 + :each - n) * interval '5 hours') AS old(at)
    WHERE account_id LIKE 'other-%'
"""
_BODIES = """
    INSERT INTO delivery_body (delivery_id, body)
    SELECT id, CAST('{"id": 1}' AS bytea) FROM delivery ON CONFLICT DO NOTHING
"""
_APPOINTMENTS = """
    INSERT INTO appointment (application_id, duty, due_at)
    SELECT id, 'subscriptions', now() + interval '1 hour' + random() * interval '5 hours' FROM application
    ON CONFLICT (application_id, duty) DO UPDATE SET due_at = excluded.due_at
"""
_SWEEPS = "UPDATE application SET sweep_at = now() + interval '1 hour' + random() * interval '23 hours'"
_DUE = """
    UPDATE lane SET due_at = least(a.sweep_at, p.due_at)
    FROM application a JOIN appointment p ON p.application_id = a.id AND p.duty = 'subscriptions'
    WHERE a.id = lane.application_id
"""
