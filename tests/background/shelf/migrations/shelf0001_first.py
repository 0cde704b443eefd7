"""first"""

import sqlalchemy as sa
from alembic import op

revision = "shelf0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shelf_thing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf_thing")),
        sa.UniqueConstraint("code", name=op.f("uq_shelf_thing_code")),
    )


def downgrade() -> None:
    op.drop_table("shelf_thing")
