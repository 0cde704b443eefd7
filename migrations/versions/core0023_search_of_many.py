"""the starts of titles and numbers, and shares of the entries in which many are found"""

from alembic import op

from portal.finding import indexing

revision = "core0023"
down_revision = "core0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    for statement in indexing.removal(dialect):
        op.execute(statement)
    # After every migration all records are put in anew.
    op.execute("DELETE FROM search_entry" if dialect == "sqlite" else "TRUNCATE search_entry")
    for statement in indexing.creation(dialect):
        op.execute(statement)


def downgrade() -> None:
    """Leave the index as it is: the next upgrade makes it anew, whatever it finds."""
