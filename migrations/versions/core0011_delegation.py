"""who stands in for whom"""

import sqlalchemy as sa
from alembic import op

revision = "core0011"
down_revision = "core0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("principal_id", sa.Integer(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("scope", sa.String(length=12), nullable=False),
        sa.Column("max_amount", sa.BigInteger(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("only_when_absent", sa.Boolean(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("last_on >= from_on", name=op.f("ck_delegation_range")),
        sa.CheckConstraint("deputy_id <> principal_id", name=op.f("ck_delegation_not_oneself")),
        sa.CheckConstraint(
            "scope IN ('approvals', 'tasks', 'tickets', 'all')", name=op.f("ck_delegation_scope")
        ),
        sa.CheckConstraint(
            "max_amount IS NULL OR max_amount >= 0", name=op.f("ck_delegation_amount")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_delegation_{column}_{table}"),
                ondelete="RESTRICT",
            )
            for column, table in (
                ("principal_id", "person"),
                ("deputy_id", "person"),
                ("department_id", "department"),
                ("created_by_id", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_delegation_public_id")),
    )
    op.create_index("ix_delegation_principal_id", "delegation", ["principal_id", "last_on"])
    op.create_index("ix_delegation_deputy_id", "delegation", ["deputy_id", "last_on"])
    op.create_index("ix_delegation_department_id", "delegation", ["department_id"])
    op.create_index("ix_delegation_from_on", "delegation", ["from_on", "id"])
    op.create_index("ix_delegation_last_on", "delegation", ["last_on", "id"])


def downgrade() -> None:
    op.drop_table("delegation")
