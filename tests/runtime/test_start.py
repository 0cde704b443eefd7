"""A server starts quickly and lightly: what few requests need is imported by those."""

import os
import subprocess
import sys
from pathlib import Path

from portal.testing import KEY

CHECKOUT = Path(__file__).parents[2]
HEAVY = {
    *("weasyprint", "phonenumbers", "holidays", "icalendar"),
    *("xlsxwriter", "python_calamine", "alembic"),
}
PROGRAM = """
import sys
from wsgi import application
assert application.test_client().get("/live").status_code == 200
assert "kantor_inventory" in sys.modules
print(*sys.modules)
"""


def test_no_heavy_library_is_imported_by_a_worker_that_has_started(tmp_path):
    environment = os.environ | {"KANTOR_HOME": str(tmp_path), "KANTOR_SECRET_KEY": KEY}
    started = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stderr
    assert not HEAVY & set(started.stdout.split())
