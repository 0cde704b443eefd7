"""first"""

import sqlalchemy as sa
from alembic import op

revision = "wishes0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wishes_wish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("told", sa.String(length=200), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wishes_wish")),
        sa.UniqueConstraint("public_id", name=op.f("uq_wishes_wish_public_id")),
    )


def downgrade() -> None:
    op.drop_table("wishes_wish")
