"""what a supplier sells in the order of the names of its items"""

import sqlalchemy as sa
from alembic import op

revision = "inventory0007"
down_revision = "inventory0006"
branch_labels = None
depends_on = None

OFFERS, INDEX = "inventory_supplier_item", "ix_inventory_supplier_item_name"


def upgrade() -> None:
    kind = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.add_column(OFFERS, sa.Column("item_key", kind, server_default="", nullable=False))
    op.execute(
        "UPDATE inventory_supplier_item SET item_key = (SELECT name_key FROM inventory_item"
        " JOIN inventory_item_unit ON inventory_item_unit.item_id = inventory_item.id"
        " WHERE inventory_item_unit.id = inventory_supplier_item.item_unit_id)"
    )
    op.create_index(INDEX, OFFERS, ["supplier_id", "item_key", "id"])
    if op.get_bind().dialect.name == "postgresql":
        _keep_on_postgresql()
    else:
        _keep_on_sqlite()


def _keep_on_sqlite() -> None:
    op.execute(
        "CREATE TRIGGER inventory_supplier_item_named AFTER INSERT ON inventory_supplier_item"
        " BEGIN UPDATE inventory_supplier_item SET item_key = (SELECT name_key FROM inventory_item"
        " JOIN inventory_item_unit ON inventory_item_unit.item_id = inventory_item.id"
        " WHERE inventory_item_unit.id = new.item_unit_id) WHERE id = new.id; END"
    )
    op.execute(
        "CREATE TRIGGER inventory_item_renames_offers AFTER UPDATE OF name_key ON inventory_item"
        " BEGIN UPDATE inventory_supplier_item SET item_key = new.name_key WHERE item_unit_id IN"
        " (SELECT id FROM inventory_item_unit WHERE item_id = new.id); END"
    )


def _keep_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION inventory_name_offer() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN new.item_key := (SELECT name_key FROM inventory_item"
        " JOIN inventory_item_unit ON inventory_item_unit.item_id = inventory_item.id"
        " WHERE inventory_item_unit.id = new.item_unit_id); RETURN new; END $$"
    )
    op.execute(
        "CREATE TRIGGER inventory_supplier_item_named BEFORE INSERT ON inventory_supplier_item"
        " FOR EACH ROW EXECUTE FUNCTION inventory_name_offer()"
    )
    op.execute(
        "CREATE FUNCTION inventory_rename_offers() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN UPDATE inventory_supplier_item SET item_key = new.name_key WHERE item_unit_id IN"
        " (SELECT id FROM inventory_item_unit WHERE item_id = new.id); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER inventory_item_renames_offers AFTER UPDATE OF name_key ON inventory_item"
        " FOR EACH ROW WHEN (old.name_key IS DISTINCT FROM new.name_key)"
        " EXECUTE FUNCTION inventory_rename_offers()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION inventory_rename_offers() CASCADE")
        op.execute("DROP FUNCTION inventory_name_offer() CASCADE")
    else:
        op.execute("DROP TRIGGER inventory_item_renames_offers")
        op.execute("DROP TRIGGER inventory_supplier_item_named")
    op.drop_index(INDEX, OFFERS)
    op.drop_column(OFFERS, "item_key")
