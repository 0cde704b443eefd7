"""What people find, in which order, and what they never find."""

from __future__ import annotations

import random
import re

import pytest
from sqlalchemy import select

from kantor_inventory.models import Supplier
from portal.contacts.models import Contact, ContactPoint
from portal.finding import asking
from portal.finding.models import RecentRecord
from portal.finding.rules import typed, wanted, words_of
from portal.finding.services import declared, find
from portal.guard import kernel_execute
from portal.people.models import Person
from portal.places.models import Place
from portal.reach import Principal
from portal.testing import LONG_AGO, add_person, counting_statements, sign_in, working_as

NAMES = [
    "Copy paper A4",
    "Paper clip 33 mm",
    "Kertas fotokopi & Co",
    "C++ Consulting",
    "C Consulting",
    "100% cotton",
    'A "quoted" name',
    "Élan Ärger",
    "AND OR NOT",
    "中村 商店",
    "Straße 7",
    "Ćopić Łódź",
    "🎉 Party",
    "back\\slash 'single'",
]


@pytest.fixture
def names(portal_app, world):
    with working_as(portal_app) as tx:
        tx.session.add_all(Contact(name=name) for name in NAMES)


@pytest.fixture
def found(portal_app, world, names):
    """Return a function from what is typed to the names of contacts that an administrator finds."""

    def finding(words, **more):
        with working_as(portal_app, world.people["administrator"]) as tx:
            groups = find(tx, typed(words), kinds=["core.contact"], **more)
            return [one.label for group in groups for one in group.found]

    return finding


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("paper", ["Paper clip 33 mm", "Copy paper A4"]),
        ("a4 COPY", ["Copy paper A4"]),
        ("pap", ["Paper clip 33 mm", "Copy paper A4"]),
        ("pap copy", []),
        ("C++", ["C++ Consulting"]),
        ("c", ["C Consulting"]),
        ("consulting c", ["C Consulting", "C++ Consulting"]),
        ("elan arger", ["Élan Ärger"]),
        ("éLAN", ["Élan Ärger"]),
        ("copic łod", ["Ćopić Łódź"]),
        ("kertas foto", ["Kertas fotokopi & Co"]),
        ("100%", ["100% cotton"]),
        ("AND", ["AND OR NOT"]),
        ("quoted", ['A "quoted" name']),
        ("中村", ["中村 商店"]),
        ("商", ["中村 商店"]),
        ("slash", ["back\\slash 'single'"]),
        ("x" * 1000, []),
        ("paper " * 300, ["Paper clip 33 mm", "Copy paper A4"]),
        ("nothing like it", []),
        *(
            (sign, [])
            for sign in ('"', "*", "(", "'", "\\", "   ", "🎉", ":", "^", "-", "&|!", "%")
        ),
    ],
)
def test_words_are_found_in_any_order_and_no_sign_means_anything(found, words, expected):
    assert found(words) == expected


def test_a_number_comes_first_then_names_that_begin_so_then_the_newest(portal_app, world):
    with working_as(portal_app) as tx:
        for code, name in (
            ("B1", "Old room of AB"),
            ("AB", "Cellar"),
            ("C3", "AB room"),
            ("D4", "New room of AB"),
            ("AB-2", "Attic"),
        ):
            tx.session.add(Place(name=name, code=code))
            tx.session.flush()
    with working_as(portal_app, world.people["administrator"]) as tx:
        [group] = find(tx, typed("ab"))
        assert [one.label for one in group.found] == [
            "Cellar",
            "AB room",
            "Attic",
            "New room of AB",
            "Old room of AB",
        ]
        [group] = find(tx, typed("#ab"))
        assert [one.label for one in group.found] == ["Cellar", "Attic"]


