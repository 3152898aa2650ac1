"""lanes tell in a column of their own whether they are awake, so that raising one that is touches no index"""

import sqlalchemy as sa

from alembic import op

revision = "0023_lanes_awake"
down_revision = "0022_targets_written_by_two"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("lane_woken", table_name="lane", postgresql_where=sa.text("wake > done"))
    op.add_column("lane", sa.Column("awake", sa.Boolean(), sa.Computed("wake > done", persisted=True), nullable=False))
    op.create_index("lane_woken", "lane", ["last_run_at"], unique=False, postgresql_where=sa.text("awake"))


def downgrade() -> None:
    op.drop_index("lane_woken", table_name="lane", postgresql_where=sa.text("awake"))
    op.drop_column("lane", "awake")
    op.create_index("lane_woken", "lane", ["last_run_at"], unique=False, postgresql_where=sa.text("wake > done"))
