"""counts of a department in the order of their numbers, and those of whoever counts"""

from alembic import op

revision = "inventory0006"
down_revision = "inventory0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_inventory_count_department", "inventory_count", ["department_id", "id"])
    op.create_index("ix_inventory_count_assigned", "inventory_count", ["assigned_to_id", "status"])


def downgrade() -> None:
    op.drop_index("ix_inventory_count_assigned", "inventory_count")
    op.drop_index("ix_inventory_count_department", "inventory_count")