def test_a_name_begins_with_the_first_word_whatever_stands_before_it(portal_app, world):
    with working_as(portal_app) as tx:
        for name in ("Of paper, blue", "“Paper” and blue", "Blue paper", "Paper-thin blue"):
            tx.session.add(Contact(name=name))
            tx.session.flush()
    with working_as(portal_app, world.people["administrator"]) as tx:
        [group] = find(tx, typed("paper blu"))
        best = ["Paper-thin blue", "“Paper” and blue"]
        assert [one.label for one in group.found] == [*best, "Blue paper", "Of paper, blue"]


@pytest.mark.parametrize("words", ["d0", "o0", "core+contact", "core", "d", "+blue", "#blue", "++"])
def test_what_the_index_notes_beside_the_words_is_not_found(portal_app, world, words):
    with working_as(portal_app) as tx:
        tx.session.add(Contact(name="Blue"))
    for person in (world.people["administrator"], world.people["assistant"]):
        with working_as(portal_app, person) as tx:
            assert find(tx, wanted(words), kinds=["core.contact"]) == []


def test_further_words_lie_in_other_columns_and_rows(portal_app, world):
    with working_as(portal_app) as tx:
        contact = Contact(name="Kertaloka")
        contact.points = [ContactPoint(kind="email", value="pesan@kertaloka.example")]
        person = Person(name="Sari Wulandari", email="sari@klinik.example", active_from=LONG_AGO)
        tx.session.add_all([contact, person])
    with working_as(portal_app, world.people["administrator"]) as tx:
        assert [g.subject.name for g in find(tx, typed("pesan@kertaloka.example"))] == [
            "core.contact"
        ]
        assert [g.subject.name for g in find(tx, typed("@klinik.exam"))] == ["core.person"]
        assert find(tx, typed("@kertaloka")) == []


def test_how_many_there_are_is_said_as_far_as_twenty(portal_app, world):
    with working_as(portal_app) as tx:
        tx.session.add_all(Contact(name=f"Copy shop {number}") for number in range(21))
    with working_as(portal_app, world.people["administrator"]) as tx:
        [group] = find(tx, typed("copy"))
        assert (len(group.found), group.more) == (20, True)
        [group] = find(tx, typed("copy"), most=21)
        assert (len(group.found), group.more) == (21, False)
        [group] = find(tx, typed("copy shop 7"))
        assert (len(group.found), group.more) == (1, False)


def test_it_takes_one_statement_whatever_is_found(portal_app, world, names):
    with working_as(portal_app, world.people["administrator"]) as tx:
        find(tx, typed("paper"))
        with counting_statements(portal_app) as sent:
            find(tx, typed("a"))
            find(tx, typed("paper"))
        assert len(sent) == 2


@pytest.mark.parametrize("seed", range(3))
def test_people_find_what_they_may_see_and_nothing_else(portal_app, world, seed):
    dice = random.Random(seed)
    departments = [None, *world.departments.values()]
    words = ["paper", "Élan", "C++", "ärger", "中村", "office", "clip", "paperclip", "33", "Papier"]
    with working_as(portal_app) as tx:
        for _ in range(60):
            name = " ".join(dice.choices(words, k=dice.randint(1, 4)))
            tx.session.add(Contact(name=name, department_id=dice.choice(departments)))
    for role in ("administrator", "employee", "assistant"):
        with working_as(portal_app, world.people[role]) as tx:
            seen = {row.id: row for row in tx.session.scalars(select(Contact))}
            for _ in range(12):
                asked = " ".join(dice.choices(words, k=dice.randint(1, 3)))[: dice.randint(2, 20)]
                groups = find(tx, typed(asked), kinds=["core.contact"], most=100)
                got = {one.id for group in groups for one in group.found}
                assert got == {i for i, row in seen.items() if holds(row.name, asked)}, asked


def holds(name, asked):
    """Return whether a name has every word, and one that begins with the last."""
    *whole, last = typed(asked).words
    there = words_of(name)
    begins = any(w.startswith(last) if typed(asked).starts else w == last for w in there)
    return begins and all(word in there for word in whole)


