"""things, and then nothing"""

import sqlalchemy as sa
from alembic import op

revision = "halfway0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("halfway_thing", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("INSERT INTO halfway_thing (id) VALUES (1)")
    op.execute("INSERT INTO nowhere_at_all (id) VALUES (1)")


def downgrade() -> None:
    op.drop_table("halfway_thing")
