"""problems and policies"""

import sqlalchemy as sa
import sqlmodel

from alembic import op

revision = "0002_policies"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('problem',
    sa.Column('id', sa.Uuid(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('sentence', sa.Text(), nullable=False),
    sa.Column('details', sa.Text(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('times_seen', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('problem_list', 'problem', ['application_id', 'state', 'id'], unique=False)
    op.create_index('problem_subject', 'problem', ['application_id', 'kind', 'subject'], unique=True)
    op.create_table('sku_choice',
    sa.Column('account_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('folded', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('source_variant_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('target_variant_id', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('chosen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], ),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('account_id', 'folded')
    )
    op.create_index(op.f('ix_sku_choice_application_id'), 'sku_choice', ['application_id'], unique=False)
    op.create_table('problem_product',
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('source_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('problem_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['problem_id'], ['problem.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('application_id', 'source_id', 'problem_id')
    )
    op.create_index('problem_product_of', 'problem_product', ['problem_id'], unique=False)
    op.add_column('source_product', sa.Column('creating_since', sa.DateTime(timezone=True), nullable=True))
    op.add_column('source_product', sa.Column('hiding', sa.Text(), server_default=sa.text("'free'"), nullable=False))
    op.create_index('source_product_held', 'source_product', ['application_id'], unique=False, postgresql_where=sa.text("hiding = 'held'"))
    op.add_column('source_variant', sa.Column('folded', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.create_index('source_variant_folded', 'source_variant', ['folded', 'application_id'], unique=False)
    op.add_column('target', sa.Column('left_published', sa.Boolean(), nullable=True))
    op.add_column('target', sa.Column('held', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('target', sa.Column('hidden_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('target', sa.Column('publishing_since', sa.DateTime(timezone=True), nullable=True))
    op.add_column('target', sa.Column('publishing_until', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('target', 'publishing_until')
    op.drop_column('target', 'publishing_since')
    op.drop_column('target', 'hidden_at')
    op.drop_column('target', 'held')
    op.drop_column('target', 'left_published')
    op.drop_index('source_variant_folded', table_name='source_variant')
    op.drop_column('source_variant', 'folded')
    op.drop_index('source_product_held', table_name='source_product', postgresql_where=sa.text("hiding = 'held'"))
    op.drop_column('source_product', 'hiding')
    op.drop_column('source_product', 'creating_since')
    op.drop_index('problem_product_of', table_name='problem_product')
    op.drop_table('problem_product')
    op.drop_index(op.f('ix_sku_choice_application_id'), table_name='sku_choice')
    op.drop_table('sku_choice')
    op.drop_index('problem_subject', table_name='problem')
    op.drop_index('problem_list', table_name='problem')
    op.drop_table('problem')
