"""the index by which somebody's notices are listed day by day"""

from alembic import op

revision = "core0014"
down_revision = "core0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_notice_told_at", "notice", ["owner_id", "told_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_notice_told_at", "notice")
