"""items, points, balances and the ledger"""

import sqlalchemy as sa
from alembic import op

from portal.api import create_search, drop_search

revision = "inventory0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inventory_category",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "name_key",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_category")),
        sa.UniqueConstraint("name_key", name=op.f("uq_inventory_category_name_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_category_public_id")),
    )
    op.create_table(
        "inventory_ledger_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("balances", sa.Integer(), nullable=False),
        sa.Column("movements", sa.Integer(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_ledger_check")),
    )
    op.create_table(
        "inventory_unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "name_key",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_unit")),
        sa.UniqueConstraint("name_key", name=op.f("uq_inventory_unit_name_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_unit_public_id")),
    )
    op.create_table(
        "inventory_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=40), nullable=False),
        sa.Column(
            "sku_key",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("base_unit_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "name_key",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "mode IN ('periodic', 'perpetual', 'non_stock')", name=op.f("ck_inventory_item_mode")
        ),
        sa.CheckConstraint(
            "status IN ('active', 'use_up', 'discontinued')", name=op.f("ck_inventory_item_status")
        ),
        sa.ForeignKeyConstraint(
            ["base_unit_id"],
            ["inventory_unit.id"],
            name=op.f("fk_inventory_item_base_unit_id_inventory_unit"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["inventory_category.id"],
            name=op.f("fk_inventory_item_category_id_inventory_category"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_item")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_item_public_id")),
        sa.UniqueConstraint("sku_key", name=op.f("uq_inventory_item_sku_key")),
    )
    with op.batch_alter_table("inventory_item", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inventory_item_category_id", ["category_id", "name_key", "id"], unique=False
        )
        batch_op.create_index("ix_inventory_item_name_key", ["name_key", "id"], unique=False)
        batch_op.create_index(
            "ix_inventory_item_status", ["status", "name_key", "id"], unique=False
        )

    op.create_table(
        "inventory_item_unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("num", sa.BigInteger(), nullable=False),
        sa.Column("den", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.CheckConstraint("num > 0 AND den > 0", name=op.f("ck_inventory_item_unit_factor")),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_item_unit_item_id_inventory_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["inventory_unit.id"],
            name=op.f("fk_inventory_item_unit_unit_id_inventory_unit"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_item_unit")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_item_unit_public_id")),
    )
    with op.batch_alter_table("inventory_item_unit", schema=None) as batch_op:
        batch_op.create_index("ix_inventory_item_unit_item_id", ["item_id"], unique=False)
        batch_op.create_index(
            "uq_inventory_item_unit_active",
            ["item_id", "unit_id"],
            unique=True,
            sqlite_where=sa.text("active = 1"),
            postgresql_where=sa.text("active"),
        )

    op.create_table(
        "inventory_point",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=True),
        sa.Column("allow_negative", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('store', 'point_of_use')) = (place_id IS NOT NULL)",
            name=op.f("ck_inventory_point_real_has_place"),
        ),
        sa.CheckConstraint(
            "kind IN ('store', 'point_of_use', 'supplier', 'consumption', 'scrap',"
            " 'transit', 'opening')",
            name=op.f("ck_inventory_point_kind"),
        ),
        sa.CheckConstraint(
            "allow_negative = (place_id IS NULL)", name=op.f("ck_inventory_point_outside_may_owe")
        ),
        sa.ForeignKeyConstraint(
            ["place_id"],
            ["place.id"],
            name=op.f("fk_inventory_point_place_id_place"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_point")),
        sa.UniqueConstraint("place_id", name=op.f("uq_inventory_point_place_id")),
    )
    with op.batch_alter_table("inventory_point", schema=None) as batch_op:
        batch_op.create_index(
            "uq_inventory_point_outside",
            ["kind"],
            unique=True,
            sqlite_where=sa.text("place_id IS NULL"),
            postgresql_where=sa.text("place_id IS NULL"),
        )

    op.create_table(
        "inventory_supplier",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("customer_number", sa.String(length=60), nullable=False),
        sa.Column("order_by", sa.String(length=10), nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "order_by IN ('email', 'phone', 'fax', 'shop')",
            name=op.f("ck_inventory_supplier_order_by"),
        ),
        sa.CheckConstraint("lead_days >= 0", name=op.f("ck_inventory_supplier_lead_days")),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_inventory_supplier_contact_id_contact"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_supplier")),
        sa.UniqueConstraint("contact_id", name=op.f("uq_inventory_supplier_contact_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_supplier_public_id")),
    )
    op.create_table(
        "inventory_balance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column(
            "item_key",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("outside", sa.Boolean(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=True),
        sa.Column("maximum", sa.BigInteger(), nullable=True),
        sa.Column("below", sa.Boolean(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "below = (minimum IS NOT NULL AND quantity < minimum)",
            name=op.f("ck_inventory_balance_below"),
        ),
        sa.CheckConstraint(
            "outside OR (quantity >= 0 AND value >= 0 AND (quantity > 0 OR value = 0))",
            name=op.f("ck_inventory_balance_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_balance_item_id_inventory_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["inventory_point.id"],
            name=op.f("fk_inventory_balance_point_id_inventory_point"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_balance")),
        sa.UniqueConstraint(
            "item_id", "point_id", name=op.f("uq_inventory_balance_item_id_point_id")
        ),
    )
    with op.batch_alter_table("inventory_balance", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inventory_balance_above",
            ["item_key", "id"],
            unique=False,
            sqlite_where=sa.text("maximum IS NOT NULL AND quantity > maximum"),
            postgresql_where=sa.text("maximum IS NOT NULL AND quantity > maximum"),
        )
        batch_op.create_index(
            "ix_inventory_balance_below",
            ["item_key", "id"],
            unique=False,
            sqlite_where=sa.text("below = 1"),
            postgresql_where=sa.text("below"),
        )
        batch_op.create_index(
            "ix_inventory_balance_item_key",
            ["item_key", "id"],
            unique=False,
            sqlite_where=sa.text("outside = 0"),
            postgresql_where=sa.text("NOT outside"),
        )
        batch_op.create_index(
            "ix_inventory_balance_out",
            ["item_key", "id"],
            unique=False,
            sqlite_where=sa.text("outside = 0 AND quantity = 0"),
            postgresql_where=sa.text("NOT outside AND quantity = 0"),
        )
        batch_op.create_index(
            "ix_inventory_balance_point_id", ["point_id", "item_key", "id"], unique=False
        )
        batch_op.create_index(
            "ix_inventory_balance_quantity",
            ["quantity", "id"],
            unique=False,
            sqlite_where=sa.text("outside = 0"),
            postgresql_where=sa.text("NOT outside"),
        )

    op.create_table(
        "inventory_barcode",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_unit_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column(
            "code_key",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_unit_id"],
            ["inventory_item_unit.id"],
            name=op.f("fk_inventory_barcode_item_unit_id_inventory_item_unit"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_barcode")),
    )
    with op.batch_alter_table("inventory_barcode", schema=None) as batch_op:
        batch_op.create_index("ix_inventory_barcode_item_unit_id", ["item_unit_id"], unique=False)
        batch_op.create_index(
            "uq_inventory_barcode_active",
            ["code_key"],
            unique=True,
            sqlite_where=sa.text("active = 1"),
            postgresql_where=sa.text("active"),
        )

    op.create_table(
        "inventory_movement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("type", sa.String(length=10), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("from_point_id", sa.Integer(), nullable=False),
        sa.Column("to_point_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("entered", sa.BigInteger(), nullable=False),
        sa.Column("item_unit_id", sa.Integer(), nullable=False),
        sa.Column("left_from", sa.BigInteger(), nullable=False),
        sa.Column("left_to", sa.BigInteger(), nullable=False),
        sa.Column("for_person_id", sa.Integer(), nullable=True),
        sa.Column("for_department_id", sa.Integer(), nullable=True),
        sa.Column("for_place_id", sa.Integer(), nullable=True),
        sa.Column("supplier_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("on_behalf_of_id", sa.Integer(), nullable=True),
        sa.Column("reverses_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "(type = 'reversal') = (reverses_id IS NOT NULL)",
            name=op.f("ck_inventory_movement_reversal"),
        ),
        sa.CheckConstraint(
            "type IN ('receive', 'issue', 'transfer', 'scrap', 'opening', 'reversal')",
            name=op.f("ck_inventory_movement_type"),
        ),
        sa.CheckConstraint(
            "from_point_id <> to_point_id", name=op.f("ck_inventory_movement_two_ends")
        ),
        sa.CheckConstraint(
            "quantity > 0 AND entered > 0", name=op.f("ck_inventory_movement_quantity")
        ),
        sa.CheckConstraint("value >= 0", name=op.f("ck_inventory_movement_value")),
        sa.ForeignKeyConstraint(
            ["actor_id"],
            ["person.id"],
            name=op.f("fk_inventory_movement_actor_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["for_department_id"],
            ["department.id"],
            name=op.f("fk_inventory_movement_for_department_id_department"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["for_person_id"],
            ["person.id"],
            name=op.f("fk_inventory_movement_for_person_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["for_place_id"],
            ["place.id"],
            name=op.f("fk_inventory_movement_for_place_id_place"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["from_point_id"],
            ["inventory_point.id"],
            name=op.f("fk_inventory_movement_from_point_id_inventory_point"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_movement_item_id_inventory_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["item_unit_id"],
            ["inventory_item_unit.id"],
            name=op.f("fk_inventory_movement_item_unit_id_inventory_item_unit"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["on_behalf_of_id"],
            ["person.id"],
            name=op.f("fk_inventory_movement_on_behalf_of_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"],
            ["inventory_movement.id"],
            name=op.f("fk_inventory_movement_reverses_id_inventory_movement"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"],
            ["inventory_supplier.id"],
            name=op.f("fk_inventory_movement_supplier_id_inventory_supplier"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["to_point_id"],
            ["inventory_point.id"],
            name=op.f("fk_inventory_movement_to_point_id_inventory_point"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_movement")),
        sa.UniqueConstraint("key", name=op.f("uq_inventory_movement_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inventory_movement_public_id")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_inventory_movement_reverses_id")),
    )
    with op.batch_alter_table("inventory_movement", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inventory_movement_from_point_id", ["from_point_id", "id"], unique=False
        )
        batch_op.create_index("ix_inventory_movement_item_id", ["item_id", "id"], unique=False)
        batch_op.create_index(
            "ix_inventory_movement_to_point_id", ["to_point_id", "id"], unique=False
        )

    op.create_table(
        "inventory_stock_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=True),
        sa.Column("maximum", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.String(length=10), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "mode IN ('periodic', 'perpetual', 'non_stock')",
            name=op.f("ck_inventory_stock_rule_mode"),
        ),
        sa.CheckConstraint("maximum >= minimum", name=op.f("ck_inventory_stock_rule_order")),
        sa.CheckConstraint(
            "minimum >= 0 AND maximum > 0", name=op.f("ck_inventory_stock_rule_positive")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["inventory_item.id"],
            name=op.f("fk_inventory_stock_rule_item_id_inventory_item"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["inventory_point.id"],
            name=op.f("fk_inventory_stock_rule_point_id_inventory_point"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_stock_rule")),
        sa.UniqueConstraint(
            "item_id", "point_id", name=op.f("uq_inventory_stock_rule_item_id_point_id")
        ),
    )
    with op.batch_alter_table("inventory_stock_rule", schema=None) as batch_op:
        batch_op.create_index("ix_inventory_stock_rule_point_id", ["point_id"], unique=False)

    op.create_table(
        "inventory_supplier_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("item_unit_id", sa.Integer(), nullable=False),
        sa.Column("supplier_sku", sa.String(length=60), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("priced_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("price >= 0", name=op.f("ck_inventory_supplier_item_price")),
        sa.ForeignKeyConstraint(
            ["item_unit_id"],
            ["inventory_item_unit.id"],
            name=op.f("fk_inventory_supplier_item_item_unit_id_inventory_item_unit"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"],
            ["inventory_supplier.id"],
            name=op.f("fk_inventory_supplier_item_supplier_id_inventory_supplier"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_supplier_item")),
        sa.UniqueConstraint(
            "supplier_id",
            "item_unit_id",
            name=op.f("uq_inventory_supplier_item_supplier_id_item_unit_id"),
        ),
    )
    with op.batch_alter_table("inventory_supplier_item", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inventory_supplier_item_item_unit_id", ["item_unit_id"], unique=False
        )

    _name_the_ends_outside()
    create_search(op, "inventory_item", ["name_key"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_on_sqlite()
    else:
        _guard_on_postgresql()


def _name_the_ends_outside() -> None:
    """Make the ends of movements that are no place in the building, once each."""
    points = sa.table("inventory_point", sa.column("kind"), sa.column("allow_negative", sa.Boolean))
    kinds = ("supplier", "consumption", "scrap", "transit", "opening")
    op.bulk_insert(points, [{"kind": kind, "allow_negative": True} for kind in kinds])


def _guard_on_sqlite() -> None:
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER inventory_movement_refuses_{act.lower()}"
            f" BEFORE {act} ON inventory_movement"
            " BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        )
    op.execute(
        "CREATE TRIGGER inventory_item_unit_refuses_update"
        " BEFORE UPDATE OF item_id, unit_id, num, den ON inventory_item_unit"
        " BEGIN SELECT RAISE(ABORT, 'a unit factor never changes'); END"
    )
    op.execute(
        "CREATE TRIGGER inventory_item_renames_balances AFTER UPDATE OF name_key ON inventory_item"
        " BEGIN UPDATE inventory_balance SET item_key = new.name_key WHERE item_id = new.id; END"
    )


def _guard_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION inventory_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER inventory_movement_refuses_change"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory_movement"
        " FOR EACH STATEMENT EXECUTE FUNCTION inventory_append_only()"
    )
    op.execute(
        "CREATE FUNCTION inventory_fixed_factor() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'a unit factor never changes'; END $$"
    )
    op.execute(
        "CREATE TRIGGER inventory_item_unit_refuses_update"
        " BEFORE UPDATE OF item_id, unit_id, num, den ON inventory_item_unit"
        " FOR EACH STATEMENT EXECUTE FUNCTION inventory_fixed_factor()"
    )
    op.execute(
        "CREATE FUNCTION inventory_rename_balances() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN UPDATE inventory_balance SET item_key = new.name_key WHERE item_id = new.id;"
        " RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER inventory_item_renames_balances AFTER UPDATE OF name_key ON inventory_item"
        " FOR EACH ROW WHEN (old.name_key IS DISTINCT FROM new.name_key)"
        " EXECUTE FUNCTION inventory_rename_balances()"
    )


def downgrade() -> None:
    with op.batch_alter_table("inventory_supplier_item", schema=None) as batch_op:
        batch_op.drop_index("ix_inventory_supplier_item_item_unit_id")

    op.drop_table("inventory_supplier_item")
    with op.batch_alter_table("inventory_stock_rule", schema=None) as batch_op:
        batch_op.drop_index("ix_inventory_stock_rule_point_id")

    op.drop_table("inventory_stock_rule")
    with op.batch_alter_table("inventory_movement", schema=None) as batch_op:
        batch_op.drop_index("ix_inventory_movement_to_point_id")
        batch_op.drop_index("ix_inventory_movement_item_id")
        batch_op.drop_index("ix_inventory_movement_from_point_id")

    op.drop_table("inventory_movement")
    with op.batch_alter_table("inventory_barcode", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_inventory_barcode_active",
            sqlite_where=sa.text("active = 1"),
            postgresql_where=sa.text("active"),
        )
        batch_op.drop_index("ix_inventory_barcode_item_unit_id")

    op.drop_table("inventory_barcode")
    with op.batch_alter_table("inventory_balance", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_inventory_balance_quantity",
            sqlite_where=sa.text("outside = 0"),
            postgresql_where=sa.text("NOT outside"),
        )
        batch_op.drop_index("ix_inventory_balance_point_id")
        batch_op.drop_index(
            "ix_inventory_balance_out",
            sqlite_where=sa.text("outside = 0 AND quantity = 0"),
            postgresql_where=sa.text("NOT outside AND quantity = 0"),
        )
        batch_op.drop_index(
            "ix_inventory_balance_item_key",
            sqlite_where=sa.text("outside = 0"),
            postgresql_where=sa.text("NOT outside"),
        )
        batch_op.drop_index(
            "ix_inventory_balance_below",
            sqlite_where=sa.text("below = 1"),
            postgresql_where=sa.text("below"),
        )
        batch_op.drop_index(
            "ix_inventory_balance_above",
            sqlite_where=sa.text("maximum IS NOT NULL AND quantity > maximum"),
            postgresql_where=sa.text("maximum IS NOT NULL AND quantity > maximum"),
        )

    op.drop_table("inventory_balance")
    op.drop_table("inventory_supplier")
    with op.batch_alter_table("inventory_point", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_inventory_point_outside",
            sqlite_where=sa.text("place_id IS NULL"),
            postgresql_where=sa.text("place_id IS NULL"),
        )

    op.drop_table("inventory_point")
    with op.batch_alter_table("inventory_item_unit", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_inventory_item_unit_active",
            sqlite_where=sa.text("active = 1"),
            postgresql_where=sa.text("active"),
        )
        batch_op.drop_index("ix_inventory_item_unit_item_id")

    op.drop_table("inventory_item_unit")
    with op.batch_alter_table("inventory_item", schema=None) as batch_op:
        batch_op.drop_index("ix_inventory_item_status")
        batch_op.drop_index("ix_inventory_item_name_key")
        batch_op.drop_index("ix_inventory_item_category_id")

    drop_search(op, "inventory_item", ["name_key"])
    op.drop_table("inventory_item")
    op.drop_table("inventory_unit")
    op.drop_table("inventory_ledger_check")
    op.drop_table("inventory_category")
    if op.get_bind().dialect.name == "postgresql":
        for name in ("append_only", "fixed_factor", "rename_balances"):
            op.execute(f"DROP FUNCTION inventory_{name}()")
