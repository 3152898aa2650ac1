"""installs on their way"""

import sqlalchemy as sa
import sqlmodel

from alembic import op

revision = '0008_installs'
down_revision = '0007_secrets'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('pending_install',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('supplier_id', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('platform', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('shop', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('account_id', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('storefront_id', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('settings', sa.Text(), nullable=True),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('way_on', sa.Text(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=True),
    sa.Column('key_digest', sa.LargeBinary(), nullable=True),
    sa.Column('browser_digest', sa.LargeBinary(), nullable=True),
    sa.Column('asked', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('state_digest', sa.LargeBinary(), nullable=True),
    sa.Column('answered', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('attempts', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key_digest'),
    sa.UniqueConstraint('state_digest')
    )
    op.create_index(op.f('ix_pending_install_supplier_id'), 'pending_install', ['supplier_id'], unique=False)
    op.create_index('pending_install_due', 'pending_install', ['due_at'], unique=False, postgresql_where=sa.text('due_at IS NOT NULL'))
    op.create_index('pending_install_ending', 'pending_install', ['expires_at'], unique=False, postgresql_where=sa.text("state = 'waiting'"))
    op.create_index('pending_install_of_application', 'pending_install', ['application_id'], unique=False)
    op.create_index('pending_install_of_browser', 'pending_install', ['browser_digest', 'created_at'], unique=False)
    op.create_index('pending_install_of_shop', 'pending_install', ['platform', 'shop'], unique=False, postgresql_where=sa.text("state = 'waiting'"))


def downgrade() -> None:
    op.drop_index('pending_install_of_shop', table_name='pending_install', postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index('pending_install_of_browser', table_name='pending_install')
    op.drop_index('pending_install_of_application', table_name='pending_install')
    op.drop_index('pending_install_ending', table_name='pending_install', postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index('pending_install_due', table_name='pending_install', postgresql_where=sa.text('due_at IS NOT NULL'))
    op.drop_index(op.f('ix_pending_install_supplier_id'), table_name='pending_install')
    op.drop_table('pending_install')
