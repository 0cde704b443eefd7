"""how people like their lists"""

import sqlalchemy as sa
from alembic import op

revision = "core0004"
down_revision = "core0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "list_preference",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("list", sa.String(length=80), nullable=False),
        sa.Column("columns", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("height", sa.String(length=8), nullable=False),
        sa.CheckConstraint(
            "height IN ('normal', 'compact')", name=op.f("ck_list_preference_height")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_list_preference_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_preference")),
        sa.UniqueConstraint("person_id", "list", name=op.f("uq_list_preference_person_id_list")),
    )


def downgrade() -> None:
    op.drop_table("list_preference")
