"""what people say about records, the files beside them, who watches, what is linked"""

import sqlalchemy as sa
from alembic import op

import portal.orm

revision = "core0017"
down_revision = "core0016"
branch_labels = None
depends_on = None
INSTANT = portal.orm.Instant(timezone=True)


def upgrade() -> None:
    _comments()
    _attachments()
    _watchers()
    _related()


def downgrade() -> None:
    for table in (
        "record_link",
        "record_watcher_mark",
        "record_watcher",
        "record_file",
        "record_comment",
    ):
        op.drop_table(table)


def _comments() -> None:
    op.create_table(
        "record_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("mentions", sa.JSON(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=True),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.Column("removed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["person.id"],
            name=op.f("fk_record_comment_author_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["removed_by_id"],
            ["person.id"],
            name=op.f("fk_record_comment_removed_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_comment")),
        sa.UniqueConstraint("public_id", name=op.f("uq_record_comment_public_id")),
    )
    op.create_index("ix_record_comment_author_id", "record_comment", ["author_id"])
    op.create_index("ix_record_comment_record", "record_comment", ["kind", "record_id", "at", "id"])
    op.create_index(
        "ix_record_comment_removed_by_id", "record_comment", ["removed_by_id", "removed_at"]
    )
    op.create_index("ix_record_comment_removed_at", "record_comment", ["removed_at"])


def _attachments() -> None:
    op.create_table(
        "record_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=True),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("preview_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=4), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.Column("removed_by_id", sa.Integer(), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.CheckConstraint("type IN ('file', 'jpeg', 'png')", name=op.f("ck_record_file_type")),
        sa.CheckConstraint(
            "(type = 'file') = (preview_id IS NULL)", name=op.f("ck_record_file_preview")
        ),
        sa.CheckConstraint("size >= 0", name=op.f("ck_record_file_size")),
        *[
            sa.ForeignKeyConstraint(
                [column],
                [f"{target}.id"],
                name=op.f(f"fk_record_file_{column}_{target}"),
                ondelete=ondelete,
            )
            for column, target, ondelete in (
                ("comment_id", "record_comment", "CASCADE"),
                ("owner_id", "person", "RESTRICT"),
                ("file_id", "stored_file", "RESTRICT"),
                ("preview_id", "stored_file", "RESTRICT"),
                ("removed_by_id", "person", "RESTRICT"),
            )
        ],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_file")),
        sa.UniqueConstraint("public_id", name=op.f("uq_record_file_public_id")),
    )
    for name, columns in (
        ("comment_id", ["comment_id"]),
        ("file_id", ["file_id"]),
        ("preview_id", ["preview_id"]),
        ("record", ["kind", "record_id", "at", "id"]),
        ("owner_id", ["owner_id", "removed_at"]),
        ("removed_by_id", ["removed_by_id", "removed_at"]),
        ("removed_at", ["removed_at"]),
    ):
        op.create_index(f"ix_record_file_{name}", "record_file", columns)


def _watchers() -> None:
    op.create_table(
        "record_watcher",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_record_watcher_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_watcher")),
        sa.UniqueConstraint(
            "kind",
            "record_id",
            "person_id",
            name=op.f("uq_record_watcher_kind_record_id_person_id"),
        ),
    )
    op.create_index("ix_record_watcher_person_id", "record_watcher", ["person_id", "active"])
    op.create_table(
        "record_watcher_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_watcher_mark")),
    )


def _related() -> None:
    op.create_table(
        "record_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("other_kind", sa.String(length=60), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "kind < other_kind OR (kind = other_kind AND record_id < other_id)",
            name=op.f("ck_record_link_order"),
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"],
            ["person.id"],
            name=op.f("fk_record_link_made_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_link")),
        sa.UniqueConstraint("public_id", name=op.f("uq_record_link_public_id")),
        sa.UniqueConstraint(
            "kind",
            "record_id",
            "other_kind",
            "other_id",
            name=op.f("uq_record_link_kind_record_id_other_kind_other_id"),
        ),
    )
    op.create_index("ix_record_link_made_by_id", "record_link", ["made_by_id"])
    op.create_index("ix_record_link_other", "record_link", ["other_kind", "other_id"])
