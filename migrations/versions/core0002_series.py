"""numbers of documents"""

import sqlalchemy as sa
from alembic import op

revision = "core0002"
down_revision = "core0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series_year",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "year", name=op.f("pk_series_year")),
    )


def downgrade() -> None:
    op.drop_table("series_year")
