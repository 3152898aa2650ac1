"""what is being created"""

import sqlalchemy as sa

from alembic import op

revision = "0003_creating"
down_revision = "0002_policies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('source_product', sa.Column('creating', sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column('source_product', 'creating')
