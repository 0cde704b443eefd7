"""entries of the audit sealed by PostgreSQL itself"""

from alembic import op

revision = "core0009"
down_revision = "core0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # VOLATILE: what it selects is the newest there is once the lock is had.
        op.execute(
            "CREATE FUNCTION core_audit_seal(content text, OUT previous text, OUT hash text)"
            " LANGUAGE plpgsql VOLATILE AS $$ BEGIN"
            " PERFORM pg_advisory_xact_lock(7062);"  # One writer of the chain at a time.
            " SELECT entry.hash INTO previous FROM audit_entry entry ORDER BY id DESC LIMIT 1;"
            " previous := coalesce(previous, repeat('0', 64));"
            " hash := encode("
            "sha256(convert_to('[\"' || previous || '\",' || content, 'UTF8')), 'hex');"
            " END $$"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION core_audit_seal")
