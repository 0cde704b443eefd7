"""Absences, deputies and requests in any order, beside a naive model of who may decide.

Nothing that waits is ever undecidable, and nobody ever decides what concerns themselves.
"""

from __future__ import annotations

import os
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from portal.approvals.models import ApprovalRequest
from portal.approvals.rules import deciders
from portal.approvals.services import Decision, decide, waiting_for, withdraw_approval
from portal.approvals.services.circles import circle_of, step_of
from portal.delegation.rules import Given, Matter, Organisation
from portal.errors import PortalError
from tests.unit.delegation.test_delegation_rules import naive

from .wishes import KIND, change_wish

PEOPLE = ("chief", "head", "keeper", "clerk", "other", "dewi", "eko", "admin")
PLACES = ("top", "middle", "stores")
LEADS = {"top": "chief", "middle": "head", "stores": "keeper"}
who, where = some.sampled_from(PEOPLE), some.sampled_from(PLACES)
which = some.integers(0, 30)


def machine_of(office):
    """Return a machine that lives in this office."""

    class Machine(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.away, self.given, self.wishes = set(), {}, []
            for person in PEOPLE:
                office.back(person)
            for delegation in office.delegations:
                office.end_deputy(delegation)
            office.delegations.clear()
            self.forget()

        def forget(self):
            with office.work() as tx:
                waits = select(ApprovalRequest).filter_by(state="pending")
                for row in tx.session.scalars(waits):
                    row.state, row.decided_at = "expired", tx.now

        def organisation(self, at, day):
            ids = office.people
            return Organisation(
                at=at,
                day=day,
                active=frozenset(ids[person] for person in PEOPLE),
                absent=frozenset(ids[person] for person in self.away),
                given=tuple(self.given.values()),
                managers={office.places[p]: (ids[lead],) for p, lead in LEADS.items()},
                parents={
                    office.places["top"]: None,
                    office.places["middle"]: office.places["top"],
                    office.places["stores"]: office.places["middle"],
                },
                fallback=frozenset({ids["admin"]}),
            )

        def may(self, wish):
            """Return who may decide a wish, as the model sees it."""
            matter = Matter(department_id=office.places[wish["place"]], amount=wish["amount"])
            concerned = frozenset(office.people[one] for one in wish["concerned"])
            return naive(self.organisation(None, None), matter, concerned)

        @rule(person=who)
        def goes_away(self, person):
            if person not in self.away:
                office.away(person)
                self.away.add(person)

        @rule(person=who)
        def comes_back(self, person):
            office.back(person)
            self.away.discard(person)

        @rule(principal=who, deputy=who, always=some.booleans(), limit=some.sampled_from((None, 5)))
        def names_a_deputy(self, principal, deputy, always, limit):
            if principal == deputy:
                return
            more = {"only_when_absent": not always, "max_amount": limit}
            number = office.deputy(principal, deputy, **more)
            office.delegations.append(number)
            with office.work() as tx:
                days = {"from_on": tx.today, "last_on": tx.today}
            ids = {"principal_id": office.people[principal], "deputy_id": office.people[deputy]}
            self.given[number] = Given(id=number, **ids, **days, **more)

        @rule(number=which)
        def takes_it_back(self, number):
            if self.given:
                chosen = sorted(self.given)[number % len(self.given)]
                office.end_deputy(chosen)
                del self.given[chosen]

        @rule(person=who, place=where, amount=some.sampled_from((None, 5, 6)), gains=who)
        def asks(self, person, place, amount, gains):
            gains = None if gains == person else gains
            wish, subject = office.wish(person, amount=amount, place=place, gains=gains)
            concerned = {person, *([gains] if gains else ())}
            self.wishes.append(
                {"id": wish, "subject": subject, "state": "pending", "changed": False}
                | {"place": place, "amount": amount, "asks": person, "concerned": concerned}
            )

        @rule(person=who, number=which, verdict=some.sampled_from(("approve", "refuse")))
        def decides(self, person, number, verdict):
            if not self.wishes:
                return
            wish = self.wishes[number % len(self.wishes)]
            allowed = wish["state"] == "pending" and office.people[person] in self.may(wish)
            outcome = None
            version = office.row(wish["id"])["version"]
            with suppress(PortalError), office.work(person) as tx:
                decision = Decision(version=version, verdict=verdict, comment="So it is.")
                outcome = decide(tx, wish["id"], decision).outcome
            if not allowed:
                assert outcome is None, (person, wish)
                return
            expected = {"approve": "approved", "refuse": "refused"}[verdict]
            wish["state"] = "void" if wish["changed"] else expected
            assert outcome == wish["state"]

        @rule(number=which, quietly=some.booleans())
        def changes_what_was_asked(self, number, quietly):
            if not self.wishes:
                return
            wish = self.wishes[number % len(self.wishes)]
            with office.work(wish["asks"]) as tx:
                change_wish(tx, wish["subject"], f"{number} chairs", quietly=quietly)
            if quietly:
                wish["changed"] = True
            elif wish["state"] in ("pending", "approved"):
                wish["state"] = "void"

        @rule(person=who, number=which)
        def withdraws(self, person, number):
            if not self.wishes:
                return
            wish = self.wishes[number % len(self.wishes)]
            done = False
            with suppress(PortalError), office.work(person) as tx:
                withdraw_approval(tx, kind=KIND, subject=wish["subject"])
                done = True
            assert done == (person == wish["asks"] and wish["state"] == "pending")
            if done:
                wish["state"] = "withdrawn"

        @invariant()
        def everything_that_waits_is_decided_by_whom_the_model_names(self):
            for wish in self.wishes:
                row = office.row(wish["id"])
                assert row["state"] == wish["state"]
            with office.work() as tx, tx.acting_for("core", reason="test") as own:
                for wish in self.wishes:
                    if wish["state"] != "pending":
                        continue
                    row = own.one(select(ApprovalRequest), public_id=wish["id"])
                    found = set(deciders(circle_of(own, row), step_of(row)))
                    assert found == self.may(wish)
                    # Only what concerns everybody who falls in last has nobody else.
                    alone = office.people["admin"] in {row.requester_id, row.beneficiary_id}
                    assert found or alone, "nobody may decide"
                    assert not found & {row.requester_id, row.beneficiary_id}

        @rule(person=who)
        def looks_at_what_waits(self, person):
            with office.work(person) as tx:
                found = {one.public_id for one in waiting_for(tx, limit=500)}
            mine = {
                wish["id"]
                for wish in self.wishes
                if wish["state"] == "pending" and office.people[person] in self.may(wish)
            }
            assert found == mine

    return Machine


@pytest.fixture
def lasting(office):
    office.delegations = []
    return office


def test_nothing_is_undecidable_and_nobody_decides_for_themselves(lasting):
    run_state_machine_as_test(
        machine_of(lasting),
        settings=settings(
            max_examples=int(os.environ.get("KANTOR_TEST_EXAMPLES", "8")),
            stateful_step_count=25,
            deadline=None,
            phases=(Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
