"""orders that are sent, amended by number and come in deliveries"""

import re
from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

from portal.api import new_public_id

revision = "inventory0009"
down_revision = "inventory0008"
branch_labels = None
depends_on = None

ORDERS, RECEIPTS = "inventory_purchase_order", "inventory_receipt"
AMENDMENTS = "inventory_order_amendment"
CHECK = "NOT NULL CONSTRAINT ck_inventory_purchase_order_"
COLUMNS = (
    f"amended INTEGER DEFAULT 0 {CHECK}amended CHECK (amended >= 0)",
    f"language VARCHAR(8) DEFAULT '' {CHECK}language CHECK (language IN ('', 'en', 'id'))",
    "confirmed_on DATE",
)


def upgrade() -> None:
    for column in COLUMNS:
        op.execute(f"ALTER TABLE {ORDERS} ADD COLUMN {column}")
    _amendments()
    _sendings()
    _send_what_was_placed()
    _confirmations()
    _deliveries()
    _delivery_lines()
    op.add_column(RECEIPTS, sa.Column("delivery_id", sa.Integer(), nullable=True))
    _deliver_what_came()
    op.drop_index("ix_inventory_receipt_delivery_note", RECEIPTS)
    with op.batch_alter_table(RECEIPTS) as batch_op:
        batch_op.alter_column("delivery_id", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_column("delivery_note")
        batch_op.create_foreign_key(
            op.f("fk_inventory_receipt_delivery_id_inventory_delivery"),
            "inventory_delivery",
            ["delivery_id"],
            ["id"],
            ondelete="RESTRICT",
        )
        batch_op.create_index("ix_inventory_receipt_delivery_id", ["delivery_id"])


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="RESTRICT")


def _amendments() -> None:
    op.create_table(
        AMENDMENTS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("amended_by_id", sa.Integer(), nullable=True),
        sa.Column("amended_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_inventory_order_amendment_number")),
        _to(AMENDMENTS, "order_id", ORDERS),
        _to(AMENDMENTS, "amended_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_order_amendment")),
        sa.UniqueConstraint(
            "order_id", "number", name=op.f("uq_inventory_order_amendment_order_id_number")
        ),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION inventory_amendment_stays() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'an amendment is never rewritten'; END $$"
        )
        op.execute(
            "CREATE TRIGGER inventory_order_amendment_refuses_change"
            f" BEFORE UPDATE OR DELETE ON {AMENDMENTS}"
            " FOR EACH ROW EXECUTE FUNCTION inventory_amendment_stays()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER inventory_order_amendment_refuses_{act.lower()}"
            f" BEFORE {act} ON {AMENDMENTS}"
            " BEGIN SELECT RAISE(ABORT, 'an amendment is never rewritten'); END"
        )


