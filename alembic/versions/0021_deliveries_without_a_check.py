"""deliveries without a check of their Application, row by row: a batch locks its Applications once"""

from alembic import op

revision = "0021_deliveries_without_a_check"
down_revision = "0020_images_on_their_way"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("delivery_application_id_fkey", "delivery", type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key(
        "delivery_application_id_fkey", "delivery", "application", ["application_id"], ["id"], ondelete="CASCADE"
    )
