"""counts, orders, requisitions, alerts"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "inventory0002"
down_revision = "inventory0001"
branch_labels = None
depends_on = None


ALERT_INDEXES = (
    ("ix_inventory_alert_grade", ["grade", "opened_at", "id"], "closed_at IS NULL"),
    ("ix_inventory_alert_opened_at", ["opened_at", "id"], "closed_at IS NULL"),
    (
        "ix_inventory_alert_point_id",
        ["point_id", "grade", "opened_at", "id"],
        "closed_at IS NULL",
    ),
    (
        "ix_inventory_alert_point_closed",
        ["point_id", "opened_at", "id"],
        "closed_at IS NOT NULL",
    ),
    ("ix_inventory_alert_closed", ["opened_at", "id"], "closed_at IS NOT NULL"),
)

BALANCE_INDEXES = (
    (
        "ix_inventory_balance_due_at",
        ["point_id", "due_at"],
        "due_at IS NOT NULL",
        "due_at IS NOT NULL",
    ),
    (
        "ix_inventory_balance_still",
        ["moved_at", "id"],
        "outside = 0 AND quantity > 0",
        "NOT outside AND quantity > 0",
    ),
)


def upgrade() -> None:
    op.create_table(
        "inventory_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("assigned_to_id", sa.Integer(), nullable=True),
        sa.Column("planned_by_id", sa.Integer(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by_id", sa.Integer(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("lines_counted", sa.Integer(), nullable=True),
        sa.Column("lines_right", sa.Integer(), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('planned', 'counting', 'submitted', 'recount', 'posted', 'cancelled')",
            name=op.f("ck_inventory_count_status"),
        ),
        sa.ForeignKeyConstraint(
            ["assigned_to_id"],
            ["person.id"],
            name=op.f("fk_inventory_count_assigned_to_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["closed_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_count_closed_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["department.id"],
            name=op.f("fk_inventory_count_department_id_department"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["planned_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_count_planned_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["submitted_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_count_submitted_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_count")),
        sa.UniqueConstraint("number", name=op.f("uq_inventory_count_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_count_public_id")),
    )
    with op.batch_alter_table("inventory_count", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_inventory_count_department_id"), ["department_id"], unique=False
        )
        batch_op.create_index("ix_inventory_count_status", ["status", "id"], unique=False)

    op.create_table(
        "inventory_count_category",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("count_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["inventory_category.id"],
            name=op.f("fk_inventory_count_category_category_id_inventory_category"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["count_id"],
            ["inventory_count.id"],
            name=op.f("fk_inventory_count_category_count_id_inventory_count"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_count_category")),
        sa.UniqueConstraint(
            "count_id", "category_id", name=op.f("uq_inventory_count_category_count_id_category_id")
        ),
    )
    op.create_table(
        "inventory_substitute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("item_id < other_id", name=op.f("ck_inventory_substitute_other")),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_substitute_item_id_inventory_item"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["other_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_substitute_other_id_inventory_item"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_substitute")),
        sa.UniqueConstraint(
            "item_id", "other_id", name=op.f("uq_inventory_substitute_item_id_other_id")
        ),
    )
    op.create_index(
        "ix_inventory_substitute_other_id", "inventory_substitute", ["other_id"], unique=False
    )
    op.create_table(
        "inventory_alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('low', 'too_much')", name=op.f("ck_inventory_alert_kind")),
        sa.CheckConstraint(
            "(kind = 'low') = (grade IN (0, 1))", name=op.f("ck_inventory_alert_grade")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_alert_item_id_inventory_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["inventory_point.id"],
            name=op.f("fk_inventory_alert_point_id_inventory_point"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_alert")),
    )
    with op.batch_alter_table("inventory_alert", schema=None) as batch_op:
        batch_op.create_index("ix_inventory_alert_item_id", ["item_id", "id"], unique=False)
        for name, columns, condition in ALERT_INDEXES:
            batch_op.create_index(
                name,
                columns,
                unique=False,
                sqlite_where=sa.text(condition),
                postgresql_where=sa.text(condition),
            )
        batch_op.create_index(
            "uq_inventory_alert_open",
            ["item_id", "point_id", "kind"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "inventory_count_place",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("count_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["count_id"],
            ["inventory_count.id"],
            name=op.f("fk_inventory_count_place_count_id_inventory_count"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["inventory_point.id"],
            name=op.f("fk_inventory_count_place_point_id_inventory_point"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_count_place")),
        sa.UniqueConstraint(
            "count_id", "point_id", name=op.f("uq_inventory_count_place_count_id_point_id")
        ),
    )
    op.create_table(
        "inventory_purchase_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.String(length=10), nullable=True),
        sa.Column("placed_with", sa.String(length=200), nullable=False),
        sa.Column("placed_by_id", sa.Integer(), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "placed_by IN ('email', 'phone', 'fax', 'shop')",
            name=op.f("ck_inventory_purchase_order_placed_by"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'cancelled') OR number IS NOT NULL",
            name=op.f("ck_inventory_purchase_order_number"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'placed', 'received', 'closed_short', 'cancelled')",
            name=op.f("ck_inventory_purchase_order_status"),
        ),
        sa.ForeignKeyConstraint(
            ["closed_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_purchase_order_closed_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["department.id"],
            name=op.f("fk_inventory_purchase_order_department_id_department"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_purchase_order_made_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["placed_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_purchase_order_placed_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"],
            ["inventory_supplier.id"],
            name=op.f("fk_inventory_purchase_order_supplier_id_inventory_supplier"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_purchase_order")),
        sa.UniqueConstraint("number", name=op.f("uq_inventory_purchase_order_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_purchase_order_public_id")),
    )
    with op.batch_alter_table("inventory_purchase_order", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_inventory_purchase_order_department_id"), ["department_id"], unique=False
        )
        batch_op.create_index("ix_inventory_purchase_order_status", ["status", "id"], unique=False)
        batch_op.create_index(
            "ix_inventory_purchase_order_supplier_id", ["supplier_id", "id"], unique=False
        )
        batch_op.create_index(
            "uq_inventory_purchase_order_draft",
            ["department_id", "supplier_id"],
            unique=True,
            sqlite_where=sa.text("status = 'draft'"),
            postgresql_where=sa.text("status = 'draft'"),
        )

    op.create_table(
        "inventory_requisition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("needed_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('asked', 'answered', 'withdrawn')",
            name=op.f("ck_inventory_requisition_status"),
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["department.id"],
            name=op.f("fk_inventory_requisition_department_id_department"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["person.id"],
            name=op.f("fk_inventory_requisition_owner_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["place_id"],
            ["place.id"],
            name=op.f("fk_inventory_requisition_place_id_place"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_requisition")),
        sa.UniqueConstraint("number", name=op.f("uq_inventory_requisition_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_requisition_public_id")),
    )
    with op.batch_alter_table("inventory_requisition", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_inventory_requisition_owner_id"), ["owner_id"], unique=False
        )
        batch_op.create_index(
            "ix_inventory_requisition_place_id", ["place_id", "status", "id"], unique=False
        )
        batch_op.create_index("ix_inventory_requisition_status", ["status", "id"], unique=False)
        batch_op.create_index(
            "ix_inventory_requisition_owner", ["owner_id", "status", "id"], unique=False
        )

    op.create_table(
        "inventory_snooze",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_snooze_item_id_inventory_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["inventory_point.id"],
            name=op.f("fk_inventory_snooze_point_id_inventory_point"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["set_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_snooze_set_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_snooze")),
        sa.UniqueConstraint(
            "item_id", "point_id", name=op.f("uq_inventory_snooze_item_id_point_id")
        ),
    )
    op.create_table(
        "inventory_count_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("count_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("missed_by_id", sa.Integer(), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(length=10), nullable=True),
        sa.Column("included", sa.BigInteger(), nullable=False),
        sa.Column("included_ids", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("movement_id", sa.Integer(), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "decision IN ('keep', 'included', 'recount', 'leave_out')",
            name=op.f("ck_inventory_count_line_decision"),
        ),
        sa.ForeignKeyConstraint(
            ["count_id"],
            ["inventory_count.id"],
            name=op.f("fk_inventory_count_line_count_id_inventory_count"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_count_line_decided_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_count_line_item_id_inventory_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["missed_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_count_line_missed_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["movement_id"],
            ["inventory_movement.id"],
            name=op.f("fk_inventory_count_line_movement_id_inventory_movement"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["inventory_point.id"],
            name=op.f("fk_inventory_count_line_point_id_inventory_point"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_count_line")),
        sa.UniqueConstraint(
            "count_id",
            "item_id",
            "point_id",
            name=op.f("uq_inventory_count_line_count_id_item_id_point_id"),
        ),
        sa.UniqueConstraint("movement_id", name=op.f("uq_inventory_count_line_movement_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_count_line_public_id")),
    )
    with op.batch_alter_table("inventory_count_line", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inventory_count_line_count_id", ["count_id", "position", "id"], unique=False
        )
        batch_op.create_index(
            "ix_inventory_count_line_point_id", ["point_id", "item_id"], unique=False
        )
        batch_op.create_index(
            "uq_inventory_count_line_open",
            ["item_id", "point_id"],
            unique=True,
            sqlite_where=sa.text("open = 1"),
            postgresql_where=sa.text("open"),
        )

    op.create_table(
        "inventory_purchase_order_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("item_unit_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("packs", sa.Integer(), nullable=False),
        sa.Column("ordered", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("supplier_sku", sa.String(length=60), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("why", sa.JSON(), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'received', 'short', 'cancelled')",
            name=op.f("ck_inventory_purchase_order_line_state"),
        ),
        sa.CheckConstraint(
            "packs > 0 AND ordered > 0", name=op.f("ck_inventory_purchase_order_line_ordered")
        ),
        sa.CheckConstraint("price >= 0", name=op.f("ck_inventory_purchase_order_line_price")),
        sa.CheckConstraint(
            "received >= 0 AND received <= ordered",
            name=op.f("ck_inventory_purchase_order_line_received"),
        ),
        sa.CheckConstraint(
            "outstanding >= 0 AND outstanding + received <= ordered"
            " AND (outstanding > 0) = (state = 'open')",
            name=op.f("ck_inventory_purchase_order_line_outstanding"),
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_purchase_order_line_item_id_inventory_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["item_unit_id"],
            ["inventory_item_unit.id"],
            name=op.f("fk_inventory_purchase_order_line_item_unit_id_inventory_item_unit"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["inventory_purchase_order.id"],
            name=op.f("fk_inventory_purchase_order_line_order_id_inventory_purchase_order"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["inventory_point.id"],
            name=op.f("fk_inventory_purchase_order_line_point_id_inventory_point"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_purchase_order_line")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_purchase_order_line_public_id")),
    )
    with op.batch_alter_table("inventory_purchase_order_line", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inventory_purchase_order_line_item_id", ["item_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_inventory_purchase_order_line_open",
            ["item_id", "point_id"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(
            "ix_inventory_purchase_order_line_order_id", ["order_id", "id"], unique=False
        )
        batch_op.create_index(
            "uq_inventory_purchase_order_line_draft",
            ["item_id", "point_id"],
            unique=True,
            sqlite_where=sa.text("state = 'draft'"),
            postgresql_where=sa.text("state = 'draft'"),
        )

    op.create_table(
        "inventory_requisition_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("requisition_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("item_unit_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("entered", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given", sa.BigInteger(), nullable=True),
        sa.Column("given_item_id", sa.Integer(), nullable=True),
        sa.Column("movement_id", sa.Integer(), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('asked', 'handed_out', 'declined', 'withdrawn')",
            name=op.f("ck_inventory_requisition_line_state"),
        ),
        sa.CheckConstraint(
            "quantity > 0 AND entered > 0", name=op.f("ck_inventory_requisition_line_quantity")
        ),
        sa.CheckConstraint(
            "(state = 'handed_out') = (movement_id IS NOT NULL)"
            " AND (given IS NOT NULL) = (movement_id IS NOT NULL)"
            " AND (given_item_id IS NOT NULL) = (movement_id IS NOT NULL)",
            name=op.f("ck_inventory_requisition_line_handed_out"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_requisition_line_answered_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["given_item_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_requisition_line_given_item_id_inventory_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_requisition_line_item_id_inventory_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["item_unit_id"],
            ["inventory_item_unit.id"],
            name=op.f("fk_inventory_requisition_line_item_unit_id_inventory_item_unit"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["movement_id"],
            ["inventory_movement.id"],
            name=op.f("fk_inventory_requisition_line_movement_id_inventory_movement"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["requisition_id"],
            ["inventory_requisition.id"],
            name=op.f("fk_inventory_requisition_line_requisition_id_inventory_requisition"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_requisition_line")),
        sa.UniqueConstraint("movement_id", name=op.f("uq_inventory_requisition_line_movement_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_requisition_line_public_id")),
    )
    with op.batch_alter_table("inventory_requisition_line", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inventory_requisition_line_item_id", ["item_id", "state"], unique=False
        )
        batch_op.create_index(
            "ix_inventory_requisition_line_requisition_id", ["requisition_id", "id"], unique=False
        )

    op.create_table(
        "inventory_slip",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=10), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("entered", sa.BigInteger(), nullable=False),
        sa.Column("item_unit_id", sa.Integer(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "type IN ('receive', 'issue', 'transfer', 'scrap')",
            name=op.f("ck_inventory_slip_type"),
        ),
        sa.CheckConstraint("quantity > 0 AND entered > 0", name=op.f("ck_inventory_slip_quantity")),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_inventory_slip_{column}_{table}"),
                ondelete="RESTRICT",
            )
            for column, table in (
                ("actor_id", "person"),
                ("item_id", "inventory_item"),
                ("item_unit_id", "inventory_item_unit"),
                ("point_id", "inventory_point"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_slip")),
    )
    op.create_index("ix_inventory_slip_item_id", "inventory_slip", ["item_id", "id"], unique=False)

    op.create_table(
        "inventory_count_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("count_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("entered", sa.JSON(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_by_id", sa.Integer(), nullable=True),
        sa.Column("book", sa.BigInteger(), nullable=False),
        sa.Column("book_value", sa.BigInteger(), nullable=False),
        sa.Column("book_seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("counted >= 0", name=op.f("ck_inventory_count_entry_counted")),
        sa.ForeignKeyConstraint(
            ["count_id"],
            ["inventory_count.id"],
            name=op.f("fk_inventory_count_entry_count_id_inventory_count"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["counted_by_id"],
            ["person.id"],
            name=op.f("fk_inventory_count_entry_counted_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["inventory_count_line.id"],
            name=op.f("fk_inventory_count_entry_line_id_inventory_count_line"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_count_entry")),
    )
    with op.batch_alter_table("inventory_count_entry", schema=None) as batch_op:
        batch_op.create_index("ix_inventory_count_entry_count_id", ["count_id"], unique=False)
        batch_op.create_index("ix_inventory_count_entry_line_id", ["line_id", "id"], unique=False)
        batch_op.create_index(
            "uq_inventory_count_entry_current",
            ["line_id", "round"],
            unique=True,
            sqlite_where=sa.text("current = 1"),
            postgresql_where=sa.text("current"),
        )

    op.create_table(
        "inventory_receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("movement_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("delivery_note", sa.String(length=60), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_inventory_receipt_quantity")),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["inventory_purchase_order_line.id"],
            name=op.f("fk_inventory_receipt_line_id_inventory_purchase_order_line"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["movement_id"],
            ["inventory_movement.id"],
            name=op.f("fk_inventory_receipt_movement_id_inventory_movement"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["inventory_purchase_order.id"],
            name=op.f("fk_inventory_receipt_order_id_inventory_purchase_order"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_receipt")),
        sa.UniqueConstraint("movement_id", name=op.f("uq_inventory_receipt_movement_id")),
    )
    with op.batch_alter_table("inventory_receipt", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inventory_receipt_delivery_note", ["delivery_note", "id"], unique=False
        )
        batch_op.create_index("ix_inventory_receipt_line_id", ["line_id", "id"], unique=False)
        batch_op.create_index("ix_inventory_receipt_order_id", ["order_id", "id"], unique=False)

    op.add_column(
        "inventory_balance", sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True)
    )

    op.add_column("inventory_item", sa.Column("abc", sa.String(length=1), nullable=True))
    _give_suppliers_terms()
    _know_what_is_on_order()
    _say_what_counts_find()
    op.create_index(
        "ix_inventory_movement_type", "inventory_movement", ["item_id", "type", "id"], unique=False
    )
    _open_alerts()
    _add_sums()


OLD_KINDS = "'store', 'point_of_use', 'supplier', 'consumption', 'scrap', 'transit', 'opening'"
OLD_TYPES = "'receive', 'issue', 'transfer', 'scrap', 'opening', 'reversal'"


def _give_suppliers_terms() -> None:
    """Add the terms of ordering, with what was true of every supplier so far."""
    table = "inventory_supplier"
    with op.batch_alter_table(table) as batch_op:
        batch_op.add_column(
            sa.Column("order_every", sa.Integer(), server_default="14", nullable=False)
        )
        batch_op.add_column(sa.Column("minimum_order", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("free_delivery_from", sa.BigInteger(), nullable=True))
        _check(batch_op, table, "order_every", "order_every > 0")
        _check(batch_op, table, "terms", "minimum_order >= 0 AND free_delivery_from >= 0")
    table = "inventory_supplier_item"
    with op.batch_alter_table(table) as batch_op:
        for name in ("least", "multiple", "rank"):
            batch_op.add_column(sa.Column(name, sa.Integer(), server_default="1", nullable=False))
        _check(batch_op, table, "terms", "least > 0 AND multiple > 0 AND rank > 0")


def _take_terms_back() -> None:
    table = "inventory_supplier_item"
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_terms"), type_="check")
        for name in ("least", "multiple", "rank"):
            batch_op.drop_column(name)
    table = "inventory_supplier"
    with op.batch_alter_table(table) as batch_op:
        for name in ("order_every", "terms"):
            batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        for name in ("order_every", "minimum_order", "free_delivery_from"):
            batch_op.drop_column(name)


SHORT = "minimum IS NOT NULL AND quantity + on_order < minimum"


def _know_what_is_on_order() -> None:
    """Keep beside each balance what is on its way, and whether it is too little even so."""
    table = "inventory_balance"
    on_order = sa.Column("on_order", sa.BigInteger(), server_default="0", nullable=False)
    to_order = sa.Column("to_order", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column(table, on_order)
    op.add_column(table, to_order)
    op.execute("UPDATE inventory_balance SET to_order = below")
    _without_renaming_trigger()
    with op.batch_alter_table(table) as batch_op:
        _check(batch_op, table, "on_order", "on_order >= 0")
        _check(batch_op, table, "to_order", f"to_order = ({SHORT})")
        for name, on_sqlite, on_postgresql in (
            ("to_order", "to_order = 1", "to_order"),
            ("limited", "minimum IS NOT NULL", "minimum IS NOT NULL"),
        ):
            batch_op.create_index(
                f"ix_{table}_{name}",
                ["item_key", "id"],
                sqlite_where=sa.text(on_sqlite),
                postgresql_where=sa.text(on_postgresql),
            )
    _with_renaming_trigger()


def _forget_what_is_on_order() -> None:
    table = "inventory_balance"
    _without_renaming_trigger()
    with op.batch_alter_table(table) as batch_op:
        for name in ("limited", "to_order"):
            batch_op.drop_index(f"ix_{table}_{name}")
        for name in ("to_order", "on_order"):
            batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
            batch_op.drop_column(name)
    _with_renaming_trigger()


def _without_renaming_trigger() -> None:
    """Put away the trigger that names the balances: SQLite cannot rebuild their table under it."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER inventory_item_renames_balances")


