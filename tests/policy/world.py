"""One object of every kind in every relation, and one visitor for every role."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select, update

from portal.absences.models import Absence
from portal.approvals.models import (
    ApprovalDecision,
    ApprovalRequest,
    ApprovalRule,
    ApprovalRulePerson,
    ApprovalStep,
)
from portal.audit.models import AuditEntry
from portal.auth import passwords
from portal.auth.models import Account
from portal.contacts.models import Contact, ContactPoint
from portal.delegation.models import Delegation
from portal.guard import kernel_execute
from portal.people.models import Department, Membership, Person
from portal.places.models import Place, PlaceServes
from portal.plugins.models import PluginActivation
from portal.roles.models import Assignment, Role, RolePermission
from portal.settings.services import write_facts
from portal.testing import LONG_AGO, add_person, give_role
from tests.policy import canaries, papers, planted, stocked, tables, talked, timed
from tests.policy.stand import PASSWORD, Stand
from tests.policy.stocked import SHARED

# Kinds that are the same objects by another rule.
AGAIN = {"person": "led_person", "absence": "led_absence"}
SEEN = re.compile(r'name="seen"[^>]* value="([^"]+)"')


@dataclass
class World:
    """Facts for addresses and forms, as plain text: nothing of the portal's rows is kept."""

    departments: dict[str, int] = field(default_factory=dict)
    department_ids: dict[str, str] = field(default_factory=dict)  # public ids
    places: dict[str, dict[str, Any]] = field(default_factory=dict)
    actors: dict[str, dict[str, Any]] = field(default_factory=dict)
    objects: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    common: dict[str, Any] = field(default_factory=dict)
    aviary: canaries.Aviary = field(default_factory=canaries.Aviary)

    def put(self, kind: str, relation: str, role: str = "*", /, **facts: Any) -> None:
        self.objects[kind, relation, role] = facts

    def device(self, tx: Any, person_id: int, address: str) -> str:
        """Add a signed-in device of a person."""
        return papers.device(tx, person_id, address)

    def notice(self, tx: Any, person_id: int, text: str) -> str:
        """Tell a person something; return the public id of the notice."""
        return papers.notice(tx, person_id, text)

    def import_run(self, tx: Any, person_id: int, file_name: str) -> str:
        """Note an import that a person has done."""
        return papers.import_run(tx, person_id, file_name)

    def rename_account(self, tx: Any, person_id: int, username: str) -> None:
        """Let a person sign in under another name."""
        table = Account.__table__
        change = update(table).where(table.c.person_id == person_id).values(username=username)
        kernel_execute(tx.session, change)

    def give_reason(self, tx: Any, assignment: str, reason: str) -> None:
        """Say why somebody holds a role."""
        table = Assignment.__table__
        change = update(table).where(table.c.public_id == assignment).values(reason=reason)
        kernel_execute(tx.session, change)

    def get(self, kind: str, relation: str, role: str) -> dict[str, Any]:
        """Return the facts of the object of a kind in a relation to the visitor with a role."""
        own = self.objects.get((kind, relation, role))
        return own if own is not None else self.objects[kind, relation, "*"]


def build(stand: Stand) -> World:
    """Fill the database of a stand and return what is in it."""
    world = World()
    stored = passwords.hashed(PASSWORD)
    with stand.building() as tx:
        write_facts(tx, kind="test")
        _departments(tx, world)
        _roles(tx)
        _actors(tx, world)
        _people(tx, world)
        _contacts(tx, world)
        _places(tx, world)
        timed.add_calendars(tx, world)
        stocked.add_catalogue(tx, world)
        for slug in stand.app.extensions["kantor"].loaded:
            tx.session.add(PluginActivation(slug=slug, department_id=None))
    stand.app.extensions["kantor_facts"].forget()
    for role, actor in world.actors.items():
        stand.sign_in(role, actor["id"], stored)
    with stand.building() as tx:
        stocked.add_stock(tx, world)
        stocked.add_kept_figures(tx, world)
        stocked.add_requests(tx, world)
        stocked.add_counts(tx, world)
        stocked.add_orders(tx, world)
        stocked.add_budgets(tx, world)
        papers.add_papers(tx, world, stand)
        talked.add_talk(tx, world, stand)
        world.aviary = planted.plant(tx, world, stand)
    with stand.building() as tx:
        last = kernel_execute(tx.session, select(func.max(AuditEntry.__table__.c.id))).scalar_one()
        world.aviary.addresses |= {f"/audit/{last - back}" for back in range(3)}
    for (kind, relation, role), facts in list(world.objects.items()):
        if kind in AGAIN:
            world.objects[AGAIN[kind], relation, role] = facts
    stand.keep()
    for name, path in (("activation", "/plugins"), ("settings", "/settings")):
        page = stand.ask("administrator", "GET", path).text
        world.common[name] = SEEN.search(page)[1]  # type: ignore[index]
    return world


