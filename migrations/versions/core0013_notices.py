"""mail on its way out, and what people are told"""

import sqlalchemy as sa
from alembic import op

import portal.orm

revision = "core0013"
down_revision = "core0012"
branch_labels = None
depends_on = None
INSTANT = portal.orm.Instant(timezone=True)


def upgrade() -> None:
    _mail()
    _notices()
    op.create_index("ix_job_name", "job", ["name", "finished_at"])


def downgrade() -> None:
    op.drop_index("ix_job_name", "job")
    for table in ("notice_choice", "notice_episode", "notice"):
        op.drop_table(table)
    op.drop_table("mail_attachment")
    op.drop_table("mail")


def _mail() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("message_id", sa.String(length=320), nullable=False),
        sa.Column("sender", sa.String(length=400), nullable=False),
        sa.Column("recipient", sa.String(length=400), nullable=False),
        sa.Column("reply_to", sa.String(length=400), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'failed', 'sent', 'dead')", name=op.f("ck_mail_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("key", name=op.f("uq_mail_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_mail_message_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_mail_public_id")),
    )
    op.create_index("ix_mail_state", "mail", ["state", "due_at", "id"])
    op.create_index("ix_mail_created_at", "mail", ["created_at", "id"])
    op.create_table(
        "mail_attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["mail_id"],
            ["mail.id"],
            name=op.f("fk_mail_attachment_mail_id_mail"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["stored_file.id"],
            name=op.f("fk_mail_attachment_file_id_stored_file"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_attachment")),
        sa.UniqueConstraint(
            "mail_id", "position", name=op.f("uq_mail_attachment_mail_id_position")
        ),
    )
    op.create_index("ix_mail_attachment_file_id", "mail_attachment", ["file_id"])


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("record", sa.String(length=160), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.String(length=120), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("told_at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("mailed_at", INSTANT, nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("way IN ('at_once', 'digest', 'never')", name=op.f("ck_notice_way")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_notice_number")),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["person.id"],
            name=op.f("fk_notice_owner_id_person"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("public_id", name=op.f("uq_notice_public_id")),
    )
    op.create_index("ix_notice_owner_id", "notice", ["owner_id"])
    op.create_index("ix_notice_newest", "notice", ["owner_id", "unread", "told_at", "id"])
    op.create_index("ix_notice_read_at", "notice", ["read_at"])
    grouped = sa.text("read_at IS NULL AND record <> ''")
    op.create_index(
        "uq_notice_record",
        "notice",
        ["owner_id", "kind", "record"],
        unique=True,
        sqlite_where=grouped,
        postgresql_where=grouped,
    )
    waiting = sa.text("way = 'digest' AND mailed_at IS NULL AND read_at IS NULL")
    op.create_index(
        "ix_notice_mail",
        "notice",
        ["owner_id", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    _person_rows("notice_episode", sa.Column("episode", sa.String(length=160), nullable=False))
    op.create_index("ix_notice_episode_told_at", "notice_episode", ["told_at"])
    _person_rows("notice_choice", sa.Column("choice", sa.String(length=8), nullable=False))


def _person_rows(table: str, own: sa.Column) -> None:
    """Make a table of what belongs to a person and a kind."""
    episode = own.name == "episode"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        own,
        *([sa.Column("told_at", INSTANT, nullable=False)] if episode else []),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f(f"fk_{table}_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            *(["person_id", "kind", "episode"] if episode else ["person_id", "kind"]),
            name=op.f(f"uq_{table}_person_id_kind{'_episode' if episode else ''}"),
        ),
    )
