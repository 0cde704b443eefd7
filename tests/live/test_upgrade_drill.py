"""A plugin goes from one version to the next and back, killed on the way, while others serve."""

from __future__ import annotations

import threading
import time

import pytest

from portal.testing_databases import offered

from .drill import ROWS, office
from .vehicles import build

OTHERS = ("/", "/inventory/items", "/keys/", "/search?q=van")
FIRST, SECOND = ("vehicles0001", False), ("vehicles0003", True)


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    return build(tmp_path_factory.mktemp("versions"))


@pytest.mark.parametrize("kind", offered())
def test_a_plugin_goes_to_its_next_version_and_back_while_the_others_serve(kind, sites, tmp_path):
    with office(kind, sites, tmp_path) as here:
        assert here.kantor("db", "upgrade").returncode == 0
        here.fill()
        written = here.rows()
        assert written[0] == ROWS
        served(here)

        # The second version is installed and serves nobody before its tables are made.
        assert here.kantor("plugin", "rest", "vehicles").returncode == 0
        at_rest(here, "It rests until the next upgrade.")
        here.install("2.0.0")
        here.reload()
        at_rest(here, "Its tables are those of version 1.0.0, and version 2.0.0 is installed.")

        # Killed in the middle, nothing of it was done.
        with here.waiting("db", "upgrade") as upgrade:
            upgrade.kill()
        assert here.tables() == FIRST
        assert here.rows() == written
        at_rest(here, "Its tables are those of version 1.0.0, and version 2.0.0 is installed.")

        # The next attempt ends it, and the others serve meanwhile.
        with here.waiting("db", "upgrade") as upgrade:
            others_serve(here, kind, upgrade)
        assert here.tables() == SECOND
        assert here.rows() == written
        assert here.all("SELECT DISTINCT colour FROM vehicles_vehicle") == [("white",)]
        served(here, "white")
        assert here.status("/vehicles/colours") == 200  # The new permission came with it.
        assert here.browser("").get("/vehicles/gate").status == 200
        in_order(here)

        # Back: killed in the middle, asked about, done.
        with here.waiting("db", "downgrade", "--plugin", "vehicles", "--yes") as downgrade:
            at_rest(here, "It rests until the next upgrade.")
            downgrade.kill()
        assert here.tables() == SECOND
        assert here.rows() == written
        at_rest(here, "It rests until the next upgrade.")
        with here.waiting("db", "downgrade", "--plugin", "vehicles", typed="y\n") as downgrade:
            others_serve(here, kind, downgrade)
        lost = "column colour of table vehicles_vehicle, filled in 10,000 rows"
        assert lost in downgrade.said
        assert here.tables() == FIRST
        assert here.rows() == written
        at_rest(here, "Its tables are those of version 1.0.0, and version 2.0.0 is installed.")
        here.install("1.0.0")
        here.reload()
        at_rest(here, "It rests until the next upgrade.")
        assert here.kantor("db", "upgrade").returncode == 0
        served(here)
        assert here.status("/vehicles/colours") == 404
        in_order(here)
        roles_are_sound(here)

        # Forward again, with a server that still has the first version in its memory.
        here.install("2.0.0")
        assert here.kantor("db", "upgrade").returncode == 0
        at_rest(here, "Its tables are those of version 2.0.0, which version 1.0.0 does not know.")
        here.reload()
        assert here.rows() == written
        served(here, "white")
        assert here.status("/vehicles/colours") == 200


def served(here, *words):
    """Assert that the plugin's pages are there, with its rows."""
    page = here.browser("client0").get("/vehicles/")
    assert page.status == 200
    for word in ("van 00000", *words):
        assert word in page.text
    assert "van 04711" in here.page("/search?q=V-04711")
    for path in OTHERS:
        assert here.status(path) == 200, path


def at_rest(here, says):
    """Assert that nobody meets the plugin, an administrator reads why, and the others serve."""
    for path in ("/vehicles/", "/vehicles/new", "/vehicles/v00000000", "/vehicles/colours"):
        assert here.status(path) == 404, path
    assert here.browser("").get("/vehicles/gate").status != 200
    assert "/vehicles/" not in here.page("/")
    assert "van 04711" not in here.page("/search?q=V-04711")
    for path in OTHERS:
        assert here.status(path) == 200, path
    boss = here.browser("boss")
    for path in ("/plugins", "/plugins/vehicles"):
        page = boss.get(path)
        assert page.status == 200
        assert says in page.text, path


def in_order(here):
    """Assert that the doctor, who reads the audit too, complains of nothing."""
    told = here.kantor("doctor")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "vehicles" not in told.stdout


def others_serve(here, kind, command):
    """Assert that the others are read and written while a migration waits, and let it end.

    SQLite has one writer: what is written there waits for the migration.
    """
    began = time.monotonic()
    for path in OTHERS:
        assert here.status(path) == 200, path
    reading = time.monotonic() - began
    wrote, statuses = [], []

    def write():
        begun = time.monotonic()
        statuses.append(here.issue().status)
        wrote.append(time.monotonic() - begun)

    writer = threading.Thread(target=write)
    writer.start()
    if kind == "postgresql":
        writer.join()
        assert command.process.poll() is None
    else:
        writer.join(0.5)
        assert writer.is_alive()
    assert command.end() == 0
    writer.join()
    assert statuses == [303]
    print(f"{kind}: {len(OTHERS)} pages in {reading:.2f} s, a write in {wrote[0]:.2f} s")


def roles_are_sound(here):
    """Assert that a right which the first version does not know harms no page about roles."""
    boss = here.browser("boss")
    assert here.all("SELECT 1 FROM role_permission WHERE permission = 'vehicles.vehicle.paint'")
    ((role,),) = here.all("SELECT public_id FROM role WHERE slug = 'assistant'")
    page = boss.get(f"/roles/{role}")
    assert page.status == 200
    assert "Paint the vehicles" not in page.text