def test_few_of_many_are_found(portal_app, world):
    lab, office = world.departments["lab"], world.departments["office"]
    with working_as(portal_app) as tx:
        tx.session.add_all(Contact(name=f"Paper {n}", department_id=lab) for n in range(60))
        tx.session.add(Contact(name="Paper of ours", department_id=office))
        tx.session.add_all(Contact(name=f"Paper again {n}", department_id=lab) for n in range(60))
    with working_as(portal_app, world.people["assistant"]) as tx:
        [group] = find(tx, typed("paper"))
        assert ([one.label for one in group.found], group.more) == (["Paper of ours"], False)


def test_a_name_that_somebody_may_not_see_finds_nothing(portal_app, world):
    """The terms of a supplier are seen by all buyers, the address of a private contact is not."""
    with working_as(portal_app) as tx:
        private = Contact(name="Rahasia Jaya", department_id=world.departments["lab"])
        tx.session.add(private)
        tx.session.flush()
        tx.session.add(Supplier(contact_id=private.id, customer_number="K-4711"))
    with working_as(portal_app, world.people["office_manager"]) as tx:
        assert find(tx, typed("rahasia")) == []
        assert find(tx, typed("K-4711")) == []
    with working_as(portal_app) as tx:
        lab = world.departments["lab"]
        buyer = add_person(tx, "Buyer", department_id=lab, role="office_manager")
    with working_as(portal_app, buyer) as tx:
        names = [group.subject.name for group in find(tx, typed("rahasia"))]
        assert names == ["core.contact", "inventory.supplier"]


def test_marks_come_to_the_same_as_the_condition(portal_app, world):
    """What the index is asked for and what the rows are asked for must not drift apart."""
    with working_as(portal_app, world.people["assistant"]) as tx:
        runtime = tx.session.runtime
        entries = asking.Entries(
            runtime.subjects()["core.contact"],
            next(one for one in declared(runtime) if one.subject == "core.contact"),
        )
        limit = asking.limit_of(entries, tx.actor)
        assert limit.marks == (f"d{world.departments['office']}", "d0")
        nobody = Principal()
        assert str(asking.limit_of(entries, nobody).condition) == "false"


@pytest.fixture
def browser(portal_app, world, names):
    return sign_in(portal_app, world.people["administrator"])


def test_the_page_shows_what_was_found_kind_by_kind(browser):
    page = browser.get("/search?q=paper").text
    assert "Paper clip 33 mm" in page
    assert "Contact" in page
    assert re.search(r'<a [^>]*href="/contacts\?q=paper"[^>]*>All in the list', page)
    assert "Kertas" not in page


def test_the_page_says_what_to_do_when_nothing_was_found(browser):
    assert "Nothing was found" in browser.get("/search?q=unheard").text
    assert "One letter alone is looked for as a whole word." in browser.get("/search?q=q").text
    assert "Signs alone are not looked for" in browser.get("/search?q=***").text
    assert "Type words in any order" in browser.get("/search").text


def test_more_of_one_kind_has_a_page_of_its_own(portal_app, world, browser):
    with working_as(portal_app) as tx:
        tx.session.add_all(Contact(name=f"Copy shop {number}") for number in range(30))
    page = browser.get("/search?q=copy").text
    assert "20+" in page
    assert "kind=core.contact" in page
    page = browser.get("/search?q=copy&kind=core.contact").text
    assert page.count("Copy shop") == 30
    assert browser.get("/search?q=copy&kind=core.nothing").status_code == 200


def test_every_list_that_is_linked_can_be_searched(portal_app, as_role):
    browser = as_role("office_manager")
    with portal_app.test_request_context():
        from flask import url_for

        listed = [
            url_for(s.listed, q="zz") for s in declared(portal_app.extensions["kantor"]) if s.listed
        ]
    for address in listed:
        assert 'value="zz"' in browser.get(address).text, address


