"""how lists were matched, and what imports did"""

import sqlalchemy as sa
from alembic import op

import portal.orm

revision = "core0007"
down_revision = "core0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_matching",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("used_at", portal.orm.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["person.id"],
            name=op.f("fk_import_matching_owner_id_person"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_matching")),
        sa.UniqueConstraint(
            "owner_id", "name", "signature", name=op.f("uq_import_matching_owner_id_name_signature")
        ),
    )
    with op.batch_alter_table("import_matching", schema=None) as batch_op:
        batch_op.create_index(
            "ix_import_matching_name", ["name", "signature", "used_at"], unique=False
        )

    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("same", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("done_at", portal.orm.Instant(timezone=True), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=True),
        sa.Column("undone_at", portal.orm.Instant(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.Column("undo_job", sa.String(length=12), nullable=True),
        sa.Column("removed", sa.Integer(), nullable=True),
        sa.Column("restored", sa.Integer(), nullable=True),
        sa.Column("stayed", sa.Integer(), nullable=True),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.CheckConstraint("state IN ('done', 'undone')", name=op.f("ck_import_run_state")),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["person.id"],
            name=op.f("fk_import_run_owner_id_person"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_id"],
            ["person.id"],
            name=op.f("fk_import_run_undone_by_id_person"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("public_id", name=op.f("uq_import_run_public_id")),
    )
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.create_index("ix_import_run_done_at", ["done_at"], unique=False)
        batch_op.create_index("ix_import_run_name", ["name", "id"], unique=False)
        batch_op.create_index("ix_import_run_owner_id", ["owner_id", "name", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("import_run")
    op.drop_table("import_matching")
