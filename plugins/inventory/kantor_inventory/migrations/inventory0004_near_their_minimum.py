"""what comes near its minimum"""

import sqlalchemy as sa
from alembic import op

revision = "inventory0004"
down_revision = "inventory0003"
branch_labels = None
depends_on = None

NEAR = "2 * (quantity + on_order) < minimum + coalesce(maximum, 2 * minimum)"


def upgrade() -> None:
    op.create_index(
        "ix_inventory_balance_near",
        "inventory_balance",
        ["item_key", "id"],
        sqlite_where=sa.text(f"minimum IS NOT NULL AND to_order = 0 AND {NEAR}"),
        postgresql_where=sa.text(f"minimum IS NOT NULL AND NOT to_order AND {NEAR}"),
    )


def downgrade() -> None:
    op.drop_index("ix_inventory_balance_near", "inventory_balance")
