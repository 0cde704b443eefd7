"""The tutorial, followed as it stands, gives a department its own plugin."""

from __future__ import annotations

from .pages import DOCS, Block, Command, steps

PAGE = DOCS / "tutorial.md"


def test_following_the_page_makes_a_plugin_that_keeps_its_promises(machine, tmp_path):
    folder = tmp_path / "kantor-vehicles"
    machine.follow(PAGE, folder=folder, package="kantor_vehicles")
    assert "vehicles is on" in machine.said["kantor plugin enable vehicles"]
    assert " passed" in machine.said["pytest"]
    assert " passed" in machine.said["pytest tests/test_inspection.py"]
    assert "clean" in machine.said["kantor plugin check --quick ."]
    assert "clean" in machine.said["kantor plugin check ."]
    (migration,) = (folder / "kantor_vehicles/migrations").glob("*when_to_inspect*.py")
    assert "inspect_by" in migration.read_text()


def test_the_page_is_what_it_is_tested_with():
    asked = list(steps(PAGE))
    assert asked[0] == Command(line="kantor plugin new vehicles --indonesian kendaraan")
    files = {step.file.rpartition("/")[2] for step in asked if isinstance(step, Block)}
    assert {"models.py", "services.py", "forms.py", "tables.py", "vehicle.html"} <= files
    assert "messages.po" in files