def _sendings() -> None:
    table = "inventory_order_sending"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("amendment", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("confirmation", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("letter", sa.String(length=20), nullable=True),
        sa.Column("sent_by_id", sa.Integer(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "channel IN ('email', 'phone', 'fax', 'shop')", name=op.f(f"ck_{table}_channel")
        ),
        sa.CheckConstraint("amendment >= 0 AND attempt > 0", name=op.f(f"ck_{table}_attempt")),
        _to(table, "order_id", ORDERS),
        _to(table, "sent_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            "order_id", "amendment", "attempt", name=op.f(f"uq_{table}_order_id_amendment_attempt")
        ),
    )


def _send_what_was_placed() -> None:
    """Keep how each order went out that was placed before its sendings were kept."""
    op.execute(
        "INSERT INTO inventory_order_sending (order_id, amendment, attempt, channel, recipient,"
        " confirmation, subject, text, language, sent_by_id, sent_at)"
        " SELECT id, 0, 1, placed_by, placed_with, '', '', '', '', placed_by_id, placed_at"
        " FROM inventory_purchase_order WHERE placed_by IS NOT NULL AND placed_at IS NOT NULL"
    )


def _confirmations() -> None:
    table = "inventory_order_confirmation"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("amendment", sa.Integer(), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("noted_by_id", sa.Integer(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        _to(table, "order_id", ORDERS),
        _to(table, "noted_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_order_id", table, ["order_id", "id"])


def _deliveries() -> None:
    table = "inventory_delivery"
    key = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("delivery_note", sa.String(length=60), nullable=False),
        sa.Column("note_key", key, nullable=False),
        sa.Column("copy", sa.Integer(), nullable=False),
        sa.Column("came_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("received_by_id", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reversed_by_id", sa.Integer(), nullable=True),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint("copy > 0", name=op.f(f"ck_{table}_copy")),
        _to(table, "order_id", ORDERS),
        _to(table, "supplier_id", "inventory_supplier"),
        _to(table, "received_by_id", "person"),
        _to(table, "reversed_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{table}_public_id")),
    )
    counted = sa.text("note_key <> '' AND reversed_at IS NULL")
    op.create_index(
        f"uq_{table}_note",
        table,
        ["supplier_id", "note_key", "order_id", "copy"],
        unique=True,
        sqlite_where=counted,
        postgresql_where=counted,
    )
    op.create_index(f"ix_{table}_order_id", table, ["order_id", "id"])


def _delivery_lines() -> None:
    table = "inventory_delivery_line"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.Column("noted", sa.BigInteger(), nullable=True),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("closed", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("free", sa.BigInteger(), nullable=False),
        sa.Column("free_movement_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "counted > 0 AND noted >= 0 AND before >= 0 AND rejected >= 0 AND returned >= 0"
            " AND free >= 0 AND rejected + returned + free <= counted",
            name=op.f(f"ck_{table}_counted"),
        ),
        sa.CheckConstraint("closed >= 0 AND closed <= rejected", name=op.f(f"ck_{table}_closed")),
        sa.CheckConstraint("rejected = 0 OR reason <> ''", name=op.f(f"ck_{table}_reason")),
        sa.CheckConstraint(
            "(free > 0) = (free_movement_id IS NOT NULL)", name=op.f(f"ck_{table}_free")
        ),
        _to(table, "delivery_id", "inventory_delivery"),
        _to(table, "line_id", "inventory_purchase_order_line"),
        _to(table, "free_movement_id", "inventory_movement"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("delivery_id", "line_id", name=op.f(f"uq_{table}_delivery_id_line_id")),
        sa.UniqueConstraint("free_movement_id", name=op.f(f"uq_{table}_free_movement_id")),
    )
    op.create_index(f"ix_{table}_line_id", table, ["line_id", "id"])


def _deliver_what_came() -> None:
    """Make a delivery of what was booked in one go, as it was booked before there were any."""
    there = op.get_bind()
    booked = sa.text(
        "SELECT r.id, r.order_id, r.line_id, r.quantity, r.delivery_note, o.supplier_id,"
        " m.posted_at, m.occurred_on, m.actor_id, b.posted_at AS back_at, b.actor_id AS back_by"
        " FROM inventory_receipt r JOIN inventory_purchase_order o ON o.id = r.order_id"
        " JOIN inventory_movement m ON m.id = r.movement_id"
        " LEFT JOIN inventory_movement b ON b.reverses_id = m.id ORDER BY r.id"
    ).columns(
        posted_at=sa.DateTime(timezone=True),
        back_at=sa.DateTime(timezone=True),
        occurred_on=sa.Date(),
    )
    together: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in there.execute(booked):
        together[row.order_id, row.delivery_note, row.posted_at, row.actor_id].append(row)
    copies: defaultdict[tuple[int, str], int] = defaultdict(int)
    earlier: defaultdict[int, list[Any]] = defaultdict(list)
    meta = sa.MetaData()
    deliveries, lines, receipts = (
        sa.Table(name, meta, autoload_with=there)
        for name in ("inventory_delivery", "inventory_delivery_line", RECEIPTS)
    )
    for rows in together.values():
        first = rows[0]
        key = re.sub(r"[\W_]+", "", first.delivery_note.casefold())
        copies[first.order_id, key] += 1
        gone = all(row.back_at is not None for row in rows)
        new = {
            "public_id": new_public_id(),
            "order_id": first.order_id,
            "supplier_id": first.supplier_id,
            "delivery_note": first.delivery_note,
            "note_key": key,
            "copy": copies[first.order_id, key],
            "came_on": first.occurred_on,
            "note": "",
            "received_by_id": first.actor_id,
            "received_at": first.posted_at,
            "reversed_by_id": rows[-1].back_by if gone else None,
            "reversed_at": rows[-1].back_at if gone else None,
            "reason": "",
        }
        made = there.execute(sa.insert(deliveries).values(new).returning(deliveries.c.id)).scalar()
        came: defaultdict[int, int] = defaultdict(int)
        before = {row.line_id: _still_there(earlier[row.line_id], first.posted_at) for row in rows}
        for row in rows:
            came[row.line_id] += row.quantity
            earlier[row.line_id].append(row)
        nothing = {"rejected": 0, "reason": "", "closed": 0, "returned": 0, "free": 0}
        for line_id, quantity in came.items():
            figures = {"line_id": line_id, "before": before[line_id], "counted": quantity}
            there.execute(sa.insert(lines).values(delivery_id=made, **figures, **nothing))
        ids = [row.id for row in rows]
        there.execute(sa.update(receipts).where(receipts.c.id.in_(ids)).values(delivery_id=made))


def _still_there(rows: list[Any], at: Any) -> int:
    """Return how much had come by an instant, without what was taken back before it."""
    return sum(row.quantity for row in rows if row.back_at is None or row.back_at > at)


def downgrade() -> None:
    op.drop_index("ix_inventory_receipt_delivery_id", RECEIPTS)
    note = sa.Column("delivery_note", sa.String(length=60), server_default="", nullable=False)
    op.add_column(RECEIPTS, note)
    op.execute(
        "UPDATE inventory_receipt SET delivery_note = (SELECT delivery_note FROM"
        " inventory_delivery WHERE inventory_delivery.id = inventory_receipt.delivery_id)"
    )
    with op.batch_alter_table(RECEIPTS) as batch_op:
        batch_op.alter_column("delivery_note", server_default=None)
        batch_op.drop_constraint(
            op.f("fk_inventory_receipt_delivery_id_inventory_delivery"), type_="foreignkey"
        )
        batch_op.drop_column("delivery_id")
        batch_op.create_index("ix_inventory_receipt_delivery_note", ["delivery_note", "id"])
    for table in (
        "inventory_delivery_line",
        "inventory_delivery",
        "inventory_order_confirmation",
        "inventory_order_sending",
        AMENDMENTS,
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION inventory_amendment_stays()")
    with op.batch_alter_table(ORDERS) as batch_op:
        for name in ("amended", "language"):
            batch_op.drop_constraint(op.f(f"ck_inventory_purchase_order_{name}"), type_="check")
        for name in ("amended", "language", "confirmed_on"):
            batch_op.drop_column(name)
