"""The plugin of the upgrade drill in two versions: the second has a column and a right more."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from portal.scaffold.making import make, names

COLUMN = '''"""a colour for each vehicle"""

import sqlalchemy as sa
from alembic import op

revision = "vehicles0002"
down_revision = "vehicles0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("vehicles_vehicle") as table:
        table.add_column(sa.Column("colour", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("vehicles_vehicle") as table:
        table.drop_column("colour")
'''
PAINT = '''"""every vehicle is white to begin with"""

import os
import time
from pathlib import Path

from alembic import op

revision = "vehicles0003"
down_revision = "vehicles0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE vehicles_vehicle SET colour = 'white'")
    wait()


def downgrade() -> None:
    op.execute("UPDATE vehicles_vehicle SET colour = ''")
    wait()


def wait() -> None:
    """Stay in the middle while a file says so."""
    if folder := os.environ.get("DRILL_WAITS_IN"):
        Path(folder, "waits").touch()
        while not Path(folder, "go").exists():
            time.sleep(0.02)
'''
PAGES = '''

@blueprint.get("/colours")
@policy(PAINT)
def colours():
    """Show the vehicles to whom paints them."""
    return VEHICLES.respond(reading(), "vehicles/vehicles.html")


@blueprint.get("/gate")
@public("whoever comes to the gate reads when it is open")
def gate():
    """Say when the gate is open."""
    return "Open from seven to five"
'''
COLOUR = """\
    colour: Mapped[str] = mapped_column(default="")
    department: Mapped[Department]"""
RIGHT = """\
        Permission(name="vehicles.vehicle.paint", title=message("Paint the vehicles")),
    ),
    roles=(
        RoleGrant(role="assistant", permission="vehicles.vehicle.paint", reach="department"),
"""
SHOWN = """\
        Column("colour", message("Colour")),
        Column("department","""
SECOND = {  # what the second version says otherwise: file -> (before, after)
    "pyproject.toml": [('version = "1.0.0"', 'version = "2.0.0"')],
    "kantor_vehicles/models.py": [("    department: Mapped[Department]", COLOUR)],
    "kantor_vehicles/services.py": [
        ("VIEW, EDIT =", 'PAINT = "vehicles.vehicle.paint"\nVIEW, EDIT ='),
        ("Vehicle.number,\n", "Vehicle.number,\n        Vehicle.colour,\n"),
    ],
    "kantor_vehicles/tables.py": [('        Column("department",', SHOWN)],
    "kantor_vehicles/views.py": [
        ("import EDIT, VIEW", "import EDIT, PAINT, VIEW"),
        ("    policy,\n", "    policy,\n    public,\n"),
        ("\n\ndef _form_page", PAGES + "\n\ndef _form_page"),
    ],
    "kantor_vehicles/__init__.py": [("    ),\n    roles=(\n", RIGHT)],
}


def build(folder: Path) -> dict[str, Path]:
    """Write both versions out and install each into a folder of its own: version -> folder."""
    first, second = folder / "first", folder / "second"
    make(first, names("vehicles", "", "", "kendaraan"))
    shutil.copytree(first, second)
    for name, changes in SECOND.items():
        file = second / name
        said = file.read_text(encoding="utf-8")
        for before, after in changes:
            assert before in said, (name, before)
            said = said.replace(before, after, 1)
        file.write_text(said, encoding="utf-8")
    migrations = second / "kantor_vehicles" / "migrations"
    (migrations / "vehicles0002_colour.py").write_text(COLUMN)
    (migrations / "vehicles0003_white.py").write_text(PAINT)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--target"]
    sites = {"1.0.0": folder / "site-1", "2.0.0": folder / "site-2"}
    for source, site in zip((first, second), sites.values(), strict=True):
        subprocess.run([*pip, *options, str(site), str(source)], check=True)
    return sites
