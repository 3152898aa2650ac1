"""first tables"""

import sqlalchemy as sa
import sqlmodel

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("supplier_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("storefronts", sa.Text(), nullable=False),
        sa.Column("bucket_limit", sa.Double(), nullable=True),
        sa.Column("restore_rate", sa.Double(), nullable=True),
        sa.Column("level", sa.Double(), nullable=True),
        sa.Column("level_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("supplier_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "secret",
        sa.Column("owner", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("field", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "field"),
    )
    op.create_table(
        "application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("platform", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("shop", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("storefront_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("unpublish_on_uninstall", sa.Boolean(), nullable=False),
        sa.Column("subscriptions_due", sa.Boolean(), nullable=False),
        sa.Column("replan_after", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "application_of_shop",
        "application",
        ["platform", "shop"],
        unique=True,
        postgresql_where=sa.text("state <> 'uninstalled'"),
    )
    op.create_index("application_of_supplier", "application", ["supplier_id", "platform", "shop"], unique=True)
    op.create_index(op.f("ix_application_account_id"), "application", ["account_id"], unique=False)
    op.create_table(
        "target",
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("target_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("observed", sa.Text(), nullable=True),
        sa.Column("sent_images", sa.Text(), nullable=True),
        sa.Column("last_storefront_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("refresh_listing", sa.Boolean(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("account_id", "target_id"),
    )
    op.create_table(
        "binding",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("source_variant_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("target_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("target_variant_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("application_id", "source_variant_id"),
    )
    op.create_index("binding_of_product", "binding", ["application_id", "source_id"], unique=False)
    op.create_index("binding_of_target", "binding", ["account_id", "target_id"], unique=False)
    op.create_index("binding_of_target_variant", "binding", ["account_id", "target_variant_id"], unique=True)
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("topic", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("method", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("source_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("delivery_event", "delivery", ["application_id", "event_id"], unique=True)
    op.create_index(
        "delivery_fresh",
        "delivery",
        ["application_id", "id"],
        unique=False,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_index("delivery_of_application", "delivery", ["application_id", "id"], unique=False)
    op.create_table(
        "delivery_body",
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("delivery_id"),
    )
    op.create_index(op.f("ix_delivery_body_application_id"), "delivery_body", ["application_id"], unique=False)
    op.create_table(
        "import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("counters", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("import_of_application", "import", ["application_id", "started_at"], unique=False)
    op.create_index(
        "import_running", "import", ["application_id"], unique=True, postgresql_where=sa.text("state = 'running'")
    )
    op.create_table(
        "in_flight",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("lease_token", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("application_id", "source_id"),
    )
    op.create_table(
        "lane",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("wake", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_run_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("application_id"),
    )
    op.create_index("lane_due", "lane", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_index("lane_woken", "lane", ["last_run_at"], unique=False, postgresql_where=sa.text("wake > done"))
    op.create_table(
        "sku_claim",
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("source_variant_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "sku"),
    )
    op.create_index(op.f("ix_sku_claim_application_id"), "sku_claim", ["application_id"], unique=False)
    op.create_table(
        "source_product",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=True),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("desired", sa.Text(), nullable=True),
        sa.Column("wants_published", sa.Boolean(), nullable=False),
        sa.Column("generation", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("observed_generation", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'new'"), nullable=False),
        sa.Column("why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.BigInteger(), nullable=True),
        sa.Column("read_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_reason", sa.Text(), nullable=True),
        sa.Column("read_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("gone_checks", sa.SmallInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("application_id", "source_id"),
    )
    op.create_index(
        "source_product_due",
        "source_product",
        ["application_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("source_product_state", "source_product", ["application_id", "state"], unique=False)
    op.create_index(
        "source_product_to_read",
        "source_product",
        ["application_id", "read_due_at"],
        unique=False,
        postgresql_where=sa.text("read_due_at IS NOT NULL"),
    )
    op.create_table(
        "source_variant",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("source_variant_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sku", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("stock_item_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("application_id", "source_variant_id"),
    )
    op.create_index("source_variant_of_product", "source_variant", ["application_id", "source_id"], unique=False)
    op.create_index("source_variant_sku", "source_variant", ["application_id", "sku"], unique=False)
    op.create_index("source_variant_stock_item", "source_variant", ["application_id", "stock_item_id"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("remote_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("health", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("message", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("application_id", "topic"),
    )
    op.create_table(
        "timeline",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("timeline_of_product", "timeline", ["application_id", "source_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("timeline_of_product", table_name="timeline")
    op.drop_table("timeline")
    op.drop_table("subscription")
    op.drop_index("source_variant_stock_item", table_name="source_variant")
    op.drop_index("source_variant_sku", table_name="source_variant")
    op.drop_index("source_variant_of_product", table_name="source_variant")
    op.drop_table("source_variant")
    op.drop_index(
        "source_product_to_read", table_name="source_product", postgresql_where=sa.text("read_due_at IS NOT NULL")
    )
    op.drop_index("source_product_state", table_name="source_product")
    op.drop_index("source_product_due", table_name="source_product", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_table("source_product")
    op.drop_index(op.f("ix_sku_claim_application_id"), table_name="sku_claim")
    op.drop_table("sku_claim")
    op.drop_index("lane_woken", table_name="lane", postgresql_where=sa.text("wake > done"))
    op.drop_index("lane_due", table_name="lane", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_table("lane")
    op.drop_table("in_flight")
    op.drop_index("import_running", table_name="import", postgresql_where=sa.text("state = 'running'"))
    op.drop_index("import_of_application", table_name="import")
    op.drop_table("import")
    op.drop_index(op.f("ix_delivery_body_application_id"), table_name="delivery_body")
    op.drop_table("delivery_body")
    op.drop_index("delivery_of_application", table_name="delivery")
    op.drop_index("delivery_fresh", table_name="delivery", postgresql_where=sa.text("outcome IS NULL"))
    op.drop_index("delivery_event", table_name="delivery")
    op.drop_table("delivery")
    op.drop_index("binding_of_target_variant", table_name="binding")
    op.drop_index("binding_of_target", table_name="binding")
    op.drop_index("binding_of_product", table_name="binding")
    op.drop_table("binding")
    op.drop_table("target")
    op.drop_index(op.f("ix_application_account_id"), table_name="application")
    op.drop_index("application_of_supplier", table_name="application")
    op.drop_index("application_of_shop", table_name="application", postgresql_where=sa.text("state <> 'uninstalled'"))
    op.drop_table("application")
    op.drop_table("secret")
    op.drop_table("api_key")
    op.drop_table("account")
