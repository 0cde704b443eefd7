"""What a person may do: grants of all assignments, on this day, compiled once."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import delete, insert, select, update

from portal.db import new_session, unscoped
from portal.guard import kernel_execute
from portal.people.models import Department, Membership, Person
from portal.plugins.models import InstalledPlugin, PluginActivation
from portal.reach import Held, Principal, Reach
from portal.roles.models import Assignment, RolePermission
from portal.roles.principals import Compiler, raise_epoch, reached, tree_below
from portal.settings import services as settings
from portal.testing import counting_statements

from .small.cases import Leave
from .small.goods.models import Item
from .small_world import ANN, BOARD, BOB, CELLAR, CY, DI, HANA, LAB, LONG_AGO, STORES, give

VIEW = "goods.item.view"
PARENTS = {BOARD: None, STORES: BOARD, CELLAR: STORES, LAB: None}


def given(app, person_id, *assignments, day=LONG_AGO):
    """Give roles and return the person's rights."""
    with app.app_context(), unscoped(reason="test") as tx:
        for grants, department, *dates in assignments:
            give(tx, person_id, grants, department, **(dates[0] if dates else {}))
        raise_epoch(tx.session, person_id=person_id)


def items_of(session):
    return sorted(session.scalars(select(Item.name)))


@pytest.mark.parametrize(
    ("reach", "department", "held"),
    [
        (Reach.OWN, STORES, Held(own=True)),
        (Reach.TEAM, STORES, Held(own=True, team=True)),
        (Reach.DEPARTMENT, STORES, Held(departments=frozenset({STORES}))),
        (Reach.TREE, STORES, Held(departments=frozenset({STORES, CELLAR}))),
        (Reach.TREE, BOARD, Held(departments=frozenset({BOARD, STORES, CELLAR}))),
        (Reach.ALL, STORES, Held(own=True, team=True, everything=True)),
        (Reach.OWN, None, Held(own=True)),
        (Reach.DEPARTMENT, None, Held(own=True, team=True, everything=True)),
        (Reach.TREE, None, Held(own=True, team=True, everything=True)),
    ],
)
def test_reach_is_measured_from_the_department_of_the_assignment(reach, department, held):
    assert reached(reach, department, PARENTS) == held


def test_a_department_that_is_its_own_ancestor_does_not_hang():
    assert tree_below(1, {1: 2, 2: 1, 3: None}) == {1, 2}


@pytest.mark.parametrize(
    ("grants", "seen"),
    [
        ([({VIEW: "own"}, STORES)], ["his"]),
        ([({VIEW: "team"}, STORES)], ["his"]),
        ([({VIEW: "department"}, STORES)], ["his", "mine"]),
        ([({VIEW: "tree"}, STORES)], ["below", "his", "mine"]),
        ([({VIEW: "department"}, CELLAR), ({VIEW: "department"}, LAB)], ["SECRET", "below"]),
        ([({VIEW: "own"}, STORES), ({VIEW: "department"}, CELLAR)], ["below", "his"]),
        ([({VIEW: "department"}, None)], ["SECRET", "below", "his", "mine"]),
        ([({"goods.item.edit": "department"}, LAB)], ["SECRET"]),
        ([({"orders.order.view": "all"}, None)], []),
        ([], []),
    ],
    ids=str,
)
def test_the_grants_of_all_assignments_add_up(app, session_of, grants, seen):
    with unscoped(reason="test") as tx:
        tx.session.add(Item(name="his", department_id=STORES, owner_id=DI))
    given(app, DI, *grants)
    assert items_of(session_of(DI)) == seen


def test_a_team_is_whoever_works_today_in_a_department_one_manages_today(app, session_of):
    def owners(person_id):
        return sorted(session_of(person_id).scalars(select(Leave.owner_id)))

    assert owners(CY) == [ANN]
    with unscoped(reason="test") as tx:
        tx.session.execute(
            update(Membership).where(Membership.person_id == ANN).values(until_on=tx.today)
        )
    assert owners(CY) == []  # Ann's last day was yesterday.
    with unscoped(reason="test") as tx:
        tx.session.add(Membership(person_id=BOB, department_id=STORES, from_on=tx.today))
    assert owners(CY) == [BOB]
    with unscoped(reason="test") as tx:
        mine = (Membership.person_id == CY, Membership.kind == "manager")
        tx.session.execute(update(Membership).where(*mine).values(kind="standing_deputy"))
    assert owners(CY) == []


def test_a_person_in_several_departments_is_reached_from_each(app, session_of):
    with unscoped(reason="test") as tx:
        tx.session.add(Membership(person_id=ANN, department_id=LAB, from_on=LONG_AGO))
    given(app, DI, ({"cases.leave.view": "department"}, LAB))
    assert sorted(session_of(DI).scalars(select(Leave.owner_id))) == [ANN, BOB]


