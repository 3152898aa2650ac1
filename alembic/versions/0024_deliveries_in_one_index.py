"""deliveries that wait in one index of an Application's, and the others in another one"""

import sqlalchemy as sa

from alembic import op

revision = "0024_deliveries_in_one_index"
down_revision = "0023_lanes_awake"
branch_labels = None
depends_on = None


def upgrade() -> None:
    settled = sa.text("outcome IS NOT NULL")
    op.create_index("delivery_settled", "delivery", ["application_id", "id"], unique=False, postgresql_where=settled)
    op.drop_index("delivery_of_application", table_name="delivery")


def downgrade() -> None:
    op.create_index("delivery_of_application", "delivery", ["application_id", "id"], unique=False)
    op.drop_index("delivery_settled", table_name="delivery")
