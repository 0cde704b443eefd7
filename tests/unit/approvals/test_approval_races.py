"""Several people at the same request at the same moment: one of them is first, the other is told.

Everybody has read the page before anybody sends: between reading and writing stands a barrier.
"""

from __future__ import annotations

import os
import re
from html import unescape

import pytest
from sqlalchemy import select

from portal.approvals.models import ApprovalDecision
from portal.delegation.models import Delegation
from portal.delegation.services import end_delegation
from portal.testing import together

ROUNDS = range(int(os.environ.get("KANTOR_TEST_ROUNDS", "5")))
HIDDEN = re.compile(r'name="(version|seen)"[^>]*value="([^"]*)"')


def text_of(answer):
    return unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def decides(office, who, wish, verdict="approve", comment="Because"):
    """Return what sends somebody's decision; the page is read already."""
    client = office.client(who)
    page = client.get(f"/approvals/{wish}").get_data(as_text=True)
    kept = {name: unescape(value) for name, value in HIDDEN.findall(page)}
    data = kept | {"verdict": verdict, "comment": comment}
    return lambda: client.post(f"/approvals/{wish}/decide", data=dict(data))


def decisions(office):
    with office.work() as tx:
        return len(tx.session.scalars(select(ApprovalDecision.id)).all())


@pytest.mark.parametrize("_", ROUNDS)
def test_of_two_who_decide_at_once_one_counts_and_the_other_is_told_who(office, _):
    office.rule("stores", ("keeper", "dewi"))
    wish, subject = office.wish()
    acts = decides(office, "keeper", wish), decides(office, "dewi", wish, "refuse", "Too dear")
    answers = together(*acts)
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    first = "Keeper" if answers[0].status_code == 303 else "Dewi"
    state = {"Keeper": "approved", "Dewi": "refused"}[first]
    late = answers[1] if first == "Keeper" else answers[0]
    assert f"{first} has {state} this already." in text_of(late)
    assert office.told(subject) == [state]
    assert decisions(office) == 1


@pytest.mark.parametrize("_", ROUNDS)
def test_what_is_withdrawn_and_approved_at_once_is_one_of_both(office, _):
    wish, subject = office.wish()
    clerk, approves = office.client("clerk"), decides(office, "keeper", wish)
    withdraws = lambda: clerk.post(f"/approvals/{wish}/withdraw")  # noqa: E731
    approved, withdrawn = together(approves, withdraws)
    assert sorted((approved.status_code, withdrawn.status_code)) == [303, 409]
    if approved.status_code == 303:
        assert "Keeper has approved this already." in text_of(withdrawn)
        assert office.told(subject) == ["approved"]
    else:
        assert "withdrawn" in text_of(approved)
        assert office.told(subject) == ["withdrawn"]
    assert decisions(office) == (1 if approved.status_code == 303 else 0)


@pytest.mark.parametrize("_", ROUNDS)
def test_a_deputy_who_clicks_as_it_ends_has_decided_or_is_told_why_not(office, _):
    delegation = office.deputy("keeper", "dewi")
    office.away("keeper")
    wish, subject = office.wish()
    with office.work() as tx:
        row = tx.one(select(Delegation), id=delegation)
        public_id, version = row.public_id, row.version

    def ends():
        with office.work("keeper") as tx:
            end_delegation(tx, public_id, version)

    answer, ended = together(decides(office, "dewi", wish), ends)
    assert ended is None
    if answer.status_code == 303:
        assert office.told(subject) == ["approved"]
    else:
        assert answer.status_code == 409
        assert "You stand in for Keeper no more" in text_of(answer)
        assert "Because" in text_of(answer)
        assert office.told(subject) == []
    assert decisions(office) == len(office.told(subject))


@pytest.mark.parametrize("_", ROUNDS)
def test_a_double_click_decides_once(office, _):
    office.rule(None, ("keeper", "dewi"), needed=2)
    wish, _subject = office.wish()
    send = decides(office, "keeper", wish)
    answers = together(send, send)
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert decisions(office) == 1
