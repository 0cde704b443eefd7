"""the words by which records are found"""

import sqlalchemy as sa
from alembic import op

from portal.finding import indexing

revision = "core0019"
down_revision = "core0018"
branch_labels = None
depends_on = None
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "search_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_key", KEY, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
        sa.UniqueConstraint("kind", "record_id", name=op.f("uq_search_entry_kind_record_id")),
    )
    op.create_index("ix_search_entry_number_key", "search_entry", ["number_key", "kind"])
    for statement in indexing.creation(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in indexing.removal(op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("search_entry")
