"""seeing the portal as somebody else does"""

import sqlalchemy as sa
from alembic import op

import portal.orm

revision = "core0021"
down_revision = "core0020"
branch_labels = None
depends_on = None
INSTANT = portal.orm.Instant(timezone=True)


def upgrade() -> None:
    op.create_table(
        "account_viewing",
        sa.Column("session_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["account_session.id"],
            name=op.f("fk_account_viewing_session_id_account_session"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_account_viewing_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_account_viewing")),
    )
    op.create_index("ix_account_viewing_person_id", "account_viewing", ["person_id"])


def downgrade() -> None:
    op.drop_table("account_viewing")
