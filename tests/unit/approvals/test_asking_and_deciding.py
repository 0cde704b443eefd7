"""Asking, deciding, withdrawing and changing: what becomes of a request, on every database."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.api import approval_of, ask_approval, require_approved, void_approval, withdraw_approval
from portal.approvals.models import ApprovalDecision, ApprovalRequest, ApprovalStep
from portal.approvals.services import (
    Decision,
    decide,
    decided_for,
    expire,
    find_approval,
    remind,
    waiting_count,
    waiting_for,
    withdraw_request,
)
from portal.audit.models import AuditEntry
from portal.delegation.rules import Decider, Way
from portal.errors import Conflict, EditConflict, Forbidden, NotFound, ValidationFailed
from portal.messages import message, translate
from portal.people.models import Department, Membership
from portal.people.services import EndPerson, end_person
from portal.roles.models import Role
from portal.testing import add_person, give_role
from tests.unit.granting import person

from .wishes import KIND, MakeWish, change_wish, make_wish


def said(error):
    return translate(error.value.message)


def waiting(office, who):
    with office.work(who) as tx:
        found = [one.public_id for one in waiting_for(tx)]
        assert len(found) == waiting_count(tx)
        return found


def seen(office, who, approval):
    with office.work(who) as tx:
        return find_approval(tx, approval)


def test_what_is_asked_waits_for_who_leads_the_department(office):
    wish, subject = office.wish(amount=500)
    assert waiting(office, "keeper") == [wish]
    assert waiting(office, "head") == waiting(office, "clerk") == waiting(office, "admin") == []
    assert office.row(wish)["state"] == "pending"
    assert office.told(subject) == []


def test_the_plugin_hears_of_the_decision_in_the_same_transaction(office):
    wish, subject = office.wish()
    assert office.decide("keeper", wish) == "approved"
    assert office.told(subject) == ["approved"]
    assert waiting(office, "keeper") == []
    with office.work("clerk") as tx:
        found = require_approved(tx, kind=KIND, subject=subject)
        assert (found.public_id, found.state) == (wish, "approved")


def test_to_refuse_one_says_why(office):
    wish, subject = office.wish()
    with pytest.raises(ValidationFailed) as error:
        office.decide("keeper", wish, "refuse", "  ")
    assert list(error.value.fields) == ["comment"]
    assert office.decide("keeper", wish, "refuse", "We have chairs") == "refused"
    assert office.told(subject) == ["refused"]
    with office.work("clerk") as tx, pytest.raises(Conflict):
        require_approved(tx, kind=KIND, subject=subject)


def test_neither_who_asks_nor_who_gains_decides_in_any_capacity(office):
    by_keeper, _ = office.wish("keeper")
    for_keeper, _ = office.wish("clerk", gains="keeper")
    assert waiting(office, "keeper") == []
    assert waiting(office, "head") == [by_keeper, for_keeper]
    for wish in (by_keeper, for_keeper):
        with pytest.raises(Conflict, match="Nobody decides"):
            office.decide("keeper", wish)


def test_an_administrator_does_not_decide_what_is_their_own(office):
    office.rule("stores", ("admin",))
    wish, _ = office.wish("admin")
    with pytest.raises(Conflict, match="Nobody decides"):
        office.decide("admin", wish)
    assert waiting(office, "keeper") == [wish]


def test_a_deputy_decides_for_who_is_away_and_both_names_stand_there(office):
    delegation = office.deputy("keeper", "dewi")
    office.away("keeper")
    wish, _ = office.wish()
    assert waiting(office, "dewi") == waiting(office, "keeper") == [wish]
    (step,) = seen(office, "dewi", wish).steps
    assert [(one.name, one.for_name) for one in step.who] == [("Keeper", ""), ("Dewi", "Keeper")]
    assert step.who[1].decider.delegations == (delegation,)
    assert step.who[1].since is not None
    office.decide("dewi", wish)
    (step,) = seen(office, "clerk", wish).steps
    assert [translate(one.name) for one in step.made] == ["Dewi for Keeper"]
    with office.work() as tx:
        row = tx.session.scalars(select(ApprovalDecision)).one()
        assert (row.person_id, row.on_behalf_of_id) == (
            office.people["dewi"],
            office.people["keeper"],
        )
        entry = tx.session.scalars(
            select(AuditEntry).filter_by(action="core.approval_decided")
        ).one()
        assert entry.on_behalf_of_id == office.people["keeper"]
    with office.work("keeper") as tx:
        since = tx.now - timedelta(hours=1)
        (told,) = decided_for(tx, office.people["keeper"], since)
        assert (told.by, told.verdict, told.approval) == ("Dewi", "approve", wish)
        assert decided_for(tx, office.people["head"], since) == ()


def test_when_the_deputy_asks_it_goes_to_the_superior(office):
    office.deputy("keeper", "dewi")
    office.away("keeper")
    wish, _ = office.wish("dewi")
    assert waiting(office, "dewi") == []
    assert waiting(office, "head") == [wish]


def test_when_both_are_away_and_stand_in_for_one_another_the_superior_decides(office):
    office.deputy("keeper", "dewi")
    office.deputy("dewi", "keeper")
    office.away("keeper")
    office.away("dewi")
    wish, _ = office.wish()
    assert waiting(office, "dewi") == []
    assert office.decide("head", wish) == "approved"


def test_who_comes_back_early_has_it_alone_again_at_once(office):
    office.deputy("keeper", "dewi")
    office.away("keeper")
    wish, _ = office.wish()
    office.back("keeper")
    assert waiting(office, "dewi") == []
    assert waiting(office, "keeper") == [wish]


def test_a_deputy_who_leaves_in_the_middle_leaves_it_to_the_superior(office):
    office.deputy("keeper", "dewi")
    office.away("keeper")
    wish, _ = office.wish()
    with office.work("admin") as tx:
        who = person(tx, office.people["dewi"])
        yesterday = tx.today - timedelta(days=1)
        end_person(tx, who.public_id, EndPerson(version=who.version, last_day=yesterday))
    assert waiting(office, "head") == [wish]


def test_what_costs_more_than_the_deputy_may_decide_goes_to_the_superior(office):
    office.deputy("keeper", "dewi", max_amount=1000)
    office.away("keeper")
    small, _ = office.wish(amount=1000)
    large, _ = office.wish("other", amount=1001)
    assert waiting(office, "dewi") == [small]
    assert waiting(office, "head") == [large]


def test_of_two_managers_each_may_decide_and_the_first_counts(office):
    with office.work() as tx:
        office.people["second"] = add_person(
            tx, "Second", department_id=office.places["stores"], role="employee", kind="manager"
        )
    wish, subject = office.wish()
    assert waiting(office, "second") == waiting(office, "keeper") == [wish]
    version = office.row(wish)["version"]
    office.decide("second", wish, version=version)
    with office.work("keeper") as tx, pytest.raises(NotFound):
        decide(tx, wish, Decision(version=version, verdict="refuse", comment="No"))
    mine = Decider(person_id=office.people["keeper"])
    with office.work("keeper") as tx, pytest.raises(Conflict) as error:
        decide(tx, wish, Decision(version=version, verdict="refuse", comment="No"), seen=mine)
    assert said(error) == "Second has approved this already."
    assert office.told(subject) == ["approved"]


def test_a_department_without_a_manager_is_decided_above(office):
    with office.work() as tx:
        row = tx.session.scalars(
            select(Membership).filter_by(person_id=office.people["keeper"])
        ).one()
        row.kind = "member"
    wish, _ = office.wish()
    assert waiting(office, "head") == [wish]


def test_what_has_changed_quietly_is_void_when_somebody_decides(office):
    wish, subject = office.wish()
    with office.work("clerk") as tx:
        change_wish(tx, subject, "throne", quietly=True)
    assert office.decide("keeper", wish) == "void"
    assert office.told(subject) == ["void"]
    with office.work("keeper") as tx, pytest.raises(NotFound):
        find_approval(tx, wish)
    with office.work("clerk") as tx:
        assert approval_of(tx, kind=KIND, subject=subject).state == "void"


def test_what_was_approved_and_then_changed_is_approved_no_more(office):
    wish, subject = office.wish()
    office.decide("keeper", wish)
    with office.work("clerk") as tx:
        change_wish(tx, subject, "throne", quietly=True)
        with pytest.raises(Conflict, match="changed since"):
            require_approved(tx, kind=KIND, subject=subject)
        assert void_approval(tx, kind=KIND, subject=subject).state == "void"
    assert office.told(subject) == ["approved", "void"]
    with office.work("clerk") as tx:
        assert void_approval(tx, kind=KIND, subject=subject) is None
        with pytest.raises(Conflict, match="changed since"):
            require_approved(tx, kind=KIND, subject=subject)


def test_only_who_asked_withdraws_and_only_while_it_waits(office):
    wish, subject = office.wish()
    with office.work("other") as tx, pytest.raises(NotFound):
        withdraw_approval(tx, kind=KIND, subject=subject)
    with office.work("keeper") as tx, pytest.raises(NotFound):
        withdraw_request(tx, wish)
    with office.work("clerk") as tx:
        assert withdraw_approval(tx, kind=KIND, subject=subject).state == "withdrawn"
    assert office.told(subject) == ["withdrawn"]
    with office.work("clerk") as tx, pytest.raises(Conflict, match="withdrawn"):
        withdraw_approval(tx, kind=KIND, subject=subject)
    mine = Decider(person_id=office.people["keeper"])
    with office.work("keeper") as tx, pytest.raises(Conflict, match="withdrawn"):
        decide(tx, wish, Decision(version=1, verdict="approve"), seen=mine)


def test_a_record_waits_once(office):
    _, subject = office.wish()
    ask = {"kind": KIND, "subject": subject, "title": "Again", "amount": None}
    with office.work("clerk") as tx, pytest.raises(Conflict, match="already"):
        ask_approval(tx, **ask, department_id=office.places["stores"])
    with office.work("other") as tx:
        withdrawn = approval_of(tx, kind=KIND, subject=subject)
        assert withdrawn.state == "pending"


def test_only_people_ask(office):
    with office.work() as tx, pytest.raises(Forbidden):
        make_wish(tx, MakeWish(what="chair", department_id=office.places["stores"]))


def test_steps_follow_one_another_and_a_new_one_asks_others(office):
    office.rule("stores")
    office.rule("stores", ("chief",), step=2)
    wish, subject = office.wish()
    assert office.decide("keeper", wish) == "next"
    assert office.told(subject) == []
    assert waiting(office, "keeper") == []
    assert waiting(office, "chief") == [wish]
    assert office.decide("chief", wish) == "approved"
    states = [(one.n, one.state, len(one.made)) for one in seen(office, "clerk", wish).steps]
    assert states == [(1, "passed", 1), (2, "passed", 1)]


def test_of_a_group_as_many_must_approve_as_the_rule_says(office):
    office.rule(None, ("dewi", "eko", "chief"), needed=2)
    wish, subject = office.wish()
    assert office.decide("dewi", wish) == "counted"
    assert waiting(office, "dewi") == []
    assert waiting(office, "eko") == waiting(office, "chief") == [wish]
    with pytest.raises(Conflict, match="decided this already"):
        office.decide("dewi", wish)
    assert office.decide("eko", wish) == "approved"
    assert office.told(subject) == ["approved"]


def test_a_deputy_gives_the_voice_of_who_is_away_only_once(office):
    office.rule(None, ("dewi", "eko"), needed=2)
    office.deputy("dewi", "other")
    office.away("dewi")
    wish, _ = office.wish()
    assert office.decide("other", wish) == "counted"
    assert waiting(office, "dewi") == []
    assert office.decide("eko", wish) == "approved"


def test_a_group_too_small_is_filled_from_above_and_never_left_alone(office):
    office.rule(None, ("dewi",), needed=2)
    wish, _ = office.wish()
    office.decide("dewi", wish)
    assert waiting(office, "keeper") == [wish]
    assert office.decide("keeper", wish) == "approved"


def test_who_read_an_older_state_is_told_who_decided_meanwhile(office):
    office.rule(None, ("dewi", "eko", "chief"), needed=2)
    wish, _ = office.wish()
    version = office.row(wish)["version"]
    office.decide("dewi", wish, version=version)
    with pytest.raises(EditConflict) as error:
        office.decide("eko", wish, version=version)
    assert said(error) == "Dewi has approved this meanwhile. Read it again."


def test_who_holds_a_role_there_decides(office):
    with office.work() as tx:
        role = tx.session.scalars(select(Role.id).filter_by(slug="executive")).one()
        give_role(tx, office.people["eko"], "executive", department_id=office.places["middle"])
        give_role(tx, office.people["dewi"], "executive", department_id=office.places["top"])
    office.rule(None, who="role", role_id=role)
    wish, _ = office.wish()
    assert waiting(office, "eko") == waiting(office, "dewi") == [wish]
    above, _ = office.wish(place="top")
    assert waiting(office, "eko") == [wish]
    assert waiting(office, "dewi") == [wish, above]


def test_what_is_asked_in_pieces_takes_the_steps_of_the_whole(office):
    office.rule(None)
    office.rule(None, from_amount=1000)
    office.rule(None, ("chief",), from_amount=1000, step=2)
    first, _ = office.wish(amount=600)
    second, _ = office.wish(what="table", amount=600)
    other, _ = office.wish("other", amount=600)
    assert len(seen(office, "clerk", first).steps) == 1
    shown = seen(office, "clerk", second)
    assert len(shown.steps) == 2
    assert (shown.together, [translate(one) for one in shown.others]) == (1200, ["Wish for chair"])
    assert len(seen(office, "other", other).steps) == 1


def test_what_was_refused_or_long_ago_does_not_count_together(office):
    office.rule(None)
    office.rule(None, ("chief",), from_amount=1000)
    first, _ = office.wish(amount=600)
    office.decide("keeper", first, "refuse", "No")
    second, _ = office.wish(amount=600)
    assert seen(office, "clerk", second).together is None
    with office.work() as tx:
        tx.one(select(ApprovalRequest), public_id=second).asked_at -= timedelta(days=7, minutes=1)
    third, _ = office.wish(amount=600)
    assert waiting(office, "keeper") == [second, third]


def test_others_see_nothing_of_it(office):
    wish, _ = office.wish(gains="other")
    for who in ("clerk", "other", "keeper"):
        assert seen(office, who, wish).approval.public_id == wish
    for who in ("head", "dewi", "admin"):
        with office.work(who) as tx, pytest.raises(NotFound):
            find_approval(tx, wish)
        with pytest.raises(NotFound):
            office.decide(who, wish)
    office.decide("keeper", wish)
    assert seen(office, "keeper", wish).decider is None


def test_of_all_requests_a_query_gives_only_ones_own(office):
    office.wish()
    office.wish("other")
    with office.work("clerk") as tx:
        found = tx.session.scalars(select(ApprovalRequest.requester_id)).all()
        assert found == [office.people["clerk"]]
    with office.work("admin") as tx:
        assert tx.session.scalars(select(ApprovalRequest.id)).all() == []
        assert tx.session.scalars(select(ApprovalStep.id)).all() == []


def test_a_deputy_whose_time_ended_is_told_why_and_nothing_is_decided(office):
    delegation = office.deputy("keeper", "dewi")
    office.away("keeper")
    wish, subject = office.wish()
    shown = seen(office, "dewi", wish)
    office.end_deputy(delegation)
    decision = Decision(version=shown.approval.version, verdict="approve")
    with office.work("dewi") as tx, pytest.raises(Conflict) as error:
        decide(tx, wish, decision, seen=shown.decider)
    assert said(error).startswith("You stand in for Keeper no more: that was ended.")
    assert office.told(subject) == []


def test_a_deputy_is_told_that_somebody_is_back(office):
    office.deputy("keeper", "dewi")
    office.away("keeper")
    wish, _ = office.wish()
    shown = seen(office, "dewi", wish)
    office.back("keeper")
    with office.work("dewi") as tx, pytest.raises(Conflict, match="Keeper is back"):
        decide(tx, wish, Decision(version=1, verdict="approve"), seen=shown.decider)


def test_a_deputy_is_told_that_the_days_are_over(office):
    delegation = office.deputy("keeper", "dewi", first=-3, last=-1)
    wish, _ = office.wish()
    mine = Decider(
        person_id=office.people["dewi"],
        way=Way.DEPUTY,
        for_id=office.people["keeper"],
        delegations=(delegation,),
    )
    with office.work("dewi") as tx, pytest.raises(Conflict, match="are over"):
        decide(tx, wish, Decision(version=1, verdict="approve"), seen=mine)


def test_what_waits_is_reminded_of_once_and_then_the_superior_may_decide_too(office):
    office.rule("stores", remind_hours=8, escalate_hours=16)
    wish, subject = office.wish()
    with office.work() as tx:
        assert remind(tx) == 0
        step = tx.session.scalars(select(ApprovalStep)).one()
        remind_at, escalate_at = step.remind_at, step.escalate_at
        assert tx.now < remind_at < escalate_at
    with office.work() as tx:
        assert remind(tx, remind_at) == 1
    with office.work() as tx:
        assert remind(tx, remind_at) == 0
    assert waiting(office, "head") == []
    with office.work() as tx:
        assert remind(tx, escalate_at) == 1
        assert remind(tx, escalate_at) == 0
    assert waiting(office, "head") == waiting(office, "keeper") == [wish]
    assert office.told(subject) == []
    assert office.decide("head", wish) == "approved"
    with office.work() as tx:
        assert remind(tx, escalate_at + timedelta(days=30)) == 0


def test_a_reminder_does_not_make_a_page_that_is_open_old(office):
    wish, _ = office.wish()
    version = office.row(wish)["version"]
    with office.work() as tx:
        assert remind(tx, tx.now + timedelta(days=60)) == 1
    assert office.decide("keeper", wish, version=version) == "approved"


def test_what_nobody_decides_ends_after_half_a_year_and_is_not_approved(office):
    wish, subject = office.wish()
    with office.work() as tx:
        assert expire(tx, tx.now + timedelta(days=179)) == 0
    with office.work() as tx:
        assert expire(tx, tx.now + timedelta(days=181)) == 1
    assert office.row(wish)["state"] == "expired"
    assert office.told(subject) == ["expired"]


def test_a_decision_stays_as_it_was_made(office):
    wish, _ = office.wish()
    office.decide("keeper", wish)
    for sql in (
        "UPDATE approval_decision SET verdict = 'refuse', comment = 'x'",
        "DELETE FROM approval_decision",
    ):
        with pytest.raises(DBAPIError, match="append-only"), office.work() as tx:
            tx.session.execute(text(sql))


def test_a_decision_of_a_fault_in_the_plugin_is_none(office, monkeypatch):
    wish, _ = office.wish()
    runtime = office.app.extensions["kantor"]

    def fails(tx, outcome):
        raise Conflict(message("Out of money"))

    kind = dataclasses.replace(runtime.approvals()[KIND], decided=fails)
    monkeypatch.setattr(type(runtime), "approvals", lambda self: {KIND: kind})
    with pytest.raises(Conflict, match="Out of money"):
        office.decide("keeper", wish)
    assert office.row(wish)["state"] == "pending"
    with office.work() as tx:
        assert tx.session.scalars(select(ApprovalDecision)).all() == []


def test_what_belongs_to_an_app_that_is_gone_waits_but_cannot_be_decided(office, monkeypatch):
    wish, _ = office.wish()
    runtime = office.app.extensions["kantor"]
    monkeypatch.setattr(type(runtime), "approvals", lambda self: {})
    assert seen(office, "keeper", wish).subject is None
    with pytest.raises(Conflict, match="not there at the moment"):
        office.decide("keeper", wish)


def test_a_request_for_a_department_that_moves_goes_with_it(office):
    wish, _ = office.wish()
    office.away("keeper")
    with office.work() as tx:
        tx.one(select(Department), id=office.places["stores"]).parent_id = office.places["top"]
    assert waiting(office, "chief") == [wish]
