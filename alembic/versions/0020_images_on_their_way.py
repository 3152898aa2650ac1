"""the images on their way, by when to look for them"""

import sqlalchemy as sa

from alembic import op

revision = "0020_images_on_their_way"
down_revision = "0019_indexes_apart"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "target_images_check",
        "target",
        ["account_id", "images_check_at"],
        postgresql_where=sa.text("images_check_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("target_images_check", table_name="target")
