"""targets written by two: a generation, raised with everything that is written of what a target shows"""

import sqlalchemy as sa

from alembic import op

revision = "0022_targets_written_by_two"
down_revision = "0021_deliveries_without_a_check"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("target", sa.Column("generation", sa.BigInteger(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    op.drop_column("target", "generation")
