"""Mistakes of migrations that only show once people have written something down."""

from __future__ import annotations

from .garden import Garden, kind

NEXT = "migrations/visits0002_badges.py"
TEXT = '''"""badges"""

import sqlalchemy as sa
from alembic import op

revision = "visits0002"
down_revision = "visits0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''
ADDED = '    op.add_column("visits_visit", sa.Column("badge", sa.Integer(), {rest}))'
DROPPED = '    op.drop_column("visits_visit", "badge")'
BATCHED = """    with op.batch_alter_table("visits_visit") as batch_op:
        batch_op.add_column(sa.Column("badge", sa.Integer(), nullable=False))"""
WITHOUT = 'sa.Column("badge", sa.Integer(), nullable=False)'


def migrate(garden: Garden, upgrade: str, downgrade: str, *, optional: bool = False) -> None:
    """Give a visit one more column, by a revision of its own."""
    column = "Mapped[int | None]" if optional else "Mapped[int]"
    text = garden.read("models.py").rstrip()
    garden.write("models.py", f"{text}\n    badge: {column} = mapped_column(default=0)\n")
    garden.write(NEXT, TEXT.format(upgrade=upgrade, downgrade=downgrade))


@kind("a migration that fails when there are rows", "migration-fails", base="visits", ask="moves")
def failing(garden: Garden) -> None:
    form = garden.pick("plain", "batch", "emptied")
    if form == "plain":
        migrate(garden, ADDED.format(rest="nullable=False"), DROPPED)
        garden.seen(NEXT, WITHOUT)
    elif form == "batch":
        migrate(garden, BATCHED, DROPPED)
        garden.seen(NEXT, "batch_alter_table")
        garden.seen(NEXT, WITHOUT)
    else:
        emptied = (
            f'    op.execute("DELETE FROM visits_visit")\n{ADDED.format(rest="nullable=False")}'
        )
        migrate(garden, emptied, DROPPED)
        garden.places.append(f"{garden.package}/{NEXT}")


@kind(
    "a migration that cannot go back when there are rows",
    "migration-stays",
    base="visits",
    ask="moves",
)
def unmoved(garden: Garden) -> None:
    added = ADDED.format(rest="nullable=True")
    again = garden.pick(
        '    op.add_column("visits_visit", sa.Column("floor", sa.Integer(), nullable=False))',
        '    with op.batch_alter_table("visits_visit") as batch_op:\n'
        '        batch_op.add_column(sa.Column("floor", sa.Integer(), nullable=False))',
        '    if op.get_bind().scalar(sa.text("SELECT count(*) FROM visits_visit")):\n'
        '        raise RuntimeError("there are visits")',
    )
    migrate(garden, added, f"{DROPPED}\n{again}", optional=True)
    mark = next(m for m in ("batch_alter_table", "raise RuntimeError", '"floor"') if m in again)
    garden.seen(NEXT, mark)


@kind("a migration that touches what others keep", "foreign-table", base="visits", ask="moves")
def touching(garden: Garden) -> None:
    how = garden.pick(
        '    people = sa.table("person", sa.column("name"))\n'
        '    op.execute(people.update().values(name="x"))',
        '    op.execute("UPDATE " + "".join(["per", "son"]) + " SET name = \'x\'")',
    )
    added = ADDED.format(rest="nullable=True")
    if garden.pick(True, False):
        migrate(garden, f"{added}\n{how}", DROPPED, optional=True)
    else:
        migrate(garden, added, f"{DROPPED}\n{how}", optional=True)
    garden.places.append(f"{garden.package}/{NEXT}")


@kind("a migration that forgets a column", "migration-fails", base="visits", ask="moves")
def forgetting(garden: Garden) -> None:
    how = garden.pick(
        "    op.execute(\"UPDATE visits_visit SET note = ''\")",
        '    op.drop_column("visits_visit", "note")\n    op.add_column("visits_visit", '
        'sa.Column("note", sa.String(500), nullable=False, server_default=""))',
    )
    migrate(garden, f"{ADDED.format(rest='nullable=True')}\n{how}", DROPPED, optional=True)
    garden.places.append(f"{garden.package}/{NEXT}")
