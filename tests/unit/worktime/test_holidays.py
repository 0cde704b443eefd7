"""Holiday lists, and importing a year of them."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from portal.errors import Conflict, NotFound, ValidationFailed
from portal.settings.services import write_facts
from portal.testing import working_as
from portal.worktime.models import Holiday, HolidayList
from portal.worktime.rules import read_windows
from portal.worktime.services import (
    Imported,
    ImportYear,
    SaveHoliday,
    SaveList,
    add_holiday,
    add_list,
    change_holiday,
    change_list,
    dates_of,
    import_year,
    list_as_form,
    remove_holiday,
    remove_list,
)
from tests.unit.worktime.common import at_once, make_calendar, make_list

INDEPENDENCE, NEW_YEAR, JOINT = date(2026, 8, 17), date(2026, 1, 1), date(2026, 12, 24)


@pytest.fixture
def indonesian(portal_app, world):
    with working_as(portal_app) as tx:
        write_facts(tx, language="id")
        return make_list(tx, "Hari libur").public_id


def kept(tx, public_id, year=2026):
    row = tx.one(select(HolidayList), public_id=public_id)
    return {day.on: day for day in dates_of(tx, row, year)}


def refused(call, *arguments):
    with pytest.raises(ValidationFailed) as error:
        call(*arguments)
    return set(error.value.fields)


def test_the_holidays_of_a_year_are_imported_in_the_organisations_language(portal_app, indonesian):
    with working_as(portal_app) as tx:
        done = import_year(tx, indonesian, ImportYear(year=2026))
        days = kept(tx, indonesian)
        assert done.added == len(days) > 12
        assert days[INDEPENDENCE].name == "Hari Kemerdekaan Republik Indonesia"
        assert days[INDEPENDENCE].windows == []
        assert JOINT not in days


def test_joint_leave_comes_if_it_is_wanted(portal_app, indonesian):
    with working_as(portal_app) as tx:
        before = import_year(tx, indonesian, ImportYear(year=2026))
        after = import_year(tx, indonesian, ImportYear(year=2026, joint=True))
        assert after.known == before.added
        assert after.added > 0
        assert kept(tx, indonesian)[JOINT].name == "Cuti Bersama Hari Raya Natal"


def test_importing_again_adds_what_is_missing_and_changes_nothing(portal_app, indonesian):
    with working_as(portal_app) as tx:
        first = import_year(tx, indonesian, ImportYear(year=2026))
        days = kept(tx, indonesian)
        half = SaveHoliday(on=INDEPENDENCE, name="Upacara", windows=read_windows("8-10"))
        change_holiday(tx, days[INDEPENDENCE].public_id, half)
        worked = SaveHoliday(on=NEW_YEAR, name="New year", windows=None)
        change_holiday(tx, days[NEW_YEAR].public_id, worked)
        removed = next(on for on in days if on not in (INDEPENDENCE, NEW_YEAR))
        remove_holiday(tx, days[removed].public_id)
    with working_as(portal_app) as tx:
        again = import_year(tx, indonesian, ImportYear(year=2026))
        assert again == Imported(added=1, known=first.added - 1)
        days = kept(tx, indonesian)
        assert (days[INDEPENDENCE].name, days[INDEPENDENCE].windows) == ("Upacara", [[480, 600]])
        assert (days[NEW_YEAR].name, days[NEW_YEAR].windows) == ("New year", None)
        assert removed in days


def test_two_who_import_a_year_at_once_import_it_once(portal_app, world, indonesian):
    def act(tx):
        return import_year(tx, indonesian, ImportYear(year=2026)).added

    added = sorted(at_once(portal_app, world.people["administrator"], act, act))
    assert added[0] == 0
    assert added[1] > 12


def test_names_stay_in_the_countrys_language_where_ours_is_not_offered(portal_app, world):
    with working_as(portal_app) as tx:
        write_facts(tx, language="id")
        bavaria = make_list(tx, "Bayern", "DE", "BY").public_id
        import_year(tx, bavaria, ImportYear(year=2026))
        days = kept(tx, bavaria)
        assert days[date(2026, 1, 6)].name == "Heilige Drei Könige"  # not in all of Germany


WRONG = {
    "a country that is not there": ({"country": "QQ"}, "country"),
    "a region that is not there": ({"country": "DE", "region": "QQ"}, "region"),
    "a region of a country that has none": ({"country": "ID", "region": "JB"}, "region"),
    "a region without a country": ({"country": "", "region": "BY"}, "region"),
    "a name that is there": ({"name": "hari LIBUR"}, "name"),
}


@pytest.mark.parametrize(("more", "named"), WRONG.values(), ids=WRONG.keys())
def test_lists_that_cannot_be(portal_app, indonesian, more, named):
    with working_as(portal_app) as tx:
        assert refused(add_list, tx, SaveList(**({"name": "Other"} | more))) == {named}


@pytest.mark.parametrize("year", [1800, 2400])
def test_a_year_of_which_nothing_is_known_is_refused(portal_app, indonesian, year):
    with working_as(portal_app) as tx:
        assert refused(import_year, tx, indonesian, ImportYear(year=year)) == {"year"}


def test_a_list_without_a_country_is_written_by_hand(portal_app, world):
    with working_as(portal_app) as tx:
        own = make_list(tx, "Ours", "").public_id
        assert refused(import_year, tx, own, ImportYear(year=2026)) == {"year"}
        day = add_holiday(tx, own, SaveHoliday(on=NEW_YEAR, name="Anniversary"))
        twin = SaveHoliday(on=NEW_YEAR, name="Twice")
        assert refused(add_holiday, tx, own, twin) == {"on"}
        other = add_holiday(tx, own, SaveHoliday(on=JOINT, name="Other"))
        assert refused(change_holiday, tx, other.public_id, twin) == {"on"}
        change_holiday(tx, day.public_id, SaveHoliday(on=NEW_YEAR, name="Founding day"))
        assert kept(tx, own)[NEW_YEAR].name == "Founding day"


def test_a_list_that_a_calendar_keeps_stays(portal_app, indonesian):
    with working_as(portal_app) as tx:
        import_year(tx, indonesian, ImportYear(year=2026))
        calendar = make_calendar(tx, "Office", holiday_list=indonesian)
        row = tx.one(select(HolidayList), public_id=indonesian)
        with pytest.raises(Conflict):
            remove_list(tx, indonesian, version=row.version)
        tx.session.delete(calendar)
        remove_list(tx, indonesian, version=row.version)
    with working_as(portal_app) as tx:
        assert tx.session.scalars(select(Holiday)).all() == []


def test_a_list_is_renamed_and_its_dates_stay(portal_app, indonesian):
    with working_as(portal_app) as tx:
        import_year(tx, indonesian, ImportYear(year=2026))
        row = tx.one(select(HolidayList), public_id=indonesian)
        values = list_as_form(row) | {"name": "Libur", "version": row.version}
        change_list(tx, indonesian, SaveList(**values))
        assert len(kept(tx, indonesian)) > 12


def test_who_may_only_look_changes_no_list(portal_app, world, indonesian):
    with working_as(portal_app, world.people["employee"]) as tx:
        for act in (
            lambda: import_year(tx, indonesian, ImportYear(year=2026)),
            lambda: add_holiday(tx, indonesian, SaveHoliday(on=NEW_YEAR, name="Mine")),
            lambda: change_list(tx, indonesian, SaveList(name="Mine")),
        ):
            with pytest.raises(NotFound):
                act()
