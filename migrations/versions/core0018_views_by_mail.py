"""views that are sent by mail"""

import sqlalchemy as sa
from alembic import op

import portal.orm

revision = "core0018"
down_revision = "core0017"
branch_labels = None
depends_on = None

CHECKS = {
    "every": "every IN ('day', 'week', 'month')",
    "hour": "hour >= 0 AND hour <= 23",
    "weekday": "weekday >= 0 AND weekday <= 6",
    "day": "day >= 1 AND day <= 31",
    "format": "format IN ('csv', 'xlsx')",
    "state": "state IN ('active', 'paused')",
}


def upgrade() -> None:
    op.create_table(
        "list_view_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("view_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.String(length=120), nullable=False),
        sa.Column("every", sa.String(length=5), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=4), nullable=False),
        sa.Column("only_some", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("next_at", portal.orm.Instant(timezone=True), nullable=False),
        sa.Column("sent_at", portal.orm.Instant(timezone=True), nullable=True),
        sa.Column("made_at", portal.orm.Instant(timezone=True), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        *[
            sa.CheckConstraint(rule, name=op.f(f"ck_list_view_mail_{name}"))
            for name, rule in CHECKS.items()
        ],
        sa.ForeignKeyConstraint(
            ["view_id"],
            ["list_view.id"],
            name=op.f("fk_list_view_mail_view_id_list_view"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["person.id"],
            name=op.f("fk_list_view_mail_owner_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_view_mail")),
        sa.UniqueConstraint("view_id", "owner_id", name=op.f("uq_list_view_mail_view_id_owner_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_list_view_mail_public_id")),
    )
    op.create_index("ix_list_view_mail_next_at", "list_view_mail", ["state", "next_at"])
    op.create_index("ix_list_view_mail_owner_id", "list_view_mail", ["owner_id"])


def downgrade() -> None:
    op.drop_table("list_view_mail")
