"""An office in which wishes are approved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.absences.models import Absence
from portal.approvals.models import ApprovalRequest, ApprovalRule, ApprovalRulePerson
from portal.approvals.services import Decision, decide
from portal.delegation.models import Delegation
from portal.people.models import Department
from portal.testing import add_person, give_role, sign_in, working_as

from . import wishes
from .wishes import KIND, MakeWish, Wish, make_wish


@pytest.fixture(scope="session")
def portal_plugins():
    return [wishes.plugin]


@dataclass
class Office:
    """The stores below the office below the board; each has a manager, Admin falls in last."""

    app: Any
    people: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    def work(self, who: str | None = None) -> Any:
        """Return a unit of somebody, or of the portal itself."""
        return working_as(self.app, None if who is None else self.people[who])

    def client(self, who: str) -> Any:
        return sign_in(self.app, self.people[who])

    def wish(self, who="clerk", what="chair", amount=None, place="stores", gains=None):
        """Return the public ids of a request and of what it is about."""
        beneficiary = None if gains is None else self.people[gains]
        command = MakeWish(
            what=what, amount=amount, department_id=self.places[place], beneficiary_id=beneficiary
        )
        with self.work(who) as tx:
            made = make_wish(tx, command)
        return made.public_id, made.subject

    def decide(self, who, approval, verdict="approve", comment="", version=None):
        if version is None:
            version = self.row(approval)["version"]
        with self.work(who) as tx:
            decision = Decision(version=version, verdict=verdict, comment=comment)
            return decide(tx, approval, decision).outcome

    def row(self, approval):
        """Return what a request has become, as a plain dictionary."""
        with self.work() as tx:
            row = tx.one(select(ApprovalRequest), public_id=approval)
            return {c.name: getattr(row, c.name) for c in ApprovalRequest.__table__.c}

    def told(self, subject):
        """Return what the plugin heard of its record."""
        with self.work() as tx:
            return tx.one(select(Wish), public_id=subject).told.split()

    def away(self, who, first=0, last=3):
        with self.work() as tx:
            days = {
                "from_on": tx.today + timedelta(days=first),
                "last_on": tx.today + timedelta(days=last),
            }
            row = Absence(
                person_id=self.people[who], source="own", from_noon=False, until_noon=False, **days
            )
            tx.session.add(row)

    def back(self, who):
        with self.work() as tx:
            for row in tx.session.scalars(select(Absence).filter_by(person_id=self.people[who])):
                tx.session.delete(row)

    def deputy(self, principal, deputy, first=0, last=3, **more):
        """Return the id of a delegation."""
        with self.work() as tx:
            row = Delegation(
                principal_id=self.people[principal],
                deputy_id=self.people[deputy],
                from_on=tx.today + timedelta(days=first),
                last_on=tx.today + timedelta(days=last),
                **more,
            )
            tx.session.add(row)
            tx.session.flush()
            return row.id

    def end_deputy(self, delegation):
        with self.work() as tx:
            tx.one(select(Delegation), id=delegation).revoked_at = tx.now

    def rule(self, place=None, people=(), **more):
        """Return the id of a rule."""
        values = {"who": "people" if people else "manager", "remind_hours": 8} | more
        with self.work() as tx:
            row = ApprovalRule(
                kind=KIND,
                department_id=self.places.get(place),
                made_at=tx.now,
                slot=f"{place}-{more.get('from_amount', 0)}-{more.get('step', 1)}",
                **values,
            )
            row.people = [ApprovalRulePerson(person_id=self.people[who]) for who in people]
            tx.session.add(row)
            tx.session.flush()
            return row.id


@pytest.fixture
def office(portal_app, world):
    made = Office(portal_app)
    with working_as(portal_app) as tx:
        parent = None
        for name in ("top", "middle", "stores"):
            row = Department(name=f"The {name}", parent_id=parent)
            tx.session.add(row)
            tx.session.flush()
            made.places[name] = parent = row.id
        for who, place, kind in (
            ("chief", "top", "manager"),
            ("head", "middle", "manager"),
            ("keeper", "stores", "manager"),
            ("clerk", "stores", "member"),
            ("other", "stores", "member"),
            ("dewi", "stores", "member"),
            ("eko", "middle", "member"),
        ):
            made.people[who] = add_person(
                tx, who.title(), department_id=made.places[place], role="employee", kind=kind
            )
    made.people["admin"] = world.people["administrator"]
    with working_as(portal_app) as tx:
        give_role(tx, made.people["admin"], "administrator", department_id=None)
    return made
