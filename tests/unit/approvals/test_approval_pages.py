"""The pages of requests and rules, as people see and send them."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from sqlalchemy import select

from portal.approvals.models import ApprovalRule
from portal.people.models import Department, Person
from portal.roles.models import Role
from portal.testing import counting_statements

from .wishes import KIND, change_wish

HIDDEN = re.compile(r'name="(version|seen)"[^>]*value="([^"]*)"')


def text_of(answer):
    return unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def hidden(answer):
    page = answer.get_data(as_text=True)
    return {name: unescape(value) for name, value in HIDDEN.findall(page)}


def send(client, wish, verdict="approve", comment="", fields=None):
    page = f"/approvals/{wish}"
    kept = hidden(client.get(page)) if fields is None else fields
    return client.post(f"{page}/decide", data={**kept, "verdict": verdict, "comment": comment})


def rows(client, address="/approvals", query=""):
    answer = client.get(f"{address}?format=csv{query}")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def public_id(office, model, number):
    with office.work() as tx:
        return tx.one(select(model), id=number).public_id


def test_what_waits_stands_in_a_list_with_who_asks_and_how_much(office):
    office.wish(amount=250_000_00)
    client = office.client("keeper")
    page = text_of(client.get("/approvals"))
    assert "Wish for chair" in page
    assert "Rp 250,000" in page
    assert "Clerk" in page
    assert rows(client)[0]["Request"] == "Wish for chair"
    assert "Nothing waits for you" in text_of(office.client("head").get("/approvals"))


def test_the_list_asks_six_statements_whatever_says_who_decides(office):
    with office.work() as tx:
        role = tx.one(select(Role), slug="employee").id
    for place in ("top", "middle", "stores"):
        office.wish("clerk", place, amount=100, place=place)
    office.rule("stores", who="role", role_id=role, step=1)
    office.rule("middle", people=("keeper", "eko"))
    for place in ("top", "middle", "stores"):
        office.wish("other", place, amount=300, place=place)
    office.away("head")
    office.deputy("head", "dewi")
    for who, right in (("keeper", "My own"), ("dewi", "Head")):
        client = office.client(who)
        for _ in range(2):  # The first page in a process remembers what the following use.
            with counting_statements(office.app) as seen:
                page = client.get("/approvals").text
        assert '<option value="own"' in page
        assert right in page
        assert len(seen) <= 6


def test_an_approval_leads_to_what_waits_next_and_then_to_the_list(office):
    first, _ = office.wish()
    second, _ = office.wish("other", "table")
    client = office.client("keeper")
    answer = send(client, first)
    assert (answer.status_code, answer.location) == (303, f"/approvals/{second}")
    assert "Approved." in text_of(client.get(answer.location))
    answer = send(client, second, "refuse", "We have tables")
    assert (answer.status_code, answer.location) == (303, "/approvals")
    assert [row["Decision"] for row in rows(client, "/approvals/decided")] == [
        "Refused",
        "Approved",
    ]


def test_the_page_says_who_decides_today_and_since_when_they_stand_in(office):
    office.deputy("keeper", "dewi")
    office.away("keeper")
    wish, _ = office.wish()
    page = text_of(office.client("clerk").get(f"/approvals/{wish}"))
    assert "Keeper" in page
    assert re.search(r"Dewi\s+for Keeper, as deputy\s+since", page)
    assert "Approve" not in page.replace("Approvals", "")
    assert "You decide for Keeper" in text_of(office.client("dewi").get(f"/approvals/{wish}"))


def test_to_refuse_without_a_reason_says_so_beside_the_field(office):
    wish, _ = office.wish()
    answer = send(office.client("keeper"), wish, "refuse")
    assert answer.status_code == 422
    assert "Say why, so that whoever asked knows what to do." in text_of(answer)


def test_the_second_is_told_who_was_first_and_keeps_what_they_wrote(office):
    office.rule("stores", ("keeper", "dewi"))
    wish, subject = office.wish()
    keeper, dewi = office.client("keeper"), office.client("dewi")
    kept = hidden(dewi.get(f"/approvals/{wish}"))
    send(keeper, wish)
    answer = send(dewi, wish, "refuse", "Too dear", kept)
    assert answer.status_code == 409
    assert "Keeper has approved this already." in text_of(answer)
    assert "Too dear" in text_of(answer)
    assert office.told(subject) == ["approved"]


def test_a_deputy_whose_time_ended_is_told_why_and_keeps_what_they_wrote(office):
    delegation = office.deputy("keeper", "dewi")
    office.away("keeper")
    wish, subject = office.wish()
    dewi = office.client("dewi")
    kept = hidden(dewi.get(f"/approvals/{wish}"))
    office.end_deputy(delegation)
    answer = send(dewi, wish, "refuse", "Too dear", kept)
    assert answer.status_code == 409
    assert "You stand in for Keeper no more" in text_of(answer)
    assert "Too dear" in text_of(answer)
    assert "Wish for chair" not in text_of(answer)
    assert office.told(subject) == []
    assert dewi.get(f"/approvals/{wish}").status_code == 404


def test_who_never_could_decide_finds_no_page_and_a_mark_of_others_does_not_help(office):
    wish, _ = office.wish()
    kept = hidden(office.client("keeper").get(f"/approvals/{wish}"))
    for who in ("dewi", "admin", "head"):
        client = office.client(who)
        assert client.get(f"/approvals/{wish}").status_code == 404
        assert send(client, wish, fields=kept).status_code == 404
        assert client.post(f"/approvals/{wish}/withdraw").status_code == 404
    assert office.row(wish)["state"] == "pending"


@pytest.mark.parametrize("seen", ["x", "1.2", "W10.x"])
def test_a_mark_that_is_none_is_no_error(office, seen):
    wish, _ = office.wish()
    answer = send(office.client("dewi"), wish, fields={"version": "1", "seen": seen})
    assert answer.status_code == 404


def test_who_asks_withdraws_and_does_not_decide(office):
    wish, subject = office.wish()
    client = office.client("clerk")
    page = client.get(f"/approvals/{wish}")
    assert 'value="approve"' not in page.get_data(as_text=True)
    answer = send(client, wish)
    assert answer.status_code == 409
    assert "Nobody decides what they ask for themselves" in text_of(answer)
    assert client.post(f"/approvals/{wish}/withdraw").status_code == 303
    assert "Withdrawn" in text_of(client.get(f"/approvals/{wish}"))
    assert rows(client, "/approvals/asked")[0]["State"] == "Withdrawn"
    assert office.told(subject) == ["withdrawn"]


def test_what_has_changed_is_not_decided_and_the_page_says_so(office):
    wish, subject = office.wish()
    client = office.client("keeper")
    kept = hidden(client.get(f"/approvals/{wish}"))
    with office.work("clerk") as tx:
        change_wish(tx, subject, "throne", quietly=True)
    answer = send(client, wish, fields=kept)
    assert answer.status_code == 303
    assert "This has changed since it was asked" in text_of(client.get(answer.location))
    assert office.told(subject) == ["void"]


def test_what_waits_can_be_narrowed_to_whom_one_stands_in_for(office):
    office.deputy("head", "keeper")
    office.away("head")
    office.wish()
    office.wish("eko", "lamp", place="middle")
    client = office.client("keeper")
    head = public_id(office, Person, office.people["head"])
    assert [row["Request"] for row in rows(client)] == ["Wish for chair", "Wish for lamp"]
    assert [row["In whose right"] for row in rows(client)] == ["My own", "Head"]
    assert [row["Request"] for row in rows(client, query="&right=own")] == ["Wish for chair"]
    assert [row["Request"] for row in rows(client, query=f"&right={head}")] == ["Wish for lamp"]


def test_pages_of_many_requests_follow_one_another(office):
    for number in range(60):
        office.wish(what=f"chair {number:02}")
    client = office.client("keeper")
    first = client.get("/approvals").get_data(as_text=True)
    assert first.count("Wish for chair") == 50
    (after,) = re.findall(r'href="(/approvals\?after=[^"]+)"', first)[:1]
    second = client.get(unescape(after)).get_data(as_text=True)
    assert second.count("Wish for chair") == 10
    (before,) = re.findall(r'href="(/approvals\?before=[^"]+)"', second)[:1]
    assert client.get(unescape(before)).get_data(as_text=True).count("Wish for chair") == 50
    assert [row["Request"] for row in rows(client)] == [f"Wish for chair {n:02}" for n in range(60)]


def rule_form(**more):
    form = {"kind": KIND, "step": "1", "who": "manager", "needed": "1"}
    return form | {"remind_hours": "8", "escalate_hours": "24"} | more


def test_an_administrator_says_who_decides_and_tries_it_out(office):
    client = office.client("admin")
    chief = public_id(office, Person, office.people["chief"])
    stores = public_id(office, Department, office.places["stores"])
    assert "whoever leads the department decides" in text_of(client.get("/approvals/rules"))
    form = rule_form(who="people", person1=chief, from_amount="1,000,000")
    assert client.post("/approvals/rules/new", data=form).status_code == 303
    page = text_of(client.get("/approvals/rules"))
    assert "from Rp 1,000,000 on" in page
    assert "Decided by Chief; reminded after 8 working hours" in page
    tried = f"/approvals/rules?kind={KIND}&department={stores}&amount=3,000,000"
    page = text_of(client.get(tried))
    assert re.search(r"Step 1\s+Decided by Chief", page)
    page = text_of(client.get(f"/approvals/rules?kind={KIND}&department={stores}&amount=5"))
    assert re.search(r"Step 1\s+Decided by whoever leads the department", page)
    assert re.search(r"Today that is\s+Keeper", page)


def test_a_rule_that_is_changed_holds_for_what_is_asked_later(office):
    client = office.client("admin")
    client.post("/approvals/rules/new", data=rule_form())
    before, _ = office.wish()
    with office.work() as tx:
        role = tx.session.scalars(select(Role.public_id).filter_by(slug="administrator")).one()
        (rule,) = tx.session.scalars(select(ApprovalRule.public_id)).all()
    edit = f"/approvals/rules/{rule}/edit"
    assert 'value="8"' in client.get(edit).get_data(as_text=True)
    assert client.post(edit, data=rule_form(who="role", role=role)).status_code == 303
    after, _ = office.wish("other", "table")
    assert [row["Request"] for row in rows(office.client("keeper"))] == ["Wish for chair"]
    assert client.post(edit, data=rule_form()).status_code == 409
    assert client.get(edit).status_code == 404
    assert before != after


def test_what_cannot_be_a_rule_is_said_beside_its_field(office):
    client = office.client("admin")
    for form, sentence in (
        (rule_form(who="people"), "Name at least one person."),
        (rule_form(who="role"), "Choose the role."),
        (rule_form(escalate_hours="8"), "Later than the reminder."),
        (rule_form(kind="wishes.other"), "Choose one of the list."),
        (rule_form(step="0"), "Step"),
    ):
        answer = client.post("/approvals/rules/new", data=form)
        assert answer.status_code == 422
        assert sentence in text_of(answer)
    client.post("/approvals/rules/new", data=rule_form())
    answer = client.post("/approvals/rules/new", data=rule_form())
    assert "There is such a step already." in text_of(answer)


def test_rules_are_for_administrators(office):
    assert office.client("keeper").get("/approvals/rules").status_code == 403
    assert office.client("keeper").post("/approvals/rules/new", data=rule_form()).status_code == 403


def test_a_rule_that_is_ended_holds_no_more(office):
    client = office.client("admin")
    rule = public_id(office, ApprovalRule, office.rule(None, ("chief",)))
    assert client.post(f"/approvals/rules/{rule}/end").status_code == 303
    office.wish()
    assert len(rows(office.client("keeper"))) == 1
    assert client.post(f"/approvals/rules/{rule}/end").status_code == 409
