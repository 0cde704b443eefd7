"""What waits for whom: the pages, whom one leads, and handing work over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.absences.models import Absence
from portal.delegation.models import Delegation
from portal.errors import Conflict
from portal.messages import message
from portal.mywork.gathering import gather
from portal.mywork.rules import Whose, WorkAsk, WorkItem, WorkItems
from portal.mywork.services import HandOver, ask_for, hand_over
from portal.people.models import Membership
from portal.testing import add_person, counting_statements, sign_in, working_as
from tests.unit.granting import person


class Desk:
    """A kind of work that is kept in memory: key -> owner, and by which day it is due."""

    def __init__(self, app, monkeypatch):
        self.owners, self.due, self.departments, self.refused = {}, {}, {}, set()
        self.asked = []
        self.confidential = False
        self.monkeypatch, self.app = monkeypatch, app
        self.declare()

    def declare(self, **more):
        self.kind = WorkItems(
            name="core.letters",
            title=message("Letter"),
            items=self.items,
            reassign=self.give,
            endpoint="home.index",
            **more,
        )
        kinds = lambda: [("core", self.kind)]  # noqa: E731
        self.monkeypatch.setattr(self.app.extensions["kantor"], "work_items", kinds)

    def add(self, key, owner=None, days=None, department=None):
        self.owners[key], self.due[key], self.departments[key] = owner, days, department

    def items(self, tx, ask):
        self.asked.append((ask.whose, tx.actor.realm))
        return [self.item(tx, key) for key in self.owners if self.wanted(key, ask)][: ask.limit]

    def wanted(self, key, ask):
        if ask.whose in (Whose.ME, Whose.TEAM):
            return self.owners[key] in ask.people
        free = ask.whose is Whose.DEPARTMENT or self.owners[key] is None
        return free and self.departments[key] in ask.departments

    def item(self, tx, key):
        days = self.due[key]
        return WorkItem(
            key=key,
            title=f"Answer {key}",
            endpoint="home.index",
            since=tx.now,
            due_at=None if days is None else tx.now + timedelta(days=days),
            owner_id=self.owners[key],
            department_id=self.departments[key],
        )

    def give(self, tx, key, person_id):
        if key in self.refused:
            raise Conflict(message("It is sealed."))
        self.owners[key] = person_id


@pytest.fixture
def desk(portal_app, world, monkeypatch):
    return Desk(portal_app, monkeypatch)


@pytest.fixture
def boss(portal_app, world):
    """Return the manager of the office."""
    who, office = world.people["department_manager"], world.departments["office"]
    with working_as(portal_app) as tx:
        leads = select(Membership).where(Membership.kind == "manager", Membership.person_id == who)
        if tx.session.scalars(leads).first() is None:
            row = Membership(person_id=who, department_id=office, kind="manager", from_on=tx.today)
            tx.session.add(row)
    return who


@pytest.fixture
def clerk(portal_app, world):
    with working_as(portal_app) as tx:
        office = world.departments["office"]
        return add_person(tx, "Sari", role="employee", department_id=office)


def public(app, who):
    with working_as(app) as tx:
        return person(tx, who).public_id


def away(app, who, first=0, last=3):
    with working_as(app) as tx:
        days = {"from_on": tx.today + timedelta(first), "last_on": tx.today + timedelta(last)}
        row = Absence(person_id=who, **days)
        tx.session.add(row)
        tx.session.flush()
        return row.public_id


def stands_in(app, principal, deputy, last=3):
    with working_as(app) as tx:
        days = {"from_on": tx.today, "last_on": tx.today + timedelta(last)}
        tx.session.add(Delegation(principal_id=principal, deputy_id=deputy, **days))


def test_my_work_shows_what_is_mine_the_most_serious_first(portal_app, desk, clerk, boss):
    desk.add("later", clerk, 3)
    desk.add("late", clerk, -1)
    desk.add("others", boss, -1)
    page = sign_in(portal_app, clerk).get("/work").text
    assert "Answer others" not in page
    assert page.index("Overdue") < page.index("Answer late") < page.index("Answer later")


def test_what_is_nobodys_is_there_to_take_in_ones_own_department_alone(
    portal_app, world, desk, clerk
):
    desk.add("ours", None, 1, world.departments["office"])
    desk.add("theirs", None, 1, world.departments["lab"])
    page = sign_in(portal_app, clerk).get("/work?part=pool").text
    assert "Answer ours" in page
    assert "Answer theirs" not in page


def test_empty_parts_say_what_will_be_there(portal_app, desk, clerk):
    client = sign_in(portal_app, clerk)
    assert "Nothing waits for you" in client.get("/work").text
    assert "You stand in for nobody now" in client.get("/work?part=deputy").text
    assert "Nothing to take" in client.get("/work?part=pool").text
    assert client.get("/work?part=everything").status_code == 400


def test_the_home_page_shows_ones_own_work_then_what_is_there_to_take(
    portal_app, world, desk, clerk
):
    desk.add("mine", clerk, 5)
    desk.add("free", None, -1, world.departments["office"])
    page = sign_in(portal_app, clerk).get("/").text
    assert page.index("Answer mine") < page.index("Answer free")


def test_a_kind_that_fails_costs_only_itself(portal_app, desk, clerk, monkeypatch):
    desk.add("mine", clerk)
    broken = WorkItems(name="core.broken", title=message("Broken"), items=lambda tx, ask: 1 / 0)
    plugins = portal_app.extensions["kantor"]
    monkeypatch.setattr(plugins, "strict", False)
    monkeypatch.setattr(plugins, "work_items", lambda: [("core", broken), ("core", desk.kind)])
    assert "Answer mine" in sign_in(portal_app, clerk).get("/work").text


def test_more_than_a_page_is_told_with_the_way_to_the_rest(portal_app, desk, clerk):
    for number in range(130):
        desk.add(f"letter {number}", clerk)
    page = sign_in(portal_app, clerk).get("/work").text
    assert page.count("Answer letter") == 50
    assert "There is more than fits here" in page


def test_the_home_page_takes_the_most_serious_of_many(portal_app, world, desk, clerk):
    for number in range(12):
        desk.add(f"letter {number}", None, 20 - number, world.departments["office"])
    page = sign_in(portal_app, clerk).get("/").text
    assert page.count("Answer letter") == 7
    assert "Everything" in page


def test_a_manager_sees_the_team_and_nobody_else_does(portal_app, world, desk, clerk, boss):
    desk.add("late", clerk, -1)
    page = sign_in(portal_app, boss).get("/work/team").text
    assert "Sari" in page
    assert sign_in(portal_app, clerk).get("/work/team").status_code == 404
    theirs = sign_in(portal_app, boss).get(f"/work/team/{public(portal_app, clerk)}")
    assert "Answer late" in theirs.text
    stranger = sign_in(portal_app, clerk).get(f"/work/team/{public(portal_app, boss)}")
    assert stranger.status_code == 404


def test_a_deputy_sees_the_team_while_the_manager_is_away_and_no_longer(
    portal_app, world, desk, clerk, boss
):
    stands_in(portal_app, boss, clerk)
    client = sign_in(portal_app, clerk)
    assert "You lead nobody today" in client.get("/work/team").text
    absence = away(portal_app, boss)
    page = client.get("/work/team").text
    assert "You stand in for" in page
    assert "Sari" in page
    with working_as(portal_app) as tx:
        tx.session.delete(tx.one(select(Absence), public_id=absence))
    assert "You lead nobody today" in client.get("/work/team").text


def test_the_organisation_may_hide_how_much_time_work_takes(portal_app, desk, clerk, boss):
    client = sign_in(portal_app, boss)
    assert "This week" in client.get("/work/team").text
    from portal.settings.services import write_facts

    with working_as(portal_app) as tx:
        write_facts(tx, workload="hidden")
    assert "This week" not in client.get("/work/team").text


def test_confidential_work_is_counted_for_others_and_not_named(portal_app, desk, clerk, boss):
    desk.declare(confidential=True)
    desk.add("secret", clerk, -1)
    theirs = sign_in(portal_app, boss).get(f"/work/team/{public(portal_app, clerk)}").text
    assert "secret" not in theirs.replace("core.letters:secret", "")
    assert "Letter" in theirs
    assert "Answer secret" in sign_in(portal_app, clerk).get("/work").text


def test_a_manager_hands_work_of_one_person_to_another(portal_app, desk, clerk, boss):
    desk.add("a", clerk)
    desk.add("b", clerk)
    desk.refused = {"b"}
    client = sign_in(portal_app, boss)
    where = f"/work/team/{public(portal_app, clerk)}"
    sent = {"keys": ["core.letters:a", "core.letters:b"], "to": public(portal_app, boss)}
    answer = client.post(where, data=sent)
    assert answer.status_code == 303
    assert desk.owners == {"a": boss, "b": clerk}
    said = client.get(where).text
    assert "Answer b (It is sealed.)" in said


def test_nobody_is_handed_what_is_not_the_senders(portal_app, world, desk, clerk, boss):
    with working_as(portal_app) as tx:
        other = add_person(tx, "Outsider", role="employee", department_id=world.departments["lab"])
    desk.add("theirs", other)
    with working_as(portal_app, boss) as tx:
        command = HandOver(keys=("core.letters:theirs",), to=person(tx, boss).public_id)
        hand_over(tx, command)
    assert desk.owners == {"theirs": other}


def test_nothing_ticked_and_nobody_named_is_said_beside_the_field(portal_app, desk, clerk, boss):
    desk.add("a", clerk)
    client = sign_in(portal_app, boss)
    where = f"/work/team/{public(portal_app, clerk)}"
    nothing = client.post(where, data={"to": public(portal_app, boss)})
    assert nothing.status_code == 422
    assert "Tick what shall be handed over." in nothing.text
    nobody = client.post(where, data={"keys": ["core.letters:a"], "to": "zzzzzzzzzzzz"})
    assert nobody.status_code == 422
    assert "checked" in nobody.text


def test_an_absence_shows_what_is_due_in_it_and_hands_it_over(portal_app, desk, clerk, boss):
    desk.add("soon", clerk, 1)
    desk.add("later", clerk, 30)
    absence = away(portal_app, clerk)
    client = sign_in(portal_app, clerk)
    page = client.get(f"/away/{absence}").text
    assert "Due while you are away" in page
    assert "Answer soon" in page
    assert "Answer later" not in page
    where = f"/work/away/{absence}"
    assert "Answer soon" in client.get(where).text
    sent = {"keys": ["core.letters:soon"], "to": public(portal_app, boss)}
    assert client.post(where, data=sent).status_code == 303
    assert desk.owners["soon"] == boss


def test_the_deputy_is_who_is_handed_to_unless_somebody_else_is_chosen(
    portal_app, desk, clerk, boss
):
    desk.add("soon", clerk, 1)
    stands_in(portal_app, clerk, boss)
    page = sign_in(portal_app, clerk).get(f"/work/away/{away(portal_app, clerk)}").text
    assert public(portal_app, boss) in page


def test_the_hand_over_sheet_is_printed_for_who_may_hand_over(portal_app, desk, clerk, boss):
    desk.add("soon", clerk, 1)
    absence = away(portal_app, clerk)
    page = sign_in(portal_app, clerk).get(f"/work/away/{absence}?print=1").text
    assert "Hand-over sheet of Sari" in page
    assert "Answer soon" in page


def test_who_may_note_absences_of_everybody_does_not_read_their_work(
    portal_app, world, desk, clerk
):
    desk.add("soon", clerk, 1)
    absence = away(portal_app, clerk)
    with working_as(portal_app) as tx:
        admin = add_person(tx, "Chief", role="administrator", everywhere=True)
    client = sign_in(portal_app, admin)
    assert "Answer soon" not in client.get(f"/away/{absence}").text
    assert client.get(f"/work/away/{absence}").status_code == 404


def test_the_reader_asks_with_their_own_rights_and_leaders_in_the_plugins(
    portal_app, desk, clerk, boss
):
    sign_in(portal_app, clerk).get("/work")
    assert (Whose.ME, None) in desk.asked
    sign_in(portal_app, boss).get("/work/team")
    assert (Whose.TEAM, "core") in desk.asked


def test_a_team_of_many_takes_no_more_statements_than_one_of_few(portal_app, world, desk, boss):
    client = sign_in(portal_app, boss)
    client.get("/work/team")

    def statements():
        with counting_statements(portal_app) as found:
            client.get("/work/team")
        return len(found)

    few = statements()
    with working_as(portal_app) as tx:
        for number in range(20):
            add_person(tx, f"Clerk {number}", department_id=world.departments["office"])
    assert statements() <= few + 1


def test_work_of_several_kinds_is_narrowed_to_one_without_a_further_statement(
    portal_app, desk, clerk, monkeypatch
):
    desk.add("mine", clerk)
    client = sign_in(portal_app, clerk)
    assert "All kinds" not in client.get("/work").text
    calls = replace(desk.kind, name="core.calls", title=message("To call back"))
    both = lambda: [("core", desk.kind), ("core", calls)]  # noqa: E731
    monkeypatch.setattr(portal_app.extensions["kantor"], "work_items", both)
    page = client.get("/work").text
    assert 'href="/work?part=me&amp;kind=core.calls">To call back</a>' in page
    assert 'href="/work?part=me" aria-current="true">All kinds' in page
    with counting_statements(portal_app) as whole:
        client.get("/work?part=me")
    with counting_statements(portal_app) as narrowed:
        page = client.get("/work?part=me&kind=core.calls").text
    assert len(narrowed) <= len(whole)
    assert 'kind=core.calls" aria-current="true">To call back' in page
    assert 'href="/work?part=me">All kinds' in page
    # A link kept from yesterday: nothing of it is left, and one finds the way back.
    assert "All kinds" in client.get("/work?part=me&kind=core.gone").text


def test_gathering_shows_only_the_kind_that_is_named(portal_app, desk, clerk):
    desk.add("mine", clerk)
    with working_as(portal_app, clerk) as tx:
        assert len(gather(tx, ask_for(tx, Whose.ME), "core.letters").items) == 1
        assert gather(tx, ask_for(tx, Whose.ME), "core.others").items == []
        assert gather(tx, WorkAsk(whose=Whose.ME)).items == []