@pytest.mark.parametrize(
    ("dates", "holds"),
    [
        ({"from_on": -1}, True),
        ({"from_on": 0}, True),
        ({"from_on": 1}, False),
        ({"until_on": 1}, True),
        ({"until_on": 0}, False),
        ({"from_on": 0, "until_on": 1}, True),
    ],
    ids=str,
)
def test_an_assignment_holds_from_its_first_day_until_before_its_last(
    app, principal_of, dates, holds
):
    with app.app_context():
        today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Jakarta")).date()
    days = {name: today + timedelta(days=shift) for name, shift in dates.items()}
    given(app, DI, ({VIEW: "department"}, STORES, days))
    assert principal_of(DI).holds(VIEW) is holds


def test_an_assignment_that_waits_for_a_second_administrator_gives_nothing(app, principal_of):
    given(app, DI, ({VIEW: "all"}, None))
    with app.app_context(), unscoped(reason="test") as tx:
        table = Assignment.__table__
        tx.session.execute(update(table).where(table.c.person_id == DI).values(approved=False))
    assert not principal_of(DI).holds(VIEW)


def test_a_permission_that_no_plugin_declares_gives_nothing(app, principal_of):
    given(app, DI, ({"gone.thing.view": "all", VIEW: "own"}, STORES))
    assert principal_of(DI).grants.keys() == {VIEW, "core.portal.use"}


def test_only_permissions_that_change_rows_are_writing(principal_of):
    assert "goods.item.adjust" in principal_of(ANN).writing
    assert VIEW not in principal_of(ANN).writing


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("Asia/Jakarta", "2026-03-10T16:59:59Z", "2026-03-10T17:00:00Z"),
        ("Europe/Berlin", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"),
        ("America/New_York", "2026-11-02T04:59:59Z", "2026-11-02T05:00:00Z"),
    ],
)
def test_rights_end_at_midnight_of_the_organisation(app, as_user, zone, before, after):
    """The rights were cached a second before; the same cookie meets the new day."""
    last = datetime.fromisoformat(after).astimezone(ZoneInfo(zone)).date()
    with app.app_context(), unscoped(reason="test") as tx:
        settings.write_facts(tx, time_zone=zone)
    app.extensions["kantor_facts"].forget()
    given(app, DI, ({VIEW: "department"}, STORES, {"until_on": last}))
    with time_machine.travel(before, tick=False):
        browser = as_user(DI)
        assert browser.get("/goods/items").status_code == 200
        assert browser.get("/goods/items/1").status_code == 200
    with time_machine.travel(after, tick=False):
        assert browser.get("/goods/items").status_code == 403


def test_rights_begin_at_midnight_of_the_organisation(app, as_user):
    given(app, DI, ({VIEW: "department"}, STORES, {"from_on": date(2026, 3, 11)}))
    with time_machine.travel("2026-03-10T16:59:59Z", tick=False):
        browser = as_user(DI)
        assert browser.get("/goods/items").status_code == 403
    with time_machine.travel("2026-03-10T17:00:00Z", tick=False):
        assert browser.get("/goods/items").status_code == 200


def test_today_of_a_unit_is_the_day_in_the_organisation(app):
    half_past = time_machine.travel("2026-03-10T17:30:00Z", tick=False)
    with app.app_context(), half_past, unscoped(reason="test") as tx:
        assert (tx.today, tx.now.date()) == (date(2026, 3, 11), date(2026, 3, 10))


def compiled(statements):
    return [sql for sql in statements if "FROM assignment" in sql]


def test_rights_are_compiled_once_and_again_when_the_epoch_rises(app, as_user):
    ann, bob = as_user(ANN), as_user(BOB)
    ann.get("/goods/items"), bob.get("/goods/items")
    with counting_statements(app) as statements:
        assert ann.get("/goods/items").status_code == 200
    assert not compiled(statements)
    with app.app_context(), unscoped(reason="test") as tx:
        kernel_execute(
            tx.session,
            delete(RolePermission.__table__).where(RolePermission.__table__.c.permission == VIEW),
        )
        raise_epoch(tx.session, person_id=ANN)
    with counting_statements(app) as statements:
        assert ann.get("/goods/items").status_code == 403
    assert compiled(statements)
    with counting_statements(app) as statements:
        assert bob.get("/goods/items").status_code == 200  # whose epoch nobody raised
    assert not compiled(statements)


