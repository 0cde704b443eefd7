"""Pages of a list: every row once, in order, from anywhere to anywhere."""

import base64
import json
import random

import pytest

from portal.errors import BadRequest
from portal.orm import sort_key
from portal.reach import Held
from portal.testing import counting_statements
from tests.unit.ui.lists import Filters, add, asking, follow, make, names, page, rows, somebody

TABLE = make()


@pytest.fixture
def crowd(portal_app, world):
    """Add 130 contacts, many of the same name, and return their names in order."""
    chosen = random.Random(7)
    words = ["Ägir", "aleph", "Zoë", "émile", "bank", "Bank", "ıspanak", "中村"]
    people = [{"name": chosen.choice(words) + " " * (i % 2) + str(i % 3)} for i in range(130)]
    add(portal_app, *people)
    keys = sorted(sort_key(person["name"]).encode() for person in people)
    return portal_app, keys


def walk(app, start="", step="next_url"):
    """Return the rows of every page from ``start`` on, as (id, name)."""
    found, query, pages = [], start, 0
    while query is not None:
        here = page(app, TABLE, query, somebody(note=Held(everything=True)))
        shown = [row[0].text for row in here.rows]
        found = found + shown if step == "next_url" else shown + found
        url = getattr(here, step)
        query = None if url is None else follow(url)
        pages += 1
        assert pages < 20
    return found, here


@pytest.mark.parametrize("sort", ["name", "-name"])
def test_following_next_shows_every_row_once_and_in_order(crowd, sort):
    app, keys = crowd
    found, _ = walk(app, f"?sort={sort}")
    expected = keys if sort == "name" else keys[::-1]
    assert [sort_key(name).encode() for name in found] == expected


def test_following_previous_from_the_last_page_shows_the_same_rows(crowd):
    app, _ = crowd
    forward, last = walk(app)
    before, first = walk(app, follow(last.previous_url), "previous_url")
    assert before + names(last) == forward
    assert first.previous_url is None


def test_a_page_has_fifty_rows_and_the_last_one_no_next(crowd):
    app, _ = crowd
    first = page(app, TABLE)
    assert len(first.rows) == 50
    assert first.previous_url is None
    _, last = walk(app)
    assert len(last.rows) == 30
    assert last.next_url is None


def test_rows_added_before_a_page_do_not_move_it(crowd):
    app, _ = crowd
    first = page(app, TABLE)
    second = names(page(app, TABLE, follow(first.next_url)))
    add(app, {"name": "  first of all"}, {"name": "0"})
    assert names(page(app, TABLE, follow(first.next_url))) == second


def test_previous_before_rows_that_are_gone_leads_to_the_first_page(portal_app, world):
    add(portal_app, *({"name": f"name {i:03}"} for i in range(60)))
    first = page(portal_app, TABLE)
    second = page(portal_app, TABLE, follow(first.next_url))
    add(portal_app, {"name": "name 0000"})
    back = page(portal_app, TABLE, follow(second.previous_url))
    assert len(back.rows) == 50
    assert names(page(portal_app, TABLE, follow(back.previous_url)))[0] == "name 000"


def packed(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "W10",
        "bnVsbA",
        "eyJhIjoxfQ",
        "_" * 5000,
        packed("-name", "a", 1),
        packed("name", "a"),
        packed("name", 1, "a"),
        packed("name", "a", True),
        packed("name", "a", 1.5),
        packed("name", "a", 10**30),
        packed("name", "a", 2**31),
        packed("name", "\x00", 1),
        packed("name", "\ud800", 1),
        packed("name", None, 1),
        packed("name", ["a"], 1),
        base64.urlsafe_b64encode(b"[" * 1500).decode(),
    ],
)
@pytest.mark.parametrize("step", ["after", "before"])
def test_a_cursor_nobody_made_leads_to_the_first_page(portal_app, world, cursor, step):
    add(portal_app, {"name": "only"})
    assert names(page(portal_app, TABLE, f"?{step}={cursor}")) == ["only"]


@pytest.mark.parametrize("sort", ["kind", "-kind", "note", "name_key", "id", "", "--name", "a b"])
def test_an_order_that_is_not_offered_is_a_bad_request(portal_app, world, sort):
    with pytest.raises(BadRequest):
        page(portal_app, TABLE, f"?sort={sort}")


@pytest.mark.parametrize(
    "query",
    [
        "?name_key=a",
        "?name__gt=a",
        "?id=1",
        "?department_id=1",
        "?version__gte=1",
        "?note=secret",
        "?note[like]=s",
        "?public_id.in=x",
        "?amount=1",
        "?view=unknown",
    ],
)
def test_a_parameter_that_names_a_column_but_no_filter_is_a_bad_request(portal_app, world, query):
    with pytest.raises(BadRequest):
        page(portal_app, TABLE, query)


def test_a_format_that_is_not_offered_is_a_bad_request(portal_app, world):
    with asking(portal_app, "?format=xml") as tx, pytest.raises(BadRequest):
        TABLE.respond(tx, "no-template.html")


def test_parameters_of_others_are_ignored(portal_app, world):
    add(portal_app, {"name": "only"})
    assert names(page(portal_app, TABLE, "?utm_source=mail&ref=1")) == ["only"]


