"""what was published: which targets buyers saw before, whoever published them"""

import sqlalchemy as sa

from alembic import op

revision = "0013_what_was_published"
down_revision = "0012_open_problems"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("target", sa.Column("was_published", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(
        "UPDATE target SET was_published = true WHERE last_storefront_id IS NOT NULL OR left_published "
        "OR CAST(observed AS jsonb) ->> 'published' = 'true'"
    )


def downgrade() -> None:
    op.drop_column("target", "was_published")
