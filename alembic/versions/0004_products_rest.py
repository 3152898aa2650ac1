"""products rest after a write"""

import sqlalchemy as sa

from alembic import op

revision = "0004_rest"
down_revision = "0003_creating"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("source_product", sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("source_product", "rests_until")
