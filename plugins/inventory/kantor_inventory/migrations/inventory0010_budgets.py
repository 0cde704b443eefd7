"""budgets of departments, the ledger of each, and for whom lines are ordered"""

import sqlalchemy as sa
from alembic import op

revision = "inventory0010"
down_revision = "inventory0009"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_inventory_budget_until_on", ["until_on", "id"]),
    ("ix_inventory_budget_from_on", ["from_on", "id"]),
    ("ix_inventory_budget_available", ["available", "id"]),
    ("ix_inventory_budget_department", ["department_id", "from_on", "id"]),
    ("ix_inventory_budget_category_id", ["category_id"]),
    ("ix_inventory_budget_department_id", ["department_id"]),
)
SAID = "the ledger of a budget is append-only"


def upgrade() -> None:
    op.create_table(
        "inventory_budget",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.String(length=4), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("mode IN ('stop', 'warn')", name=op.f("ck_inventory_budget_mode")),
        sa.CheckConstraint("until_on > from_on", name=op.f("ck_inventory_budget_period")),
        sa.CheckConstraint(
            "amount >= 0 AND committed >= 0 AND spent >= 0",
            name=op.f("ck_inventory_budget_positive"),
        ),
        sa.CheckConstraint(
            "available = amount - committed - spent", name=op.f("ck_inventory_budget_sum")
        ),
        sa.CheckConstraint(
            "available >= 0 OR mode = 'warn'", name=op.f("ck_inventory_budget_available")
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["inventory_category.id"],
            name=op.f("fk_inventory_budget_category_id_inventory_category"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["department.id"],
            name=op.f("fk_inventory_budget_department_id_department"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_budget")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_budget_public_id")),
    )
    for name, columns in INDEXES:
        op.create_index(name, "inventory_budget", columns)
    _entries()
    _shares()
    if op.get_bind().dialect.name == "sqlite":
        _guard_on_sqlite()
    else:
        _guard_on_postgresql()


def _entries() -> None:
    op.create_table(
        "inventory_budget_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=7), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('commit', 'release', 'spend', 'refund')",
            name=op.f("ck_inventory_budget_entry_kind"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_inventory_budget_entry_amount")),
        sa.CheckConstraint(
            "reserved >= 0 AND reserved <= amount"
            " AND (reserved = 0 OR kind IN ('spend', 'refund'))",
            name=op.f("ck_inventory_budget_entry_reserved"),
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"],
            ["person.id"],
            name=op.f("fk_inventory_budget_entry_actor_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["budget_id"],
            ["inventory_budget.id"],
            name=op.f("fk_inventory_budget_entry_budget_id_inventory_budget"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_budget_entry")),
        sa.UniqueConstraint(
            "source", "kind", "number", name=op.f("uq_inventory_budget_entry_source_kind_number")
        ),
    )
    op.create_index(
        "ix_inventory_budget_entry_budget_id", "inventory_budget_entry", ["budget_id", "id"]
    )


def _shares() -> None:
    op.create_table(
        "inventory_order_share",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("for_department_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("request_line_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_inventory_order_share_quantity")),
        sa.ForeignKeyConstraint(
            ["for_department_id"],
            ["department.id"],
            name=op.f("fk_inventory_order_share_for_department_id_department"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["inventory_purchase_order_line.id"],
            name=op.f("fk_inventory_order_share_line_id_inventory_purchase_order_line"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_order_share")),
    )
    op.create_index("ix_inventory_order_share_line_id", "inventory_order_share", ["line_id", "id"])
    op.create_index(
        "ix_inventory_order_share_request_line_id", "inventory_order_share", ["request_line_id"]
    )


def _guard_on_sqlite() -> None:
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER inventory_budget_entry_refuses_{act.lower()}"
            f" BEFORE {act} ON inventory_budget_entry"
            f" BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
        )


def _guard_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION inventory_budget_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{SAID}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER inventory_budget_entry_refuses_change"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory_budget_entry"
        " FOR EACH STATEMENT EXECUTE FUNCTION inventory_budget_append_only()"
    )


def downgrade() -> None:
    op.drop_table("inventory_order_share")
    op.drop_table("inventory_budget_entry")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION inventory_budget_append_only()")
    op.drop_table("inventory_budget")