def _with_renaming_trigger() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER inventory_item_renames_balances AFTER UPDATE OF name_key"
            " ON inventory_item"
            " BEGIN UPDATE inventory_balance SET item_key = new.name_key"
            " WHERE item_id = new.id; END"
        )


def _say_what_counts_find() -> None:
    """Let movements be what a count found, to and from an end of its own outside."""
    _allow("inventory_point", "kind", f"{OLD_KINDS}, 'variance'")
    points = sa.table("inventory_point", sa.column("kind"), sa.column("allow_negative", sa.Boolean))
    op.bulk_insert(points, [{"kind": "variance", "allow_negative": True}])
    _allow("inventory_movement", "type", f"{OLD_TYPES}, 'usage', 'variance'")
    _guard_again()


def _forget_what_counts_found() -> None:
    """Go back; what counts have posted cannot be forgotten, so this fails once there is any."""
    _allow("inventory_movement", "type", OLD_TYPES)
    _guard_again()
    op.execute(
        "DELETE FROM inventory_balance WHERE point_id ="
        " (SELECT id FROM inventory_point WHERE kind = 'variance')"
    )
    op.execute("DELETE FROM inventory_point WHERE kind = 'variance'")
    _allow("inventory_point", "kind", OLD_KINDS)


def _allow(table: str, column: str, values: str) -> None:
    """Let a column be one of these values from now on."""
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{column}"), type_="check")
        _check(batch_op, table, column, f"{column} IN ({values})")


