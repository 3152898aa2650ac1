"""imports that tell how far they are, and end when everything is brought about"""

import sqlalchemy as sa

from alembic import op

revision = "0010_imports"
down_revision = "0009_appointments"
branch_labels = None
depends_on = None

MARKED = sa.text("import_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("source_product", sa.Column("import_id", sa.Uuid(), nullable=True))
    op.create_index("source_product_import", "source_product", ["application_id", "import_id"], postgresql_where=MARKED)
    op.add_column("import", sa.Column("phase", sa.Text(), server_default=sa.text("'reading'"), nullable=False))
    op.add_column("import", sa.Column("total", sa.BigInteger(), nullable=True))
    op.add_column("import", sa.Column("progress", sa.Double(), server_default=sa.text("0"), nullable=False))
    op.add_column("import", sa.Column("listed_from", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "sighting",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("reading_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("application_id", "reading_id", "source_id"),
    )


def downgrade() -> None:
    op.drop_table("sighting")
    for name in ("listed_from", "progress", "total", "phase"):
        op.drop_column("import", name)
    op.drop_index("source_product_import", table_name="source_product", postgresql_where=MARKED)
    op.drop_column("source_product", "import_id")
