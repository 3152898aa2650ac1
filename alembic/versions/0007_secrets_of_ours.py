"""secrets that we choose, which a shop has yet to be told"""

import sqlalchemy as sa

from alembic import op

revision = "0007_secrets"
down_revision = "0006_resting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "application", sa.Column("renew_secret", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("application", "renew_secret")
