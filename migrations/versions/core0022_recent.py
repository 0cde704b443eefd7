"""the records somebody opened last"""

import sqlalchemy as sa
from alembic import op

import portal.orm

revision = "core0022"
down_revision = "core0021"
branch_labels = None
depends_on = None
INSTANT = portal.orm.Instant(timezone=True)


def upgrade() -> None:
    op.create_table(
        "recent_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_recent_record_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recent_record")),
        sa.UniqueConstraint(
            "person_id",
            "kind",
            "record_id",
            name=op.f("uq_recent_record_person_id_kind_record_id"),
        ),
    )
    op.create_index("ix_recent_record_opened_at", "recent_record", ["person_id", "opened_at", "id"])


def downgrade() -> None:
    op.drop_table("recent_record")