def test_a_wrong_filter_value_is_said_beside_the_field_and_the_list_is_shown(portal_app, world):
    add(portal_app, {"name": "one"}, {"name": "two", "kind": "organisation"})
    here = page(portal_app, TABLE, "?version=many&kind=person")
    assert here.filters["version"].errors
    assert not here.filters["kind"].errors
    assert names(here) == ["one"]


def test_each_filter_in_force_has_a_chip_that_takes_only_it_away(portal_app, world):
    add(portal_app, {"name": "one"}, {"name": "two", "kind": "organisation"})
    here = page(portal_app, TABLE, "?version=1&kind=person&sort=-name")
    assert {(chip.label, chip.value) for chip in here.chips} == {
        ("Version", "1"),
        ("Kind", "Person"),
    }
    without = next(chip.url for chip in here.chips if chip.label == "Kind")
    assert names(page(portal_app, TABLE, follow(without))) == ["two", "one"]
    assert names(page(portal_app, TABLE, follow(here.clear_url))) == ["two", "one"]
    assert here.kept == [("sort", "-name")]


def test_a_view_is_a_tab_over_the_same_list(portal_app, world):
    add(portal_app, {"name": "one"}, {"name": "two", "kind": "organisation"})
    here = page(portal_app, TABLE, "?view=people")
    assert names(here) == ["one"]
    assert [(str(tab.title), tab.current) for tab in here.tabs] == [
        ("All", False),
        ("People", True),
    ]
    assert here.chips == []


def test_fixed_criteria_hold_whatever_the_address_bar_says(portal_app, world):
    lab, office = world.departments["lab"], world.departments["office"]
    add(portal_app, {"name": "in", "department_id": lab}, {"name": "out", "department_id": office})
    with asking(portal_app) as tx:
        assert names(TABLE.page(tx, criteria={"department": lab})) == ["in"]


def test_an_empty_list_says_what_goes_here_and_a_narrowed_one_how_to_widen_it(portal_app, world):
    assert str(page(portal_app, TABLE).empty.title) == "No contacts yet"
    assert page(portal_app, TABLE).clear_url is None
    narrowed = page(portal_app, TABLE, "?q=nobody")
    assert str(narrowed.empty.title) == "Nothing matches these filters"
    assert follow(narrowed.clear_url) == ""


def test_counts_are_exact_to_a_thousand_and_then_say_so(portal_app, world):
    add(portal_app, *({"name": f"n{i}"} for i in range(1000)))
    assert page(portal_app, TABLE).count_label == "1,000 rows"
    add(portal_app, {"name": "one more"})
    assert page(portal_app, TABLE).count_label == "1,000+ rows"
    assert page(portal_app, TABLE, "?q=one+more").count_label == "1 row"


def test_that_a_list_is_long_is_not_counted_on_every_page(portal_app, world):
    add(portal_app, *({"name": f"n{i:04}"} for i in range(1001)))
    who = somebody()
    first = page(portal_app, TABLE, who=who)
    with counting_statements(portal_app) as sent:
        second = page(portal_app, TABLE, follow(first.next_url), who)
    assert second.count_label == "1,000+ rows"
    assert not any("count(" in statement for statement in sent)
    assert page(portal_app, TABLE, "?q=n0001", who).count_label == "1 row"


def test_counting_reads_no_table_that_only_gives_names(portal_app, world):
    add(portal_app, *({"name": f"n{i}"} for i in range(60)))
    with counting_statements(portal_app) as sent:
        page(portal_app, TABLE)
    rows_read, count = (statement for statement in sent if "contact" in statement)
    assert "JOIN" in rows_read
    assert "JOIN" not in count


def test_a_list_that_fits_on_its_page_is_not_counted_apart(portal_app, world):
    add(portal_app, {"name": "one"}, {"name": "two"})
    with counting_statements(portal_app) as sent:
        assert page(portal_app, TABLE).count == 2
    assert not any("count(" in statement for statement in sent)


def test_rows_of_the_same_kind_are_built_once_for_everybody(portal_app, world):
    built = []

    def counted(tx, **criteria):
        built.append(criteria)
        return rows(tx, **criteria)

    table = make(rows=counted)
    for query in ("", "?sort=-name", "?kind=person", "", "?kind=person&sort=public_id"):
        page(portal_app, table, query)
    assert built == [{}, {"kind": "person"}]


def test_a_statement_that_depends_on_the_person_is_never_kept(portal_app, world):
    office, lab = world.departments["office"], world.departments["lab"]
    add(
        portal_app,
        {"name": "ours", "department_id": office},
        {"name": "theirs", "department_id": lab},
    )

    def own(tx, **criteria):
        return rows(tx, department=next(iter(tx.actor.grants["core.contact.view"].departments)))

    table = make(rows=own)
    for department, expected in ((office, ["ours"]), (lab, ["theirs"]), (office, ["ours"])):
        who = somebody(view=Held(departments=frozenset({department})))
        assert names(page(portal_app, table, "", who)) == expected


def test_free_values_are_not_mixed_up_between_requests(portal_app, world):
    add(portal_app, {"name": "one", "version": 1}, {"name": "two", "version": 2})
    assert names(page(portal_app, TABLE, "?version=1")) == ["one"]
    assert names(page(portal_app, TABLE, "?version=2")) == ["two"]
    assert names(page(portal_app, TABLE, "?active=y")) == ["one", "two"]


def test_a_filter_form_without_wishes_costs_no_validation(portal_app, world):
    here = page(portal_app, TABLE)
    assert isinstance(here.filters, Filters)
    assert not here.filters.errors