@pytest.mark.parametrize(
    ("which", "raised"),
    [({"person_id": ANN}, {ANN}), ({}, {ANN, BOB, CY, DI, HANA}), ({"role": ANN}, {ANN, DI})],
    ids=["a person", "everybody", "the holders of a role"],
)
def test_the_epoch_rises_for_those_concerned(app, which, raised):
    def epochs(tx):
        return dict(tuple(row) for row in tx.session.execute(select(Person.id, Person.epoch)))

    with app.app_context(), unscoped(reason="test") as tx:
        before = epochs(tx)
        if "role" in which:
            table = Assignment.__table__
            role = tx.session.scalar(select(table.c.role_id).where(table.c.person_id == ANN))
            row = {"person_id": DI, "role_id": role, "from_on": LONG_AGO, "granted_at": tx.now}
            kernel_execute(tx.session, insert(table), row)
            which = {"role_id": role}
        raise_epoch(tx.session, **which)
        after = epochs(tx)
    grown = {person for person, epoch in after.items() if epoch == before[person] + 1}
    assert grown >= raised
    assert grown == raised or not which


def test_a_rolled_back_change_raises_no_epoch(app, truth):
    def fail(tx):
        raise_epoch(tx.session, person_id=ANN)
        raise ZeroDivisionError

    before = truth(f"select epoch from person where id = {ANN}")
    with app.app_context(), pytest.raises(ZeroDivisionError), unscoped(reason="test") as tx:
        fail(tx)
    assert truth(f"select epoch from person where id = {ANN}") == before


def test_plugins_are_active_by_membership_and_by_reach(app, principal_of):
    with app.app_context(), unscoped(reason="test") as tx:
        tx.session.execute(delete(PluginActivation))
        tx.session.add(PluginActivation(slug="goods", department_id=LAB))
        tx.session.add(PluginActivation(slug="cases", department_id=CELLAR))
    assert principal_of(BOB).active == {"goods"}  # to see every item is not to belong everywhere
    assert principal_of(ANN).active == {"cases"}  # her tree reaches the cellar
    assert principal_of(DI).active == set()
    given(app, DI, ({VIEW: "department"}, LAB))
    assert principal_of(DI).active == {"goods"}


def test_a_plugin_that_is_not_ready_is_active_for_nobody(app, principal_of):
    with app.app_context(), unscoped(reason="test") as tx:
        tx.session.execute(
            update(InstalledPlugin).where(InstalledPlugin.slug == "goods").values(state="failed")
        )
    assert "goods" not in principal_of(BOB).active


def test_a_copied_principal_does_not_share_what_was_built_for_the_first(principal_of):
    import dataclasses

    ann = principal_of(ANN)
    wall = ann.wall(Item, writing=False)
    other = dataclasses.replace(ann, grants={})
    assert ann.wall(Item, writing=False) is wall
    assert other.wall(Item, writing=False) is not wall


def test_two_portals_in_one_process_share_no_rights():
    first, second = Principal(person_id=1), Principal(person_id=1)
    assert first._built is not second._built
    assert first != second


def test_threads_with_different_principals_never_mix(app, principal_of):
    import threading

    expected = {ANN: {1, 3}, BOB: {1, 2, 3}, HANA: set()}
    people, wrong = {user: principal_of(user) for user in expected}, []

    def read(turn):
        with app.app_context():
            for i in range(40):
                user = list(expected)[(turn + i) % 3]
                with new_session() as session:
                    session.act_as(people[user])
                    if set(session.scalars(select(Item.id))) != expected[user]:
                        wrong.append(user)

    threads = [threading.Thread(target=read, args=(turn,)) for turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_principals_share_compiled_sql_but_not_rows(session_of):
    for _ in range(3):
        for user, expected in ((ANN, {1, 3}), (BOB, {1, 2, 3}), (HANA, set()), (ANN, {1, 3})):
            assert set(session_of(user).scalars(select(Item.id))) == expected


def test_the_portal_itself_sees_everything_and_a_realm_its_own(app):
    with app.app_context():
        with unscoped(reason="test") as tx:
            assert len(tx.session.scalars(select(Item)).all()) == 3
        with unscoped(reason="test", realm="goods") as tx:
            assert len(tx.session.scalars(select(Item)).all()) == 3
            assert tx.session.scalars(select(Leave)).all() == []


def test_a_department_moved_elsewhere_takes_its_reach_along(app, session_of):
    assert items_of(session_of(ANN)) == ["below", "mine"]
    with unscoped(reason="test") as tx:
        tx.session.get(Department, CELLAR).parent_id = LAB
    assert items_of(session_of(ANN)) == ["mine"]


def test_the_compiler_knows_the_day_of_the_zone():
    compiler = Compiler(dict, dict, lambda: ZoneInfo("Asia/Jakarta"))
    assert compiler.today(datetime(2026, 3, 10, 17, tzinfo=UTC)) == date(2026, 3, 11)
