"""secret addresses under which calendars elsewhere follow somebody's"""

import sqlalchemy as sa
from alembic import op

import portal.orm

revision = "core0016"
down_revision = "core0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("whose", sa.String(length=12), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", portal.orm.Instant(timezone=True), nullable=False),
        sa.Column("changed_at", portal.orm.Instant(timezone=True), nullable=False),
        sa.Column("used_at", portal.orm.Instant(timezone=True), nullable=True),
        sa.Column("revoked_at", portal.orm.Instant(timezone=True), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "whose IN ('mine', 'departments', 'all')", name=op.f("ck_calendar_feed_whose")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["person.id"],
            name=op.f("fk_calendar_feed_owner_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("public_id", name=op.f("uq_calendar_feed_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
    )
    op.create_index("ix_calendar_feed_owner_id", "calendar_feed", ["owner_id", "revoked_at"])


def downgrade() -> None:
    op.drop_table("calendar_feed")
