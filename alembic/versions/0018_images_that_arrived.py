"""images that arrived: the last set that did, and the one for which it stands in"""

import sqlalchemy as sa

from alembic import op

revision = "0018_images_that_arrived"
down_revision = "0017_rings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("target", "preview_target"):
        op.add_column(table, sa.Column("arrived_images", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("failed_images", sa.Text(), nullable=True))
    # What is not waited for, and not missed, has arrived.
    op.execute(
        "UPDATE target SET arrived_images = sent_images "
        "WHERE sent_images <> '[]' AND images_check_at IS NULL AND NOT images_missing"
    )


def downgrade() -> None:
    for table in ("target", "preview_target"):
        op.drop_column(table, "failed_images")
        op.drop_column(table, "arrived_images")
