"""lanes that rest after a failure"""

import sqlalchemy as sa

from alembic import op

revision = "0006_resting"
down_revision = "0005_replays"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lane", sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("lane", sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "lane_resting",
        "lane",
        ["rests_until"],
        unique=False,
        postgresql_where=sa.text("rests_until IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("lane_resting", table_name="lane", postgresql_where=sa.text("rests_until IS NOT NULL"))
    op.drop_column("lane", "rests_until")
    op.drop_column("lane", "failures")
