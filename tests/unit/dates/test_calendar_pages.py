"""The calendar as people see it: their own, their departments', what is off, what is today."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.absences.models import Absence
from portal.dates.rules import Dated, Dates
from portal.delegation.models import Delegation
from portal.messages import message
from portal.mywork.rules import Whose, WorkItem, WorkItems
from portal.plugin import Plugin, PluginDefinitionError
from portal.testing import add_person, counting_statements, sign_in, working_as
from portal.worktime.models import Holiday, HolidayList, WorkCalendar, WorkDay
from tests.unit.granting import person

CHRISTMAS = date(2026, 12, 25)


@pytest.fixture
def clerk(world):
    return world.people["assistant"]


@pytest.fixture
def page(portal_app, clerk):
    """Return a function: what is asked -> the page as the assistant of the office sees it."""
    client = sign_in(portal_app, clerk)
    return lambda asked="": client.get(f"/calendar{asked}")


@pytest.fixture
def away(portal_app, world):
    """Return a function: who, and on which days -> somebody is away."""

    def note(who, first, last=None):
        with working_as(portal_app) as tx:
            tx.session.add(Absence(person_id=who, from_on=first, last_on=last or first))

    return note


@pytest.fixture
def calendar(portal_app, world):
    """Return the id of the usual calendar, which keeps Christmas."""
    with working_as(portal_app) as tx:
        kept = HolidayList(name="Holidays")
        usual = tx.session.scalars(select(WorkCalendar).where(WorkCalendar.usual)).one_or_none()
        if usual is None:
            usual = WorkCalendar(name="Usual", usual=True, week=[[[480, 960]]] * 5 + [[], []])
            tx.session.add(usual)
        tx.session.add(kept)
        tx.session.flush()
        usual.holiday_list_id = kept.id
        tx.session.add(Holiday(list_id=kept.id, on=CHRISTMAS, name="Christmas", windows=[]))
        return usual.id


def test_everybody_sees_who_is_away_on_which_days(page, away, world):
    away(world.people["executive"], date(2026, 12, 3), date(2026, 12, 4))
    text = page("?month=2026-12&view=month").text
    assert text.count("Executive is away") == 2 * 2  # in words and as a title, on each day
    assert "You are away" not in text


def test_a_month_has_its_neighbours_and_today(page):
    text = page("?month=2026-12").text
    assert "December 2026" in text
    assert "month=2026-11" in text
    assert "month=2027-01" in text
    assert "Nothing in these days" in text


def test_today_is_marked(page, portal_app):
    assert page().text.count('aria-current="date"') == 1
    assert 'aria-current="date"' not in page("?month=2020-01").text


def test_holidays_are_named_and_shaded(page, calendar):
    text = page("?month=2026-12&view=month").text
    assert "Christmas" in text
    shaded = [cell for cell in text.split("<td ")[1:] if cell.startswith('class="off')]
    assert any('aria-label="Friday, 25 December 2026' in cell for cell in shaded)


def test_a_day_that_is_worked_otherwise_says_its_hours(page, portal_app, calendar):
    with working_as(portal_app) as tx:
        days = {"on": date(2026, 12, 24), "name": "Christmas Eve", "windows": [[480, 720]]}
        tx.session.add(WorkDay(calendar_id=calendar, **days))
    assert "08:00\u201312:00" in page("?day=2026-12-24").text


def test_more_than_fits_into_a_day_leads_to_the_day(page, away, portal_app, world):
    day = date(2026, 12, 3)
    for number in range(7):
        with working_as(portal_app) as tx:
            who = add_person(tx, f"Person {number}")
        away(who, day)
    text = page("?month=2026-12&view=month").text
    assert "+4 more" in text
    assert text.count("is away</a></li>") == 3
    assert page("?day=2026-12-03").text.count("is away</b>") == 7


def test_only_mine_and_my_departments(page, away, portal_app, world, clerk):
    with working_as(portal_app) as tx:
        outsider = add_person(tx, "Outsider", department_id=world.departments["lab"])
    for who in (clerk, outsider, world.people["executive"]):
        away(who, date(2026, 12, 3))
    shown = {
        whose: page(f"?month=2026-12&view=list&whose={whose}").text
        for whose in ("", "departments", "mine")
    }
    assert {whose: "Outsider is away" in text for whose, text in shown.items()} == {
        "": True,
        "departments": False,
        "mine": False,
    }
    assert "Executive is away" in shown["departments"]
    assert "Executive is away" not in shown["mine"]
    assert all("You are away" in text for text in shown.values())


def test_one_kind_alone(page, away, calendar, clerk):
    away(clerk, date(2026, 12, 3))
    text = page("?month=2026-12&view=list&kind=core.days_off").text
    assert "Christmas" in text
    assert "You are away" not in text


def test_for_whom_one_stands_in(page, portal_app, world, clerk):
    with working_as(portal_app) as tx:
        days = {"from_on": date(2026, 12, 1), "last_on": date(2026, 12, 2)}
        boss = world.people["department_manager"]
        tx.session.add(Delegation(principal_id=boss, deputy_id=clerk, scope="all", **days))
        other = world.people["executive"]
        tx.session.add(Delegation(principal_id=boss, deputy_id=other, scope="all", **days))
    text = page("?month=2026-12&view=list").text
    assert text.count("You stand in for Department Manager") == 1


def test_what_one_has_to_do_is_there_when_it_is_due(page, portal_app, monkeypatch, clerk):
    def items(tx, ask):
        assert ask.whose is Whose.ME
        soon = tx.now + timedelta(hours=1)
        facts = {"endpoint": "home.index", "since": tx.now, "owner_id": clerk}
        return [WorkItem(key="1", title="Answer the letter", due_at=soon, **facts)]

    kind = WorkItems(name="core.letters", title=message("Letter"), items=items)
    monkeypatch.setattr(portal_app.extensions["kantor"], "work_items", lambda: [("core", kind)])
    assert "Answer the letter" in page("?view=list").text


def test_what_has_dates_of_its_own_is_not_listed_twice(page, portal_app, monkeypatch, clerk):
    def items(tx, ask):
        facts = {"endpoint": "home.index", "since": tx.now, "owner_id": clerk}
        return [WorkItem(key="1", title="Answer", due_at=tx.now + timedelta(hours=1), **facts)]

    def between(tx, ask):
        return [Dated(key="1", title="Answer", on=tx.today)]

    plugins = portal_app.extensions["kantor"]
    kind = WorkItems(name="core.letters", title=message("Letter"), items=items)
    monkeypatch.setattr(plugins, "work_items", lambda: [("core", kind)])
    dates = Dates(
        name="core.letters",
        title=message("Letter"),
        permission="core.portal.use",
        between=between,
    )
    known = plugins.dates()
    monkeypatch.setattr(plugins, "dates", lambda: [*known, ("core", dates)])
    assert page("?view=list").text.count("<b>Answer</b>") == 1


def test_a_kind_that_fails_costs_only_itself(page, portal_app, monkeypatch, calendar):
    plugins = portal_app.extensions["kantor"]
    broken = Dates(
        name="core.broken",
        title=message("Broken"),
        permission="core.portal.use",
        between=lambda tx, ask: 1 / 0,
    )
    known = plugins.dates()
    monkeypatch.setattr(plugins, "strict", False)
    monkeypatch.setattr(plugins, "dates", lambda: [("core", broken), *known])
    assert "Christmas" in page("?month=2026-12").text


def test_more_than_is_asked_for_is_said(page, portal_app, monkeypatch):
    def between(tx, ask):
        return [Dated(key=str(n), title=f"Visit {n}", on=tx.today) for n in range(ask.limit)]

    visits = Dates(
        name="core.visits",
        title=message("Visits"),
        permission="core.portal.use",
        between=between,
    )
    monkeypatch.setattr(portal_app.extensions["kantor"], "dates", lambda: [("core", visits)])
    text = page("?view=list").text
    assert "There is more than fits here: Visits" in text.replace("\n", " ")
    assert text.count("<b>Visit") == 200


def test_instants_are_on_the_readers_day(portal_app, clerk, monkeypatch):
    from datetime import UTC, datetime

    def between(tx, ask):
        return [Dated(key="1", title="Call", at=datetime(2026, 12, 3, 20, tzinfo=UTC))]

    visits = Dates(
        name="core.visits", title=message("Visits"), permission="core.portal.use", between=between
    )
    monkeypatch.setattr(portal_app.extensions["kantor"], "dates", lambda: [("core", visits)])
    with working_as(portal_app) as tx:
        person(tx, clerk).time_zone = "Pacific/Auckland"
    text = sign_in(portal_app, clerk).get("/calendar?day=2026-12-04").text
    assert "Call" in text
    assert "09:00" in text


@pytest.mark.parametrize(
    "asked",
    ["?month=x", "?week=2026-02-30", "?day=9999-12-31", "?view=x", "?kind=x", "?whose=x"],
)
def test_what_cannot_be_asked_is_refused(page, asked):
    assert page(asked).status_code == 400


def test_the_indonesian_week_begins_on_sunday(portal_app, world):
    with working_as(portal_app) as tx:
        who = add_person(
            tx, "Sari", department_id=world.departments["office"], role="employee", language="id"
        )
    text = sign_in(portal_app, who).get("/calendar?month=2026-12").text
    assert text.index('abbr="Minggu"') < text.index('abbr="Senin"')
    assert "Desember 2026" in text


def test_the_statements_do_not_grow_with_the_rows(portal_app, page, away, world, calendar):
    page("?month=2026-12")
    with counting_statements(portal_app) as few:
        page("?month=2026-12")
    for number in range(30):
        with working_as(portal_app) as tx:
            who = add_person(tx, f"Person {number}", department_id=world.departments["office"])
        away(who, date(2026, 12, 3), date(2026, 12, 9))
    with counting_statements(portal_app) as many:
        page("?month=2026-12")
    assert len(many) <= len(few) <= 24


def test_a_plugin_is_told_what_is_wrong_with_its_dates():
    dates = Dates(
        name="other.visits",
        title=message("Visits"),
        permission="visits.visit.view",
        between=lambda tx, ask: [],
    )
    with pytest.raises(PluginDefinitionError) as refused:
        Plugin(slug="visits", title=message("Visits"), package=__name__, dates=(dates,))
    assert refused.value.problems == [
        "dates 'other.visits' need 'visits.visit.view', which is not declared",
        "dates 'other.visits' must begin with visits.",
    ]
