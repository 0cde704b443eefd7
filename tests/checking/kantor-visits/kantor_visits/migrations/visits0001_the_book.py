"""the book"""

import sqlalchemy as sa
from alembic import op

revision = "visits0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visits_visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "guest",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("people > 0", name=op.f("ck_visits_visit_people")),
        sa.ForeignKeyConstraint(
            ["host_id"],
            ["person.id"],
            name=op.f("fk_visits_visit_host_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["department.id"],
            name=op.f("fk_visits_visit_department_id_department"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits_visit")),
        sa.UniqueConstraint("public_id", name=op.f("uq_visits_visit_public_id")),
    )
    op.create_index(op.f("ix_visits_visit_department_id"), "visits_visit", ["department_id"])


def downgrade() -> None:
    op.drop_table("visits_visit")
