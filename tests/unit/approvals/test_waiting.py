"""What waits for somebody is found in the database as the rules say it, row by row."""

from __future__ import annotations

import os
import random
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from portal.approvals.arms import Arms
from portal.approvals.models import ApprovalRequest
from portal.approvals.rules import deciders
from portal.approvals.services import waiting
from portal.approvals.services.circles import circle, step_of
from portal.guard import kernel_execute
from portal.orm import new_public_id
from portal.people.models import Membership, Person
from portal.testing import counting_statements

ROUNDS = int(os.environ.get("KANTOR_TEST_EXAMPLES", "6"))
PEOPLE = ("chief", "head", "keeper", "clerk", "other", "dewi", "eko", "admin")


def confuse(office, chance):
    """Let people be away, stand in, lead and be named at random."""
    for who in chance.sample(PEOPLE, 3):
        office.away(who)
    for _ in range(5):
        principal, deputy = chance.sample(PEOPLE, 2)
        more = {"max_amount": chance.choice((None, None, 100, 200))}
        more["only_when_absent"] = chance.random() < 0.6
        more["department_id"] = chance.choice((None, *office.places.values()))
        office.deputy(principal, deputy, **more)
    with office.work() as tx:
        for kind in ("manager", "standing_deputy"):
            row = {"person_id": office.people[chance.choice(PEOPLE)], "kind": kind}
            place = chance.choice(list(office.places.values()))
            tx.session.add(Membership(department_id=place, from_on=tx.today, **row))
    return office.rule(None, chance.sample(PEOPLE, 2), needed=2)


def fill(office, chance, number, rules):
    people = list(office.people.values())
    with office.work() as tx:
        rows = [
            {
                "public_id": new_public_id(),
                "version": 1,
                "kind": "wishes.wish",
                "subject": f"{n}",
                "title": f"wish {n}",
                "requester_id": chance.choice(people),
                "beneficiary_id": chance.choice((None, None, *people)),
                "department_id": chance.choice(list(office.places.values())),
                "amount": chance.choice((None, 0, 100, 101, 200, 201)),
                "digest": "",
                "state": "pending" if n % 7 else "approved",
                "decided_at": None if n % 7 else tx.now,
                "asked_at": tx.now,
                "due_at": tx.now + timedelta(minutes=chance.randrange(50)),
                "open_step": 1,
                "deciding": chance.choice((0, 0, *rules)),
                "escalated": chance.random() < 0.2,
                "spent": chance.choice(("", "", "", str(chance.choice(people)))),
            }
            for n in range(1, number)
        ]
        kernel_execute(tx.session, insert(ApprovalRequest.__table__), rows)


def one_by_one(office, who):
    """Return what waits for somebody by asking about each request."""
    with office.work() as tx:
        found = select(ApprovalRequest).filter_by(state="pending")
        rows = tx.session.scalars(found.order_by("due_at", "id")).all()
        now = circle(tx, {row.deciding for row in rows})
        me = office.people[who]
        return [row.id for row in rows if me in deciders(now, step_of(row))]


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize("few", [0, 16])
def test_what_is_found_is_what_each_row_says(office, monkeypatch, seed, few):
    monkeypatch.setattr(waiting, "FEW", few)  # 0: one walk along what is due.
    chance = random.Random(seed)
    rule = confuse(office, chance)
    fill(office, chance, 150, (rule,))
    for who in PEOPLE:
        expected = one_by_one(office, who)
        with office.work(who) as tx:
            assert [one.id for one in waiting.waiting_for(tx, 500)] == expected
            assert waiting.waiting_count(tx) == len(expected)
            first = waiting.waiting_for(tx, 7)
            assert [one.id for one in first] == expected[:7]
            if len(first) == 7:
                rest = waiting.waiting_for(tx, 500, (first[-1].due_at, first[-1].id))
                assert [one.id for one in rest] == expected[7:]
            desk = waiting.desk_of(tx)
            arms = desk.arms
            for other in {arm.for_id for arm in arms.arms} - {None}:
                assert desk.named(other).name == tx.session.get_one(Person, other).name
            with tx.acting_for("core", reason="test") as own:
                back = waiting.nearest(own, arms, 500, back=True)
                assert [row.id for row in back] == expected[::-1]


def test_as_many_statements_are_asked_however_much_waits(office):
    chance = random.Random(1)
    rule = confuse(office, chance)
    asked = []
    for number in (20, 400):
        with office.work() as tx:
            kernel_execute(tx.session, ApprovalRequest.__table__.delete())
        fill(office, chance, number, (rule,))
        with counting_statements(office.app) as seen, office.work("head") as tx:
            waiting.waiting_for(tx, 50)
        asked.append(len(seen))
    assert asked[0] == asked[1]
    assert asked[0] <= 26


def test_for_who_decides_nothing_nothing_waits(office):
    office.wish()
    with office.work("clerk") as tx:
        assert waiting.arms_of(tx) == Arms(person_id=office.people["clerk"])
        assert waiting.waiting_count(tx) == 0
    with office.work() as tx:
        assert waiting.waiting_for(tx) == []
