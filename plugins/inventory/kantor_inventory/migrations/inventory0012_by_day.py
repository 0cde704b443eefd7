"""the indexes by which counts and requests are found by their day"""

from alembic import op

revision = "inventory0012"
down_revision = "inventory0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_inventory_count_due_on", "inventory_count", ["due_on", "id"])
    op.create_index(
        "ix_inventory_requisition_needed_on", "inventory_requisition", ["needed_on", "id"]
    )


def downgrade() -> None:
    op.drop_index("ix_inventory_requisition_needed_on", "inventory_requisition")
    op.drop_index("ix_inventory_count_due_on", "inventory_count")
