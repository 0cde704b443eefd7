"""steps that can be undone"""

import sqlalchemy as sa
from alembic import op

import portal.orm

revision = "core0005"
down_revision = "core0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "undo_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("created_at", portal.orm.Instant(timezone=True), nullable=False),
        sa.Column("undone_at", portal.orm.Instant(timezone=True), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["person.id"],
            name=op.f("fk_undo_step_owner_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo_step")),
        sa.UniqueConstraint("public_id", name=op.f("uq_undo_step_public_id")),
    )
    op.create_index(op.f("ix_undo_step_created_at"), "undo_step", ["created_at"])
    op.create_index(op.f("ix_undo_step_owner_id"), "undo_step", ["owner_id"])


def downgrade() -> None:
    op.drop_table("undo_step")
