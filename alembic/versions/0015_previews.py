"""previews: what they found, and what they have to know on their way"""

import sqlalchemy as sa

from alembic import op

revision = "0015_previews"
down_revision = "0014_images_on_their_way"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
ON_THE_WAY = ("preview_product", "preview_variant", "preview_binding", "preview_target")


def upgrade() -> None:
    op.create_table(
        "preview",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("counters", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("progress", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("preview_of_application", "preview", ["application_id", "started_at"])
    op.create_index("preview_expires", "preview", ["expires_at"])
    op.create_index(
        "preview_running",
        "preview",
        ["application_id"],
        unique=True,
        postgresql_where=sa.text("state = 'running' AND source_id IS NULL"),
    )
    op.create_index(
        "preview_running_of_product",
        "preview",
        ["application_id", "source_id"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    _on_the_way(
        "preview_product",
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("desired", sa.Text(), nullable=True),
        sa.Column("wants_published", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("hiding", sa.String(), nullable=False),
        sa.Column("creating_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.Column("to_read", sa.Boolean(), nullable=False),
        sa.Column("flipped", sa.Boolean(), nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        key=("preview_id", "source_id"),
    )
    for name in ("due", "to_read"):
        op.create_index(
            f"preview_product_{name}", "preview_product", ["preview_id", "source_id"], postgresql_where=sa.text(name)
        )
    _on_the_way(
        "preview_variant",
        sa.Column("source_variant_id", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=True),
        sa.Column("folded", sa.String(), nullable=True),
        key=("preview_id", "source_variant_id"),
    )
    op.create_index("preview_variant_of_product", "preview_variant", ["preview_id", "source_id"])
    op.create_index("preview_variant_folded", "preview_variant", ["preview_id", "folded"])
    _on_the_way(
        "preview_binding",
        sa.Column("source_variant_id", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("target_id", sa.String(), nullable=True),
        sa.Column("target_variant_id", sa.String(), nullable=True),
        sa.Column("bound_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        key=("preview_id", "application_id", "source_variant_id"),
    )
    op.create_index("preview_binding_of_product", "preview_binding", ["preview_id", "source_id"])
    op.create_index("preview_binding_of_target", "preview_binding", ["preview_id", "target_id"])
    op.create_index("preview_binding_of_target_variant", "preview_binding", ["preview_id", "target_variant_id"])
    _on_the_way(
        "preview_target",
        sa.Column("target_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("observed", sa.Text(), nullable=True),
        sa.Column("sent_images", sa.Text(), nullable=True),
        sa.Column("last_storefront_id", sa.String(), nullable=True),
        sa.Column("refresh_listing", sa.Boolean(), nullable=False),
        sa.Column("left_published", sa.Boolean(), nullable=True),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("publishing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("publishing_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("was_published", sa.Boolean(), nullable=False),
        sa.Column("images_missing", sa.Boolean(), nullable=False),
        key=("preview_id", "target_id"),
    )
    op.create_table(
        "preview_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("preview_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=True),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("source_variant_id", sa.String(), nullable=True),
        sa.Column("sku", sa.String(), nullable=True),
        sa.Column("target_id", sa.String(), nullable=True),
        sa.Column("target_variant_id", sa.String(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["preview_id"], ["preview.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("preview_item_of_kind", "preview_item", ["preview_id", "kind", "id"])
    op.create_index("preview_item_of_product", "preview_item", ["preview_id", "source_id", "id"])
    op.create_index("preview_item_in_order", "preview_item", ["preview_id", "id"])
    op.create_index("preview_item_of_application", "preview_item", ["application_id"])


def _on_the_way(name: str, *columns: sa.Column[object], key: tuple[str, ...]) -> None:
    """Create a table of what a preview has to know until it ends."""
    op.create_table(
        name,
        sa.Column("preview_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["preview_id"], ["preview.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(*key),
    )
    op.create_index(f"{name}_of_application", name, ["application_id"])


def downgrade() -> None:
    op.drop_table("preview_item")
    for name in ON_THE_WAY:
        op.drop_table(name)
    op.drop_table("preview")
