"""images on their way: when to look for those that were sent, and which never arrived"""

import sqlalchemy as sa

from alembic import op

revision = "0014_images_on_their_way"
down_revision = "0013_what_was_published"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("target", sa.Column("images_check_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("target", sa.Column("images_tries", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("target", sa.Column("images_missing", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.drop_column("target", "images_missing")
    op.drop_column("target", "images_tries")
    op.drop_column("target", "images_check_at")
