"""Records that a plugin writes for its check: pages that only they have are looked at too."""

import pytest

from portal.checking.sources import found_at

from .garden import Garden
from .test_planted import BASES, in_a_process

# A page that only visits of seven people have: rows made from the models alone have others.
PAGE = """
@blueprint.get("/<public_id>/seven")
@web.policy("visits.visit.view")
def seven(public_id):
    visit = services.visit(web.reading(), public_id)
    if visit.people != 7:
        raise NotFound
    {body}
"""
WRITE = """
from .models import Visit


def write(tx, ask):
    for number in range(ask.number):
        visit = Visit(
            department_id=ask.department_id,
            guest=ask.text("guest"),
            note=ask.text("note", longest=500),
            people=7,
            arrived_on=tx.today,
            host_id=ask.people[0],
        )
        tx.session.add(visit)
"""


@pytest.fixture
def garden(tmp_path):
    return Garden.copy(BASES["visits"], tmp_path, None)


def planted(garden, body, samples=WRITE):
    garden.import_("views.py", "from portal.api import NotFound")
    garden.append("views.py", PAGE.format(body=body))
    if samples:
        garden.write("samples.py", samples)
        garden.import_("__init__.py", "from .samples import write")
        garden.change("__init__.py", "    hooks=hooks,\n", "    hooks=hooks,\n    samples=write,\n")
    (sources,) = found_at(garden.folder, garden.folder)
    found = in_a_process(sources, ("sqlite",), ("rows",))
    return [(one.rule, one.where.partition(":")[0]) for one in found]


def test_a_page_that_only_samples_have_is_looked_at(garden):
    assert planted(garden, "return str(1 / 0)") == [("page-fails", "kantor_visits/views.py")]


def test_without_samples_it_is_not_seen(garden):
    assert planted(garden, "return str(1 / 0)", samples="") == []


def test_texts_of_samples_are_looked_for_on_every_page(garden):
    found = planted(garden, "return visit.note")
    assert found == [("unescaped", "kantor_visits/views.py")]


def test_a_plugin_whose_samples_are_in_order_is_clean(garden):
    assert planted(garden, "return ''") == []


@pytest.mark.parametrize(
    ("there", "wrong", "place"),
    [
        ("people=7", "people=1 // 0", "kantor_visits/samples.py"),
        ("people=7", "people=0", "kantor_visits/__init__.py"),  # the database says so at the end
    ],
)
def test_samples_that_cannot_be_written_are_named(garden, there, wrong, place):
    found = planted(garden, "return ''", WRITE.replace(there, wrong))
    assert found == [("samples-fail", place)]
