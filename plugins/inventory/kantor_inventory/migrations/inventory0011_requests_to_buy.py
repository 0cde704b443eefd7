"""requests to buy: approved, put aside, bought together"""

import sqlalchemy as sa
from alembic import op

revision = "inventory0011"
down_revision = "inventory0010"
branch_labels = None
depends_on = None

REQUESTS, LINES = "inventory_requisition", "inventory_requisition_line"
BALANCES, ASIDE = "inventory_balance", "inventory_reservation"
STATUSES = "status IN ('waiting', 'asked', 'answered', 'withdrawn', 'refused')"
OLD_STATUSES = "status IN ('asked', 'answered', 'withdrawn')"
STATES = "state IN ('asked', 'to_buy', 'handed_out', 'bought', 'declined', 'withdrawn', 'refused')"
OLD_STATES = "state IN ('asked', 'handed_out', 'declined', 'withdrawn')"
SHORT = "minimum IS NOT NULL AND quantity - reserved + on_order < minimum"
OLD_SHORT = "minimum IS NOT NULL AND quantity + on_order < minimum"
NEAR = (
    "minimum IS NOT NULL AND {not_to_order}"
    " AND 2 * ({left}) < minimum + coalesce(maximum, 2 * minimum)"
)
LEFT, OLD_LEFT = "quantity - reserved + on_order", "quantity + on_order"
PEOPLE = ("beneficiary_id", "decided_by_id", "decided_for_id")
BUYING = sa.text("state = 'to_buy'")


def upgrade() -> None:
    _requests()
    _lines()
    _reservations()
    _balances()


def _check(batch_op, table: str, name: str, words: str) -> None:
    batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(words))


def _recheck(batch_op, table: str, name: str, words: str) -> None:
    batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
    _check(batch_op, table, name, words)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="RESTRICT")


def _text(name: str, length: int) -> sa.Column:
    return sa.Column(name, sa.String(length=length), server_default="", nullable=False)


def _requests() -> None:
    with op.batch_alter_table(REQUESTS) as batch_op:
        for name in PEOPLE:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("estimate", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(_text("decided_note", 2000))
        for name in PEOPLE:
            batch_op.create_foreign_key(
                op.f(f"fk_{REQUESTS}_{name}_person"), "person", [name], ["id"], ondelete="RESTRICT"
            )
        _recheck(batch_op, REQUESTS, "status", STATUSES)
        _check(batch_op, REQUESTS, "estimate", "estimate >= 0")
        batch_op.create_index(f"ix_{REQUESTS}_beneficiary_id", ["beneficiary_id", "id"])


def _lines() -> None:
    with op.batch_alter_table(LINES) as batch_op:
        batch_op.add_column(_text("text", 200))
        batch_op.add_column(_text("unit_text", 40))
        batch_op.add_column(_text("found_at", 500))
        for name in ("price", "estimate", "paid"):
            batch_op.add_column(sa.Column(name, sa.BigInteger(), nullable=True))
        for name in ("item_id", "item_unit_id"):
            batch_op.alter_column(name, existing_type=sa.Integer(), nullable=True)
        _recheck(batch_op, LINES, "state", STATES)
        _check(
            batch_op,
            LINES,
            "named",
            "(item_id IS NULL) = (item_unit_id IS NULL) AND (item_id IS NOT NULL OR text <> '')",
        )
        _check(batch_op, LINES, "price", "price >= 0 AND estimate >= 0")
        _check(batch_op, LINES, "paid", "(state = 'bought') = (paid IS NOT NULL) AND paid >= 0")
        batch_op.create_index(
            f"ix_{LINES}_to_buy", ["id"], sqlite_where=BUYING, postgresql_where=BUYING
        )


def _reservations() -> None:
    op.create_table(
        ASIDE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("needed_on", sa.Date(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f(f"ck_{ASIDE}_quantity")),
        _to(ASIDE, "line_id", LINES),
        _to(ASIDE, "item_id", "inventory_item"),
        _to(ASIDE, "point_id", "inventory_point"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{ASIDE}")),
        sa.UniqueConstraint(
            "line_id", "item_id", "point_id", name=op.f(f"uq_{ASIDE}_line_id_item_id_point_id")
        ),
    )
    op.create_index(f"ix_{ASIDE}_item_id", ASIDE, ["item_id", "point_id", "id"])


def _balances() -> None:
    op.drop_index(f"ix_{BALANCES}_near", BALANCES)
    op.add_column(
        BALANCES, sa.Column("reserved", sa.BigInteger(), server_default="0", nullable=False)
    )
    _without_renaming_trigger()
    with op.batch_alter_table(BALANCES) as batch_op:
        _recheck(batch_op, BALANCES, "to_order", f"to_order = ({SHORT})")
        _check(
            batch_op,
            BALANCES,
            "reserved",
            "reserved >= 0 AND (outside OR reserved <= quantity)",
        )
    _with_renaming_trigger()
    _near(LEFT)


def _near(left: str) -> None:
    op.create_index(
        f"ix_{BALANCES}_near",
        BALANCES,
        ["item_key", "id"],
        sqlite_where=sa.text(NEAR.format(not_to_order="to_order = 0", left=left)),
        postgresql_where=sa.text(NEAR.format(not_to_order="NOT to_order", left=left)),
    )


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


def downgrade() -> None:
    """Go back; this fails once something was asked for in words alone, which cannot be kept."""
    op.drop_index(f"ix_{BALANCES}_near", BALANCES)
    _without_renaming_trigger()
    with op.batch_alter_table(BALANCES) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{BALANCES}_reserved"), type_="check")
        _recheck(batch_op, BALANCES, "to_order", f"to_order = ({OLD_SHORT})")
        batch_op.drop_column("reserved")
    _with_renaming_trigger()
    _near(OLD_LEFT)
    op.drop_table(ASIDE)
    with op.batch_alter_table(LINES) as batch_op:
        batch_op.drop_index(f"ix_{LINES}_to_buy")
        for name in ("named", "price", "paid"):
            batch_op.drop_constraint(op.f(f"ck_{LINES}_{name}"), type_="check")
        _recheck(batch_op, LINES, "state", OLD_STATES)
        for name in ("item_id", "item_unit_id"):
            batch_op.alter_column(name, existing_type=sa.Integer(), nullable=False)
        for name in ("text", "unit_text", "found_at", "price", "estimate", "paid"):
            batch_op.drop_column(name)
    with op.batch_alter_table(REQUESTS) as batch_op:
        batch_op.drop_index(f"ix_{REQUESTS}_beneficiary_id")
        batch_op.drop_constraint(op.f(f"ck_{REQUESTS}_estimate"), type_="check")
        _recheck(batch_op, REQUESTS, "status", OLD_STATUSES)
        for name in PEOPLE:
            batch_op.drop_constraint(op.f(f"fk_{REQUESTS}_{name}_person"), type_="foreignkey")
        for name in (*PEOPLE, "estimate", "decided_at", "decided_note"):
            batch_op.drop_column(name)
