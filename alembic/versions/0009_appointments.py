"""appointments: when a lane looks after duties that come again and again"""

import sqlalchemy as sa
import sqlmodel

from alembic import op

revision = "0009_appointments"
down_revision = "0008_installs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appointment",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("duty", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("application_id", "duty"),
    )
    op.add_column("subscription", sa.Column("mended_at", sa.DateTime(timezone=True), nullable=True))
    # Whoever is installed has its subscriptions looked at now, and from then on regularly.
    op.execute(
        "INSERT INTO appointment (application_id, duty, due_at) "
        "SELECT id, 'subscriptions', now() FROM application WHERE state NOT IN ('uninstalling', 'uninstalled')"
    )
    op.execute("UPDATE lane SET wake = wake + 1")
    op.drop_column("application", "subscriptions_due")


def downgrade() -> None:
    op.add_column(
        "application", sa.Column("subscriptions_due", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.drop_column("subscription", "mended_at")
    op.drop_table("appointment")