def test_every_kind_of_record_has_the_page_it_names(portal_app):
    with portal_app.test_request_context():
        from flask import url_for

        for subject in portal_app.extensions["kantor"].subjects().values():
            assert url_for(subject.endpoint, public_id="x").endswith("/x"), subject.name


def test_the_palette_offers_some_of_each_kind_and_what_can_be_done(portal_app, world, browser):
    with working_as(portal_app) as tx:
        tx.session.add_all(Contact(name=f"Copy shop {number}") for number in range(9))
    part = browser.get("/search/palette?q=copy").text
    assert part.count("Copy shop") == 4
    assert "/search?q=copy" in part
    assert "<html" not in part
    assert "No command is called so" in browser.get("/search/palette?q=>unheard").text
    assert "Type a name" in browser.get("/search/palette").text


def test_commands_are_those_of_the_menu_and_no_others(as_role):
    administrator, employee = as_role("administrator"), as_role("employee")
    for address in ("/roles", "/plugins", "/settings", "/people/new"):
        assert f'href="{address}"' in administrator.get("/search/palette?q=>").text, address
        assert f'href="{address}"' not in employee.get("/search/palette?q=>").text, address
    assert "data-toggle-theme" in employee.get("/search/palette?q=>dark").text
    assert "data-toggle-theme" not in employee.get("/search/palette?q=@dark").text


@pytest.fixture
def opening(portal_app, world):
    """Return a function that notes that a browser opened the page of a record."""

    def note(browser, kind, public_id):
        return browser.post("/search/opened", data={"record": f"{kind}:{public_id}"}).status_code

    return note


def ids(app, model):
    with working_as(app) as tx:
        return {row.name: row.public_id for row in tx.session.scalars(select(model))}


def test_the_palette_begins_with_what_was_opened_last(portal_app, browser, opening):
    contacts = ids(portal_app, Contact)
    page = browser.get(f"/contacts/{contacts['Copy paper A4']}").text
    assert f'data-record="core.contact:{contacts["Copy paper A4"]}"' in page
    assert opening(browser, "core.contact", contacts["Copy paper A4"]) == 200
    assert opening(browser, "core.contact", contacts["Straße 7"]) == 200
    part = browser.get("/search/palette").text
    assert part.index("Straße 7") < part.index("Copy paper A4")
    assert opening(browser, "core.contact", contacts["Copy paper A4"]) == 200
    part = browser.get("/search/palette").text
    assert part.index("Copy paper A4") < part.index("Straße 7")
    assert part.count("Copy paper A4") == 1
    assert "data-record" not in browser.get("/contacts").text


def test_only_the_newest_twenty_are_kept_and_eight_shown(portal_app, world, browser, opening):
    with working_as(portal_app) as tx:
        tx.session.add_all(Contact(name=f"Shop {number}") for number in range(25))
    for name, public_id in ids(portal_app, Contact).items():
        if name.startswith("Shop"):
            assert opening(browser, "core.contact", public_id) == 200
    assert browser.get("/search/palette").text.count("Shop") == 8
    with working_as(portal_app) as tx:
        kept = kernel_execute(tx.session, select(RecentRecord.__table__)).all()
    assert len(kept) == 20


def test_what_may_no_longer_be_seen_is_not_offered(portal_app, world, as_role, opening, names):
    assistant = as_role("assistant")
    contacts = ids(portal_app, Contact)
    assert opening(assistant, "core.contact", contacts["Straße 7"]) == 200
    with working_as(portal_app) as tx:
        contact = tx.one(select(Contact), public_id=contacts["Straße 7"])
        contact.department_id = world.departments["lab"]
    assert "Straße 7" not in assistant.get("/search/palette").text
    for kind, public_id in (
        ("core.contact", contacts["Straße 7"]),
        ("core.nothing", "x"),
        ("", ""),
    ):
        assert opening(assistant, kind, public_id) == 200
    assert "Straße 7" not in assistant.get("/search/palette").text