def _check(batch_op: Any, table: str, name: str, words: str) -> None:
    batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), words)


def _guard_again() -> None:
    """Make the triggers of the ledger that SQLite has lost with the old table."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER inventory_movement_refuses_{act.lower()}"
                f" BEFORE {act} ON inventory_movement"
                " BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )


def _open_alerts() -> None:
    """Open an alert wherever there is too little or too much already."""
    op.execute(
        "INSERT INTO inventory_alert (kind, grade, item_id, point_id, opened_at, quantity)"
        " SELECT CASE WHEN b.below THEN 'low' ELSE 'too_much' END,"
        " CASE WHEN NOT b.below THEN 2 WHEN b.quantity > 0 THEN 1 ELSE 0 END,"
        " b.item_id, b.point_id, coalesce(b.moved_at, CURRENT_TIMESTAMP), b.quantity"
        " FROM inventory_balance b JOIN inventory_item i ON i.id = b.item_id"
        " WHERE (b.below OR b.quantity > b.maximum)"
        " AND i.status = 'active' AND i.mode <> 'non_stock'"
    )


def _add_sums() -> None:
    """Make what is added up every night, for the overview and for planning counts."""
    op.create_table(
        "inventory_month_sum",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('stock', 'usage', 'low', 'counted')",
            name=op.f("ck_inventory_month_sum_kind"),
        ),
        *[
            sa.ForeignKeyConstraint(
                [f"{column}_id"],
                [f"{table}.id"],
                name=op.f(f"fk_inventory_month_sum_{column}_id_{table}"),
                ondelete="RESTRICT",
            )
            for column, table in (
                ("point", "inventory_point"),
                ("category", "inventory_category"),
                ("department", "department"),
            )
        ],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_month_sum")),
    )
    op.create_index(
        "ix_inventory_month_sum_kind", "inventory_month_sum", ["kind", "month", "point_id"]
    )
    op.create_table(
        "inventory_most_used",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        *[
            sa.ForeignKeyConstraint(
                [f"{column}_id"],
                [f"inventory_{column}.id"],
                name=op.f(f"fk_inventory_most_used_{column}_id_inventory_{column}"),
                ondelete="RESTRICT",
            )
            for column in ("item", "point")
        ],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_most_used")),
    )
    op.create_index("ix_inventory_most_used_value", "inventory_most_used", ["value", "id"])
    op.create_index("ix_inventory_item_abc", "inventory_item", ["abc", "name_key", "id"])
    op.add_column(
        "inventory_balance", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True)
    )
    for name, columns, on_sqlite, on_postgresql in BALANCE_INDEXES:
        op.create_index(
            name,
            "inventory_balance",
            columns,
            sqlite_where=sa.text(on_sqlite),
            postgresql_where=sa.text(on_postgresql),
        )


def _drop_sums() -> None:
    for name, *_rest in BALANCE_INDEXES:
        op.drop_index(name, "inventory_balance")
    op.drop_column("inventory_balance", "due_at")
    op.drop_index("ix_inventory_item_abc", "inventory_item")
    op.drop_table("inventory_most_used")
    op.drop_table("inventory_month_sum")


def downgrade() -> None:
    _drop_sums()
    op.drop_index("ix_inventory_movement_type", "inventory_movement")
    op.drop_index("ix_inventory_slip_item_id", "inventory_slip")
    op.drop_table("inventory_slip")
    _forget_what_counts_found()
    _forget_what_is_on_order()
    _take_terms_back()
    op.drop_column("inventory_item", "abc")
    op.drop_column("inventory_balance", "counted_at")
    with op.batch_alter_table("inventory_receipt", schema=None) as batch_op:
        batch_op.drop_index("ix_inventory_receipt_order_id")
        batch_op.drop_index("ix_inventory_receipt_line_id")
        batch_op.drop_index("ix_inventory_receipt_delivery_note")

    op.drop_table("inventory_receipt")
    with op.batch_alter_table("inventory_count_entry", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_inventory_count_entry_current",
            sqlite_where=sa.text("current = 1"),
            postgresql_where=sa.text("current"),
        )
        batch_op.drop_index("ix_inventory_count_entry_line_id")
        batch_op.drop_index("ix_inventory_count_entry_count_id")

    op.drop_table("inventory_count_entry")
    with op.batch_alter_table("inventory_requisition_line", schema=None) as batch_op:
        batch_op.drop_index("ix_inventory_requisition_line_requisition_id")
        batch_op.drop_index("ix_inventory_requisition_line_item_id")

    op.drop_table("inventory_requisition_line")
    with op.batch_alter_table("inventory_purchase_order_line", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_inventory_purchase_order_line_draft",
            sqlite_where=sa.text("state = 'draft'"),
            postgresql_where=sa.text("state = 'draft'"),
        )
        batch_op.drop_index("ix_inventory_purchase_order_line_order_id")
        batch_op.drop_index(
            "ix_inventory_purchase_order_line_open",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index("ix_inventory_purchase_order_line_item_id")

    op.drop_table("inventory_purchase_order_line")
    with op.batch_alter_table("inventory_count_line", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_inventory_count_line_open",
            sqlite_where=sa.text("open = 1"),
            postgresql_where=sa.text("open"),
        )
        batch_op.drop_index("ix_inventory_count_line_point_id")
        batch_op.drop_index("ix_inventory_count_line_count_id")

    op.drop_table("inventory_count_line")
    op.drop_table("inventory_snooze")
    with op.batch_alter_table("inventory_requisition", schema=None) as batch_op:
        batch_op.drop_index("ix_inventory_requisition_owner")
        batch_op.drop_index("ix_inventory_requisition_status")
        batch_op.drop_index("ix_inventory_requisition_place_id")
        batch_op.drop_index(batch_op.f("ix_inventory_requisition_owner_id"))

    op.drop_table("inventory_requisition")
    with op.batch_alter_table("inventory_purchase_order", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_inventory_purchase_order_draft",
            sqlite_where=sa.text("status = 'draft'"),
            postgresql_where=sa.text("status = 'draft'"),
        )
        batch_op.drop_index("ix_inventory_purchase_order_supplier_id")
        batch_op.drop_index("ix_inventory_purchase_order_status")
        batch_op.drop_index(batch_op.f("ix_inventory_purchase_order_department_id"))

    op.drop_table("inventory_purchase_order")
    op.drop_table("inventory_count_place")
    with op.batch_alter_table("inventory_alert", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_inventory_alert_open",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        for name, _columns, _condition in ALERT_INDEXES:
            batch_op.drop_index(name)
        batch_op.drop_index("ix_inventory_alert_item_id")

    op.drop_table("inventory_alert")
    op.drop_index("ix_inventory_substitute_other_id", "inventory_substitute")
    op.drop_table("inventory_substitute")
    op.drop_table("inventory_count_category")
    with op.batch_alter_table("inventory_count", schema=None) as batch_op:
        batch_op.drop_index("ix_inventory_count_status")
        batch_op.drop_index(batch_op.f("ix_inventory_count_department_id"))

    op.drop_table("inventory_count")
