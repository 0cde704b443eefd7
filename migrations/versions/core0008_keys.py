"""single keys switched off by a person"""

import sqlalchemy as sa
from alembic import op

revision = "core0008"
down_revision = "core0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("single_keys", sa.String(length=8), nullable=False, server_default="on")
    op.add_column("account", column)
    with op.batch_alter_table("account") as table:
        table.alter_column("single_keys", server_default=None)


def downgrade() -> None:
    op.drop_column("account", "single_keys")
