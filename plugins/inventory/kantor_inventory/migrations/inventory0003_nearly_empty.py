"""what was told at the shelf"""

import sqlalchemy as sa
from alembic import op

revision = "inventory0003"
down_revision = "inventory0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inventory_flag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by_id", sa.Integer(), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("closed_why", sa.String(length=10), nullable=True),
        sa.CheckConstraint(
            "closed_why IN ('received', 'counted', 'enough')",
            name=op.f("ck_inventory_flag_closed_why"),
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_why IS NULL)", name=op.f("ck_inventory_flag_closed")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_flag_item_id_inventory_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["inventory_point.id"],
            name=op.f("fk_inventory_flag_point_id_inventory_point"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["raised_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_flag_raised_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["closed_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_flag_closed_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_flag")),
    )
    is_open = {
        "sqlite_where": sa.text("closed_at IS NULL"),
        "postgresql_where": sa.text("closed_at IS NULL"),
    }
    op.create_index(
        "uq_inventory_flag_open", "inventory_flag", ["item_id", "point_id"], unique=True, **is_open
    )
    op.create_index("ix_inventory_flag_raised_at", "inventory_flag", ["raised_at", "id"], **is_open)
    op.create_index("ix_inventory_flag_point_id", "inventory_flag", ["point_id", "id"])


def downgrade() -> None:
    op.drop_table("inventory_flag")
