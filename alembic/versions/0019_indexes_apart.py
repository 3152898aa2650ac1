"""indexes that cannot stand in for others"""

import sqlalchemy as sa

from alembic import op

revision = "0019_indexes_apart"
down_revision = "0018_images_that_arrived"
branch_labels = None
depends_on = None

INDEXES = (
    ("source_product_state", "source_product", ["application_id", "state"], False),
    ("binding_of_target_variant", "binding", ["account_id", "target_variant_id"], True),
)


def upgrade() -> None:
    for name, table, columns, unique in INDEXES:
        op.drop_index(name, table_name=table)
        where = sa.text(f"{columns[-1]} IS NOT NULL")
        op.create_index(name, table, columns, unique=unique, postgresql_where=where)


def downgrade() -> None:
    for name, table, columns, unique in INDEXES:
        op.drop_index(name, table_name=table)
        op.create_index(name, table, columns, unique=unique)