def _departments(tx: Any, world: World) -> None:
    def add(name: str, parent: str | None = None) -> None:
        row = Department(name=name.title(), parent_id=world.departments.get(parent or ""))
        tx.session.add(row)
        tx.session.flush()
        world.departments[name], world.department_ids[name] = row.id, row.public_id

    add("above")
    add("same", "above")
    add("below", "same")
    add("elsewhere")
    add("team")
    add("empty_below", "same")
    add("empty_elsewhere")
    add("closed_below", "same")
    add("closed_elsewhere")
    for name, department_id in world.departments.items():
        row = tx.session.get_one(Department, department_id)
        row.active = not name.startswith("closed")
        tx.session.flush()
        kind, _, relation = name.rpartition("_")
        facts = {"name": row.name, "version": row.version}
        facts["parent"] = row.parent.public_id if row.parent is not None else ""
        world.put(
            f"{kind}_department" if kind else "department", relation, id=row.public_id, **facts
        )


def _roles(tx: Any) -> None:
    """Add the roles of roles.csv that do not ship."""
    known = set(tx.session.scalars(select(Role.slug)))
    for name, grants in tables.roles().items():
        if name in known or name == "nobody":
            continue
        role = Role(slug=name, name=name.replace("_", " ").title())
        role.permissions = [RolePermission(permission=p, reach=r) for p, r in grants.items()]
        tx.session.add(role)
    tx.session.flush()


def _actors(tx: Any, world: World) -> None:
    """Add a visitor for every role: member of one department, manager of another."""
    for role in tables.roles():
        given = role if role != "nobody" else None
        name = f"Actor {role.replace('_', ' ')}"
        person_id = add_person(tx, name, department_id=world.departments["same"])
        if given:
            give_role(tx, person_id, given, department_id=world.departments["same"])
        manages = Membership(
            person_id=person_id,
            department_id=world.departments["team"],
            kind="manager",
            from_on=LONG_AGO,
        )
        tx.session.add(manages)
        tx.session.flush()
        person = tx.session.get(Person, person_id)
        world.actors[role] = {
            "id": person_id,
            "public_id": person.public_id,
            "version": person.version,
            "name": person.name,
            "department": world.department_ids["same"],
            "username": f"user-{role.replace('_', '-')}",
        }


def _people(tx: Any, world: World) -> None:
    """Add people with an account, with a closed one and without one, and what they hold."""
    spare = Role(slug="spare", name="Spare")
    spare.permissions = [RolePermission(permission="core.portal.use", reach="own")]
    unused = Role(slug="unused", name="Unused")
    tx.session.add_all([spare, unused])
    tx.session.flush()
    world.put("role", "any", id=unused.public_id, version=unused.version, name=unused.name)
    world.common |= {"role": spare.public_id, "role_version": spare.version, "today": tx.today}
    for relation in (*SHARED, "team"):
        department_id = world.departments[relation]

        def add(name: str, department_id: int = department_id, relation: str = relation) -> Person:
            person_id = add_person(tx, f"{name} {relation}", department_id=department_id)
            return tx.session.get_one(Person, person_id)

        colleague, newcomer, former = add("Colleague"), add("Newcomer"), add("Former")
        world.common[f"colleague_{relation}"] = colleague.id
        papers.second_step(tx, papers.account(tx, colleague.id))
        papers.account(tx, former.id, active=False)
        facts = {"version": colleague.version, "name": colleague.name}
        world.put("person", relation, id=colleague.public_id, **facts)
        world.put("account", relation, id=colleague.public_id)
        world.put("newcomer", relation, id=newcomer.public_id)
        world.put("closed_account", relation, id=former.public_id)
        membership = tx.session.scalars(select(Membership).filter_by(person_id=colleague.id)).one()
        world.put("membership", relation, id=membership.public_id)
        held = _assignment(tx, colleague.id, spare.id, department_id)
        asked = _assignment(tx, newcomer.id, spare.id, department_id, approved=False)
        world.put("assignment", relation, id=held)
        world.put("request", relation, id=asked)
    for role, actor in world.actors.items():
        facts = {"version": actor["version"], "name": actor["name"]}
        world.put("person", "own", role, id=actor["public_id"], **facts)
        world.put("account", "own", role, id=actor["public_id"])
        held = _assignment(tx, actor["id"], spare.id, world.departments["same"], may_grant=True)
        world.put("assignment", "own", role, id=held)
    _absences(tx, world)
    nowhere = add_person(tx, "Newcomer nowhere")
    _delegations(tx, world, nowhere)
    _approvals(tx, world)
    world.common["newcomer"] = tx.session.get_one(Person, nowhere).public_id


