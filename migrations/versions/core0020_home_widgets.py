"""views that people put on their home page"""

import sqlalchemy as sa
from alembic import op

import portal.orm

revision = "core0020"
down_revision = "core0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "home_widget",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("view_id", sa.Integer(), nullable=False),
        sa.Column("shape", sa.String(length=5), nullable=False),
        sa.Column("endpoint", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("made_at", portal.orm.Instant(timezone=True), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.CheckConstraint("shape IN ('count', 'list')", name=op.f("ck_home_widget_shape")),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["person.id"],
            name=op.f("fk_home_widget_owner_id_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["view_id"],
            ["list_view.id"],
            name=op.f("fk_home_widget_view_id_list_view"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_home_widget")),
        sa.UniqueConstraint("public_id", name=op.f("uq_home_widget_public_id")),
        sa.UniqueConstraint("view_id", "owner_id", name=op.f("uq_home_widget_view_id_owner_id")),
    )
    op.create_index("ix_home_widget_owner_id", "home_widget", ["owner_id"])


def downgrade() -> None:
    op.drop_table("home_widget")
