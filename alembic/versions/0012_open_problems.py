"""open problems, counted by kind without reading those that are closed"""

import sqlalchemy as sa

from alembic import op

revision = "0012_open_problems"
down_revision = "0011_sweeps"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("problem_open", "problem", ["kind"], unique=False, postgresql_where=sa.text("state = 'open'"))


def downgrade() -> None:
    op.drop_index("problem_open", table_name="problem", postgresql_where=sa.text("state = 'open'"))
