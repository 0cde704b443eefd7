"""Who sees which rows and which columns of a list, on the page and in every file."""

import csv
import io
import json

import pytest
from python_calamine import CalamineWorkbook

from portal.errors import BadRequest
from portal.reach import Held
from tests.unit.ui.lists import EVERYWHERE, add, exported, make, names, page, somebody

TABLE = make()
WITH_FILTER = make(filter_permissions={"words": "core.contact.edit"})


@pytest.fixture
def book(portal_app, world):
    """Add a contact to each of two departments and one that all share."""
    office, lab = world.departments["office"], world.departments["lab"]
    add(
        portal_app,
        {"name": "office", "department_id": office, "note": "office note"},
        {"name": "lab", "department_id": lab, "note": "lab note"},
        {"name": "shared", "note": "shared note"},
    )
    return portal_app, office, lab


def of(department):
    return Held(departments=frozenset({department}))


def heads(found):
    return [head.key for head in found.columns]


def read(app, wanted, who):
    content = exported(app, TABLE, wanted, who=who)
    if wanted == "json":
        found = json.loads(content)
        return list(found[0]), [list(row.values()) for row in found]
    if wanted == "csv":
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    else:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        lines = sheet.to_python()
    return lines[0], lines[1:]


@pytest.mark.parametrize("wanted", ["csv", "xlsx", "json"])
def test_a_file_holds_the_rows_of_the_page_and_no_others(book, wanted):
    app, office, _ = book
    who = somebody(view=of(office))
    assert names(page(app, TABLE, who=who)) == ["office", "shared"]
    _, lines = read(app, wanted, who)
    assert [line[0] for line in lines] == ["office", "shared"]


@pytest.mark.parametrize("wanted", ["csv", "xlsx", "json"])
def test_a_hidden_column_is_in_no_file(book, wanted):
    app, *_ = book
    titles, lines = read(app, wanted, somebody())
    assert not {"note", "Note"} & set(titles)
    assert not any("note" in str(value) for line in lines for value in line)
    titles, lines = read(app, wanted, somebody(note=EVERYWHERE))
    assert {"note", "Note"} & set(titles)


def test_a_hidden_column_is_not_on_the_page(book):
    app, *_ = book
    assert "note" not in heads(page(app, TABLE))
    assert "note" in heads(page(app, TABLE, who=somebody(note=EVERYWHERE)))


def test_a_column_held_for_one_department_stays_empty_in_the_rows_of_others(book):
    app, office, _ = book
    found = page(app, TABLE, who=somebody(note=of(office)))
    place = heads(found).index("note")
    assert {row[0].text: row[place].text for row in found.rows} == {
        "lab": "",
        "office": "office note",
        "shared": "shared note",
    }


@pytest.mark.parametrize("wanted", ["csv", "xlsx", "json"])
def test_a_column_held_for_one_department_stays_empty_in_files_too(book, wanted):
    app, office, _ = book
    _, lines = read(app, wanted, somebody(note=of(office)))
    assert not any("lab note" in str(value) for line in lines for value in line)
    assert any("office note" in str(value) for line in lines for value in line)


def test_nobody_sorts_by_a_column_they_see_in_some_rows_only(book):
    from portal.contacts.models import Contact
    from portal.ui.table import Column

    app, office, _ = book
    table = make(
        columns=(
            Column("name", "Name", sort=(Contact.name_key, Contact.id)),
            Column(
                "amount",
                "Amount",
                permission="core.contact.edit",
                sort=(Contact.version, Contact.id),
            ),
        )
    )
    assert page(app, table, "?sort=amount", somebody(note=EVERYWHERE)).columns[1].sort_url
    for who in (somebody(), somebody(note=of(office))):
        assert all(head.sort_url is None for head in page(app, table, who=who).columns[1:])
        with pytest.raises(BadRequest):
            page(app, table, "?sort=amount", who)


def test_a_filter_on_hidden_values_is_refused_unless_they_are_all_seen(book):
    app, office, _ = book
    query = "?words=lab+note"
    assert names(page(app, WITH_FILTER, query, somebody(note=EVERYWHERE))) == ["lab"]
    for who in (somebody(), somebody(note=of(office))):
        assert "words" not in page(app, WITH_FILTER, "", who).filters
        with pytest.raises(BadRequest):
            page(app, WITH_FILTER, query, who)


def test_who_holds_nothing_sees_nothing(book):
    app, *_ = book
    nobody = somebody(view=Held(departments=frozenset({999})))
    assert names(page(app, TABLE, who=nobody)) == ["shared"]
    assert json.loads(exported(app, make(), "json", "?kind=organisation", nobody)) == []


def test_counts_are_of_the_rows_one_may_see(book):
    app, office, _ = book
    add(app, *({"name": f"x{i}", "department_id": book[2]} for i in range(80)))
    add(app, *({"name": f"y{i}", "department_id": office} for i in range(60)))
    assert page(app, TABLE, who=somebody(view=of(office))).count == 62
