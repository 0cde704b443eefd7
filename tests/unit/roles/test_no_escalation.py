"""No sequence of calls by a set of users yields a right outside what they could give one another.

The right answer comes from a plain reading of rows, made here, not from the portal's own
arithmetic.
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from portal.db import db
from portal.errors import PortalError
from portal.messages import message
from portal.people.models import Department, Membership, Person
from portal.people.services import (
    AddDepartment,
    AddMembership,
    ChangeDepartment,
    EndMembership,
    EndPerson,
    add_department,
    add_membership,
    change_department,
    end_membership,
    end_person,
)
from portal.plugin import Permission
from portal.reach import Reach
from portal.roles.models import Assignment, Role, RolePermission
from portal.roles.services import (
    AddRole,
    AssignRole,
    ChangeRole,
    add_role,
    approve,
    assign_role,
    change_role,
    copy_role,
    delete_role,
    end_assignment,
    pass_on_role,
    refuse,
    take_back,
)
from portal.testing import LONG_AGO, principal_of
from portal.work import unit_of_work
from tests.unit.granting import give, make_role

DAYS = (0, 5, 20)  # on which rights are compared: a right must not outlast its source either
# Of a plugin that the administrator has no right to: what they hold of core cannot grow any more.
VAULT = {
    name: Permission(name=name, title=message("Vault"), writes=True)
    for name in ("vault.box.open", "vault.box.move")
}
PERMISSIONS = (
    *VAULT,
    "core.place.edit",
    "core.contact.edit",
    "core.person.edit",
    "core.role.grant",
    "core.role.view",
    "core.membership.edit",
    "core.department.edit",
    "core.role.edit",
    "core.role.assign",
)
Rights = set[tuple[str, Any]]


def everything_held(tx: Any) -> tuple[list[Any], dict[int, int | None]]:
    """Return what rows say of who holds what, and the tree of departments."""
    held = select(
        Assignment.person_id,
        Assignment.department_id,
        Assignment.from_on,
        Assignment.until_on,
        Assignment.may_grant,
        RolePermission.permission,
        RolePermission.reach,
    ).join(RolePermission, RolePermission.role_id == Assignment.role_id)
    rows = tx.session.execute(held.where(Assignment.approved)).all()
    tree = tx.session.execute(select(Department.id, Department.parent_id)).all()
    return rows, {row.id: row.parent_id for row in tree}


def rights_on(rows: Any, parents: Any, person_id: int, day: date, *, to_pass_on: bool) -> Rights:
    """Return what the rows give a person on a day, as single things: (permission, what it reaches).

    ``own`` comes with every reach, because one's own rows show nothing of anybody else.
    """
    return {
        (row.permission, what)
        for row in rows
        if row.person_id == person_id
        and row.from_on <= day
        and (row.until_on is None or row.until_on > day)
        and (row.may_grant or not to_pass_on)
        for what in reached(row.reach, row.department_id, parents)
    }


def reached(reach: str, top: int | None, parents: dict[int, int | None]) -> set[Any]:
    if reach == "own":
        return {"own"}
    if reach == "team":
        return {"own", "team"}
    if reach == "all" or top is None:
        return {"own", "team", "rest", *parents}
    if reach == "department":
        return {"own", top}

    def inside(department: int | None) -> bool:
        while department is not None:
            if department == top:
                return True
            department = parents[department]
        return False

    return {"own", *(department for department in parents if inside(department))}


class Office(RuleBasedStateMachine):
    """A board over an office over stores, a lab apart, and people who try what they like."""

    app: Any
    database: Any
    callers: tuple[str, ...] = ()

    @initialize()
    def begin(self) -> None:
        with self.app.app_context():
            self.database.restore(db.engine)
        self.app.extensions["kantor_visitors"]._principals.clear()
        self.people: dict[str, int] = {}
        with self.unit() as tx:
            self.today = tx.today
            departments: dict[str | None, int] = {}
            for name, parent in (
                ("board", None),
                ("office", "board"),
                ("stores", "office"),
                ("lab", None),
            ):
                row = Department(name=name, parent_id=departments.get(parent))
                tx.session.add(row)
                tx.session.flush()
                departments[name] = row.id
            for name, home in (
                ("admin", "board"),
                ("head", "office"),
                ("clerk", "stores"),
                ("guest", "lab"),
            ):
                row = Person(name=name, active_from=LONG_AGO)
                tx.session.add(row)
                tx.session.flush()
                self.people[name] = row.id
                member = Membership(
                    person_id=row.id, department_id=departments[home], from_on=LONG_AGO
                )
                tx.session.add(member)
            self.give_rights(tx, departments)
        with self.unit() as tx:
            self.before = self.all_rights(tx)
            self.giveable = self.all_rights(tx, to_pass_on=True)
            self.known = frozenset(tx.session.scalars(select(Department.id)))

    def give_rights(self, tx: Any, departments: dict[str | None, int]) -> None:
        keeper = make_role(tx, "keeper", core__place__edit="tree", core__contact__edit="department")
        granter = make_role(tx, "granter", core__role__grant="tree", core__role__view="tree")
        editor = make_role(tx, "editor", core__role__edit="all")
        team = make_role(tx, "team", core__person__edit="team")
        movers = make_role(
            tx, "movers", core__membership__edit="tree", core__department__edit="tree"
        )
        office, head, clerk = departments["office"], self.people["head"], self.people["clerk"]
        soon = self.today + timedelta(days=10)
        give(tx, head, keeper, office, may_grant=True, until_on=soon)
        give(tx, head, granter, office, may_grant=True)
        give(tx, head, movers, office)
        give(tx, head, editor)
        give(tx, clerk, team, departments["stores"])
        give(tx, clerk, granter, departments["stores"])
        give(tx, self.people["guest"], keeper, departments["lab"])
        for role in tx.session.scalars(select(Role).where(Role.shipped)).all():
            if role.slug == "administrator":
                give(tx, self.people["admin"], role)
            else:  # The fewer there are, the sooner something happens.
                tx.session.delete(role)
        vault = make_role(tx, "vault", vault__box__open="tree", vault__box__move="own")
        give(tx, self.people["admin"], vault, departments["lab"])
        give(tx, self.people["admin"], team, departments["lab"])

    def all_rights(self, tx: Any, *, to_pass_on: bool = False) -> dict[tuple[str, int], Rights]:
        rows, parents = everything_held(tx)
        return {
            (name, day): rights_on(
                rows, parents, person_id, self.today + timedelta(days=day), to_pass_on=to_pass_on
            )
            for name, person_id in self.people.items()
            for day in DAYS
        }

    def unit(self, caller: str | None = None) -> Any:
        from portal.testing import working_as

        return working_as(self.app, self.people[caller] if caller else None)

    def attempt(self, caller: str, act: Any) -> None:
        """Let somebody do something; being refused is an answer, being allowed is judged by the
        rows.
        """
        with self.app.app_context():
            principal = principal_of(self.app, self.people[caller])
            from portal.db import new_session

            with new_session() as session:
                session.act_as(principal)
                try:
                    with unit_of_work(session) as tx:
                        act(tx)
                except PortalError:
                    return
        self.judge()

    def judge(self) -> None:
        """Compare what people may do now with what they could have been given."""
        raise NotImplementedError

    def pick(self, tx: Any, model: Any, number: int) -> Any:
        rows = tx.session.scalars(select(model).order_by(model.id)).all()
        return rows[number % len(rows)]

    caller = st.integers(0, 7)
    number = st.integers(0, 30)
    permissions = st.dictionaries(
        st.sampled_from(PERMISSIONS), st.sampled_from([*Reach]), max_size=3
    )

    def who(self, number: int) -> str:
        return self.callers[number % len(self.callers)]

    @rule(
        by=caller,
        role=number,
        to=number,
        where=number,
        last=st.sampled_from([None, 3, 9, 30]),
        start=st.sampled_from([-3, 0, 4]),
        may_grant=st.booleans(),
        whole=st.booleans(),
        how=st.sampled_from([assign_role, pass_on_role]),
    )
    def give_role(self, by, role, to, where, last, start, may_grant, whole, how):
        def act(tx: Any) -> None:
            command = AssignRole(
                role=self.pick(tx, Role, role).public_id,
                person=self.pick(tx, Person, to).public_id,
                department="" if whole else self.pick(tx, Department, where).public_id,
                from_on=tx.today + timedelta(days=start),
                last_day=None if last is None else tx.today + timedelta(days=last),
                may_grant=may_grant,
            )
            how(tx, command)

        self.attempt(self.who(by), act)

    @rule(by=caller, role=number, to=number, where=number)
    def pass_on(self, by, role, to, where):
        def act(tx: Any) -> None:
            pass_on_role(
                tx,
                AssignRole(
                    role=self.pick(tx, Role, role).public_id,
                    person=self.pick(tx, Person, to).public_id,
                    department=self.pick(tx, Department, where).public_id,
                    from_on=tx.today,
                ),
            )

        self.attempt(self.who(by), act)

    @rule(
        by=caller, which=number, how=st.sampled_from([approve, refuse, end_assignment, take_back])
    )
    def decide(self, by, which, how):
        def act(tx: Any) -> None:
            newest = tx.session.scalars(select(Assignment).order_by(Assignment.id.desc())).all()
            if newest:
                row = newest[which % min(3, len(newest))]
                more = {"role_version": row.role.version} if how is approve else {}
                how(tx, row.public_id, **more)

        self.attempt(self.who(by), act)

    @rule(by=caller, rights=permissions, name=number)
    def invent_role(self, by, rights, name):
        self.attempt(
            self.who(by), lambda tx: add_role(tx, AddRole(name=f"r{name}", permissions=rights))
        )

    @rule(by=caller, which=number, rights=permissions, more=st.booleans())
    def edit_role(self, by, which, rights, more):
        def act(tx: Any) -> None:
            row = self.pick(tx, Role, which)
            kept = {p.permission: p.reach for p in row.permissions} if more else {}
            command = ChangeRole(version=row.version, name=row.name, permissions=kept | rights)
            change_role(tx, row.public_id, command)

        self.attempt(self.who(by), act)

    @rule(by=caller, which=number, delete=st.booleans())
    def copy_or_delete(self, by, which, delete):
        def act(tx: Any) -> None:
            row = self.pick(tx, Role, which)
            if delete:
                delete_role(tx, row.public_id, version=row.version)
            else:
                copy_role(tx, row.public_id, name=f"copy of {row.name}")

        self.attempt(self.who(by), act)

    @rule(by=caller, which=number, below=number)
    def move_department(self, by, which, below):
        def act(tx: Any) -> None:
            row, parent = self.pick(tx, Department, which), self.pick(tx, Department, below)
            command = ChangeDepartment(version=row.version, name=row.name, parent=parent.public_id)
            change_department(tx, row.public_id, command)

        self.attempt(self.who(by), act)

    @rule(by=caller, below=number, name=number)
    def new_department(self, by, below, name):
        def act(tx: Any) -> None:
            parent = self.pick(tx, Department, below).public_id
            add_department(tx, AddDepartment(name=f"d{name}", parent=parent))

        self.attempt(self.who(by), act)

    @rule(
        by=caller,
        which=number,
        where=number,
        kind=st.sampled_from(["member", "manager", "standing_deputy"]),
    )
    def join(self, by, which, where, kind):
        def act(tx: Any) -> None:
            add_membership(
                tx,
                AddMembership(
                    person=self.pick(tx, Person, which).public_id,
                    department=self.pick(tx, Department, where).public_id,
                    kind=kind,
                    from_on=tx.today,
                    replace=True,
                ),
            )

        self.attempt(self.who(by), act)

    @rule(by=caller, which=number)
    def part(self, by, which):
        def act(tx: Any) -> None:
            row = self.pick(tx, Membership, which)
            end_membership(tx, row.public_id, EndMembership(last_day=tx.today))

        self.attempt(self.who(by), act)

    @rule(by=caller, which=number, last=st.sampled_from([None, 3]))
    def leave(self, by, which, last):
        def act(tx: Any) -> None:
            row = self.pick(tx, Person, which)
            day = None if last is None else tx.today + timedelta(days=last)
            end_person(tx, row.public_id, EndPerson(version=row.version, last_day=day))

        self.attempt(self.who(by), act)

    def old(self, rights: Rights) -> Rights:
        """Return rights on what was there at the start: a new department belongs to whoever made
        it.
        """
        return {one for one in rights if isinstance(one[1], str) or one[1] in self.known}


class WithoutAdministrator(Office):
    """People who may pass on, edit roles and move departments, but may not assign any role."""

    callers = ("head", "clerk", "guest")

    def judge(self) -> None:
        with self.unit() as tx:
            now = self.all_rights(tx)
        for (name, day), rights in now.items():
            allowed = self.before[name, day].union(
                *(self.giveable[other, day] for other in self.people)
            )
            excess = self.old(rights) - allowed
            assert not excess, f"{name} on day {day}: {sorted(map(str, excess))}"


class OneAdministrator(Office):
    """An administrator alone: others may get anything, the administrator nothing more."""

    callers = ("admin",)

    def judge(self) -> None:
        with self.unit() as tx:
            for (name, day), rights in self.all_rights(tx).items():
                excess = self.old(rights) - self.before[name, day] if name == "admin" else set()
                assert not excess, f"on day {day}: {sorted(map(str, excess))}"
            led = tx.session.scalars(
                select(Membership.kind).where(Membership.person_id == self.people["admin"])
            )
            assert set(led) == {"member"}


@pytest.mark.parametrize("office", [WithoutAdministrator, OneAdministrator])
def test_no_right_appears_from_nowhere(portal_template, office, monkeypatch):
    app, database = portal_template
    for name, permission in VAULT.items():
        monkeypatch.setitem(app.extensions["kantor"].permissions, name, permission)
    machine = type(office.__name__, (office,), {"app": app, "database": database})
    few = settings(
        max_examples=int(os.environ.get("KANTOR_TEST_EXAMPLES", "15")),
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(machine, settings=few)