def _absences(tx: Any, world: World) -> None:
    """Let everybody be away for some days that lie ahead."""
    whose = [("own", role, actor["id"]) for role, actor in world.actors.items()]
    whose += [(r, "*", world.common[f"colleague_{r}"]) for r in (*SHARED, "team")]
    for relation, role, person_id in whose:
        days = {"from_on": date(2099, 1, 5), "last_on": date(2099, 1, 6)}
        row = Absence(person_id=person_id, source="own", **days)
        tx.session.add(row)
        tx.session.flush()
        world.put("absence", relation, role, id=row.public_id, version=row.version)


def _delegations(tx: Any, world: World, deputy_id: int) -> None:
    """Let somebody stand in for everybody on some days that lie ahead."""
    whose = [("own", role, actor["id"]) for role, actor in world.actors.items()]
    whose += [(r, "*", world.common[f"colleague_{r}"]) for r in (*SHARED, "team")]
    for relation, role, person_id in whose:
        days = {"from_on": date(2099, 1, 5), "last_on": date(2099, 1, 6)}
        row = Delegation(principal_id=person_id, deputy_id=deputy_id, **days)
        tx.session.add(row)
        tx.session.flush()
        world.put("delegation", relation, role, id=row.public_id, version=row.version)


def _approvals(tx: Any, world: World) -> None:
    """Let everybody ask for something that one colleague elsewhere decides."""
    rule = ApprovalRule(kind="stand.wish", who="people", slot="first", made_at=tx.now)
    rule.people = [ApprovalRulePerson(person_id=world.common["colleague_team"])]
    tx.session.add(rule)
    tx.session.flush()
    world.put("approval_rule", "any", id=rule.public_id)
    whose = [("own", role, actor["id"]) for role, actor in world.actors.items()]
    whose += [(r, "*", world.common[f"colleague_{r}"]) for r in ("same", "elsewhere")]
    for relation, role, person_id in whose:
        row = ApprovalRequest(
            kind="stand.wish",
            subject=f"{relation} {role}",
            title="A wish",
            requester_id=person_id,
            department_id=world.departments["same"],
            digest="",
            asked_at=tx.now,
            due_at=tx.now,
            deciding=rule.id,
        )
        tx.session.add(row)
        tx.session.flush()
        step = ApprovalStep(approval_id=row.id, n=1, rule_id=rule.id, remind_hours=8)
        tx.session.add(step)
        tx.session.flush()
        world.put("approval", relation, role, id=row.public_id, version=row.version)
    made = {"person_id": world.common["colleague_team"], "way": 0, "verdict": "approve"}
    tx.session.add(ApprovalDecision(approval_id=row.id, step_id=step.id, at=tx.now, **made))
    tx.session.flush()


def _assignment(
    tx: Any,
    person_id: int,
    role_id: int,
    department_id: int,
    *,
    approved: bool = True,
    may_grant: bool = False,
) -> str:
    row = Assignment(
        person_id=person_id,
        role_id=role_id,
        department_id=department_id,
        from_on=LONG_AGO,
        approved=approved,
        may_grant=may_grant,
        granted_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    return str(row.public_id)


def _contacts(tx: Any, world: World) -> None:
    for relation in (*SHARED, "team", "common"):
        row = Contact(
            name=f"Firm {relation}",
            kind="organisation",
            department_id=world.departments.get(relation),
            note="",
        )
        row.points = [ContactPoint(kind="phone", value="+62215550123")]
        tx.session.add(row)
        tx.session.flush()
        world.put(
            "contact",
            relation,
            id=row.public_id,
            version=row.version,
            name=row.name,
            department=world.department_ids.get(relation, ""),
        )
    world.common["contact"] = _new_contact(tx, "Firm that may become a supplier")


def _new_contact(tx: Any, name: str) -> str:
    row = Contact(name=name, kind="organisation")
    tx.session.add(row)
    tx.session.flush()
    return str(row.public_id)


def _places(tx: Any, world: World) -> None:
    owners = {relation: relation for relation in (*SHARED, "team")}
    owners |= {"common": "", "served": "elsewhere", "second": "same"}
    for relation, owner in owners.items():
        row = Place(
            code=f"P-{relation}",
            name=f"Room {relation}",
            kind="room",
            department_id=world.departments.get(owner),
        )
        tx.session.add(row)
        tx.session.flush()
        if relation == "served":
            serves = PlaceServes(place_id=row.id, department_id=world.departments["same"])
            tx.session.add(serves)
        facts = {
            "id": row.public_id,
            "version": row.version,
            "name": row.name,
            "code": row.code,
            "department": world.department_ids.get(owner, ""),
        }
        world.places[relation] = facts
        if relation in (*SHARED, "team", "common"):
            world.put("place", relation, **facts)
    tx.session.flush()
