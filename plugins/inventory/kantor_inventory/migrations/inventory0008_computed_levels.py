"""levels that are worked out, prices by quantity, and how suppliers keep their word"""

import sqlalchemy as sa
from alembic import op

revision = "inventory0008"
down_revision = "inventory0007"
branch_labels = None
depends_on = None

RULES, BREAKS, RECORDS = (
    "inventory_stock_rule",
    "inventory_price_break",
    "inventory_supplier_record",
)
# Each with its CHECK, in words both databases take: SQLite adds none to a table that is there.
COLUMNS = (
    ("method", "VARCHAR(8) DEFAULT 'manual' NOT NULL", "method IN ('manual', 'auto', 'off')"),
    ("service_percent", "INTEGER DEFAULT 98 NOT NULL", "service_percent BETWEEN 50 AND 99"),
    ("review_days", "INTEGER", "review_days BETWEEN 1 AND 365"),
    ("hard_cap", "BIGINT", "hard_cap > 0"),
    ("last_auto_minimum", "BIGINT", "last_auto_minimum >= 0"),
    ("last_auto_maximum", "BIGINT", "last_auto_maximum >= last_auto_minimum"),
    ("proposed_minimum", "BIGINT", "proposed_minimum >= 0"),
    (
        "proposed_maximum",
        "BIGINT",
        (
            "(proposed_minimum IS NULL) = (proposed_maximum IS NULL)"
            " AND proposed_maximum >= proposed_minimum"
        ),
    ),
)
AUTO = sa.text("method = 'auto'")
ASIDE = sa.text("proposed_minimum IS NOT NULL")


def upgrade() -> None:
    for name, kind, check in COLUMNS:
        op.execute(
            f"ALTER TABLE {RULES} ADD COLUMN {name} {kind}"
            f" CONSTRAINT ck_{RULES}_{name} CHECK ({check})"
        )
    op.add_column(RULES, sa.Column("last_auto_inputs", sa.JSON(), nullable=True))
    op.add_column(RULES, sa.Column("computed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_inventory_stock_rule_auto",
        RULES,
        ["id"],
        sqlite_where=AUTO,
        postgresql_where=AUTO,
    )
    op.create_index(
        "ix_inventory_stock_rule_proposed",
        RULES,
        ["id"],
        sqlite_where=ASIDE,
        postgresql_where=ASIDE,
    )
    _create_breaks()
    _create_records()


def _create_breaks() -> None:
    op.create_table(
        BREAKS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("supplier_item_id", sa.Integer(), nullable=False),
        sa.Column("packs", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "packs > 1 AND price >= 0", name=op.f("ck_inventory_price_break_figures")
        ),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_inventory_price_break_period")),
        sa.ForeignKeyConstraint(
            ["supplier_item_id"],
            ["inventory_supplier_item.id"],
            name=op.f("fk_inventory_price_break_supplier_item_id_inventory_supplier_item"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_price_break")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_price_break_public_id")),
        sa.UniqueConstraint(
            "supplier_item_id",
            "packs",
            "valid_from",
            name=op.f("uq_inventory_price_break_supplier_item_id_packs_valid_from"),
        ),
    )


def _create_records() -> None:
    op.create_table(
        RECORDS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lead_mean", sa.BigInteger(), nullable=False),
        sa.Column("lead_sd", sa.BigInteger(), nullable=False),
        sa.Column("lead_count", sa.Integer(), nullable=False),
        sa.Column("on_time", sa.Integer(), nullable=False),
        sa.Column("promised", sa.Integer(), nullable=False),
        sa.Column("short_lines", sa.Integer(), nullable=False),
        sa.Column("closed_lines", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "lead_mean >= 0 AND lead_sd >= 0 AND lead_count >= 0",
            name=op.f("ck_inventory_supplier_record_lead"),
        ),
        sa.CheckConstraint(
            "on_time BETWEEN 0 AND promised AND short_lines BETWEEN 0 AND closed_lines",
            name=op.f("ck_inventory_supplier_record_shares"),
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"],
            ["inventory_supplier.id"],
            name=op.f("fk_inventory_supplier_record_supplier_id_inventory_supplier"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_supplier_record")),
        sa.UniqueConstraint("supplier_id", name=op.f("uq_inventory_supplier_record_supplier_id")),
    )


def downgrade() -> None:
    op.drop_table(RECORDS)
    op.drop_table(BREAKS)
    op.drop_index("ix_inventory_stock_rule_proposed", RULES)
    op.drop_index("ix_inventory_stock_rule_auto", RULES)
    for name in ("computed_at", "last_auto_inputs"):
        op.drop_column(RULES, name)
    for name, _, _ in reversed(COLUMNS):
        op.drop_column(RULES, name)  # and its CHECK with it
