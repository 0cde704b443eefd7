"""what was told at the shelf is dealt with by ordering it"""

from alembic import op

revision = "inventory0005"
down_revision = "inventory0004"
branch_labels = None
depends_on = None

NAME = "ck_inventory_flag_closed_why"


def upgrade() -> None:
    _allow("'received', 'ordered', 'counted', 'enough'")


def downgrade() -> None:
    op.execute("UPDATE inventory_flag SET closed_why = 'received' WHERE closed_why = 'ordered'")
    _allow("'received', 'counted', 'enough'")


def _allow(reasons: str) -> None:
    with op.batch_alter_table("inventory_flag") as batch_op:
        batch_op.drop_constraint(op.f(NAME), type_="check")
        batch_op.create_check_constraint(op.f(NAME), f"closed_why IN ({reasons})")
