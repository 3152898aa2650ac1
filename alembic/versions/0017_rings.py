"""our webhooks at Orderchamp, and what they ring for"""

import sqlalchemy as sa

from alembic import op

revision = "0017_rings"
down_revision = "0016_polls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_webhook",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("keeper", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("signed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=True),
        sa.Column("health", sa.Text(), server_default=sa.text("'unknown'"), nullable=False),
        sa.Column("message", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["keeper"], ["application.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("account_webhook_kept", "account_webhook", ["keeper"])
    op.create_table(
        "ring",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.String(), nullable=False),
        sa.Column("changed_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("application_id", "target_id"),
    )
    op.add_column("target", sa.Column("written_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("target", sa.Column("written_until", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("finding", "sweep_id", existing_type=sa.Uuid(), nullable=True)
    # Who is installed gets a webhook, too, at the next look of a lane; not all at the same time.
    op.execute(
        "INSERT INTO appointment (application_id, duty, due_at) "
        "SELECT id, 'webhook', now() + random() * interval '1 hour' FROM application "
        "WHERE state NOT IN ('uninstalling', 'uninstalled')"
    )
    op.execute(
        "UPDATE lane SET due_at = least(lane.due_at, a.due_at) FROM appointment a "
        "WHERE a.application_id = lane.application_id AND a.duty = 'webhook'"
    )


def downgrade() -> None:
    op.execute("DELETE FROM appointment WHERE duty IN ('webhook', 'rings')")
    op.execute("DELETE FROM finding WHERE sweep_id IS NULL")
    op.alter_column("finding", "sweep_id", existing_type=sa.Uuid(), nullable=False)
    op.drop_column("target", "written_until")
    op.drop_column("target", "written_from")
    op.drop_table("ring")
    op.drop_table("account_webhook")
