"""how far the tables of each plugin have come, and plugins at rest"""

import sqlalchemy as sa
from alembic import op

revision = "core0024"
down_revision = "core0023"
branch_labels = None
depends_on = None
BEFORE, AFTER = "state IN ('ready', 'failed')", "state IN ('ready', 'failed', 'resting')"
STATE = "ck_installed_plugin_state"


def upgrade() -> None:
    with op.batch_alter_table("installed_plugin") as table:
        table.add_column(sa.Column("revision", sa.String(), nullable=False, server_default=""))
        table.drop_constraint(op.f(STATE), type_="check")
        table.create_check_constraint(op.f(STATE), AFTER)
    here = op.get_bind()
    present = sa.inspect(here).get_table_names()
    for slug in here.execute(sa.text("SELECT slug FROM installed_plugin")).scalars().all():
        if (own := f"alembic_version_{slug}") in present:
            found = here.execute(sa.text(f'SELECT version_num FROM "{own}"')).scalars().all()  # noqa: S608
            here.execute(
                sa.text("UPDATE installed_plugin SET revision = :revision WHERE slug = :slug"),
                {"revision": ",".join(sorted(found)), "slug": slug},
            )


def downgrade() -> None:
    op.execute("UPDATE installed_plugin SET state = 'failed' WHERE state = 'resting'")
    with op.batch_alter_table("installed_plugin") as table:
        table.drop_constraint(op.f(STATE), type_="check")
        table.create_check_constraint(op.f(STATE), BEFORE)
        table.drop_column("revision")
