"""saved views of lists"""

import sqlalchemy as sa
from alembic import op

import portal.orm

revision = "core0006"
down_revision = "core0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "list_preference",
        sa.Column("opens", sa.String(length=40), nullable=False, server_default=""),
    )
    with op.batch_alter_table("list_preference") as table:
        table.alter_column("opens", server_default=None)
    op.create_table(
        "list_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("list", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column(
            "name_key",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("audience", sa.String(length=10), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", portal.orm.Instant(timezone=True), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "audience IN ('me', 'role', 'everybody')", name=op.f("ck_list_view_audience")
        ),
        sa.CheckConstraint("role_id IS NULL OR audience = 'role'", name=op.f("ck_list_view_role")),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["person.id"],
            name=op.f("fk_list_view_owner_id_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["role_id"],
            ["role.id"],
            name=op.f("fk_list_view_role_id_role"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_view")),
        sa.UniqueConstraint(
            "owner_id", "list", "name_key", name=op.f("uq_list_view_owner_id_list_name_key")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_list_view_public_id")),
    )
    op.create_index(op.f("ix_list_view_role_id"), "list_view", ["role_id"])


def downgrade() -> None:
    op.drop_table("list_view")
    op.drop_column("list_preference", "opens")
