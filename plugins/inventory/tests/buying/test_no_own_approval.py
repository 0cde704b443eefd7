"""Nobody approves what they ask for, nor what is for them, by any road that the pages offer or a
hand-made form tries.
"""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import func, select

from portal.api import Delegation, Person, Place
from portal.testing import add_person, give_role

OWN = "Nobody decides what they ask for themselves, or what is for them."
KIND = "inventory.requisition"
LAMPS = 2 * 150_000_00  # what clinic.wish() costs


def of_core(name):
    """Return a class of the portal itself, which plugins have no business with."""
    return next(m.class_ for m in Place.registry.mappers if m.class_.__name__ == name)


@pytest.fixture
def office(clinic):
    """The clinic, above whose laboratory stands a director, with somebody who falls in last."""
    department = of_core("Department")
    with clinic.work() as tx:
        lab = tx.session.get(department, clinic.shop.world.departments["lab"])
        above = department(name="Medicine")
        tx.session.add(above)
        tx.session.flush()
        lab.parent_id = above.id
        clinic.director = add_person(
            tx, "Director", department_id=above.id, role="department_manager", kind="manager"
        )
        clinic.admin = add_person(tx, "Adi", department_id=lab.id, role="employee")
        give_role(tx, clinic.admin, "administrator", department_id=None)
    return clinic


def public(clinic, who):
    with clinic.work() as tx:
        return tx.session.get(Person, clinic.person(who)).public_id


def stands_in(clinic, principal, deputy, **more):
    with clinic.work() as tx:
        days = {"from_on": tx.today, "last_on": tx.today + timedelta(days=3)}
        said = {"only_when_absent": False, **days, **more}
        row = Delegation(
            principal_id=clinic.person(principal), deputy_id=clinic.person(deputy), **said
        )
        tx.session.add(row)


def away(clinic, who):
    with clinic.work() as tx:
        days = {"from_on": tx.today, "last_on": tx.today + timedelta(days=3)}
        half = {"from_noon": False, "until_noon": False}
        row = of_core("Absence")(person_id=clinic.person(who), source="own", **half, **days)
        tx.session.add(row)


def rule(clinic, *people, step=1, from_amount=0, needed=1, role=None):
    """Say who decides in the laboratory: these people, a role, or whoever leads it."""
    named = of_core("ApprovalRulePerson")
    with clinic.work() as tx:
        who = "people" if people else "role" if role else "manager"
        found = select(of_core("Role").id).filter_by(slug=role)
        row = of_core("ApprovalRule")(
            kind=KIND,
            department_id=clinic.shop.world.departments["lab"],
            from_amount=from_amount,
            step=step,
            who=who,
            role_id=tx.session.scalars(found).one() if role else None,
            needed=needed,
            remind_hours=8,
            made_at=tx.now,
            slot=f"lab-{from_amount}-{step}",
        )
        row.people = [named(person_id=clinic.person(one)) for one in people]
        tx.session.add(row)


def page_of(clinic, request):
    return f"/approvals/{clinic.approval(request).public_id}"


def decisions(clinic):
    with clinic.work() as tx:
        return tx.session.scalar(select(func.count(of_core("ApprovalDecision").id)))


def mark_of(clinic, who, request):
    """Return the signed mark in the page of somebody who may decide."""
    page = clinic.client(who).get(page_of(clinic, request)).text
    return unescape(re.search(r'name="seen"[^>]*value="([^"]*)"', page)[1])


def words(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def assert_cannot(clinic, who, request, mark="", said=OWN):
    """Assert that nothing is offered to somebody, and that no form sent by hand does anything.

    ``mark`` is what stands in the page of somebody else, who may; ``said`` what is answered, empty
    for who may not even know of the request.
    """
    asked, status, before = clinic.approval(request), clinic.status(request), decisions(clinic)
    client, page = clinic.client(who), page_of(clinic, request)
    shown = client.get(page)
    assert shown.status_code == (200 if said else 404)
    assert f"{page}/decide" not in shown.text
    for waits in ("/approvals", "/work", "/work?part=deputy"):
        assert page not in client.get(waits).text
    for verdict in ("approve", "refuse"):
        for seen in {"", mark, "x"}:
            form = {"version": asked.version, "verdict": verdict, "comment": "Mine", "seen": seen}
            answer = client.post(f"{page}/decide", data=form)
            assert answer.status_code == (409 if said else 404)
            assert said in words(answer)
            if said:
                assert "Mine" in words(answer)
    assert decisions(clinic) == before
    assert clinic.status(request) == status
    now = clinic.approval(request)
    assert (now.state, now.version) == ("pending", asked.version)


def approves(clinic, who, request):
    """Assert that somebody else is offered the buttons, and that theirs counts."""
    page = page_of(clinic, request)
    assert f"{page}/decide" in clinic.client(who).get(page).text
    assert clinic.decide(who, request).status_code == 303


def test_whoever_leads_the_department_asks_who_is_above(office):
    request = office.ask("manager", office.wish())
    assert_cannot(office, "manager", request, mark_of(office, "director", request))
    approves(office, "director", request)
    assert office.status(request)[0] == "asked"


def test_the_deputy_of_whoever_decides_does_not_decide_their_own(office):
    stands_in(office, "manager", "clerk")
    request = office.ask("clerk", office.wish())
    assert_cannot(office, "clerk", request, mark_of(office, "manager", request))
    approves(office, "manager", request)


def test_a_deputy_whom_somebody_has_named_does_not_decide_for_them_what_is_theirs(office):
    stands_in(office, "manager", "colleague")
    request = office.ask("manager", office.wish())
    assert_cannot(office, "colleague", request, said="")
    assert_cannot(office, "manager", request)
    approves(office, "director", request)


def test_one_who_names_themselves_by_a_chain_of_deputies_is_left_out(office):
    for who in ("manager", "colleague"):
        away(office, who)
    stands_in(office, "manager", "colleague", only_when_absent=True)
    stands_in(office, "colleague", "clerk", only_when_absent=True)
    other = office.ask("colleague", office.wish())
    assert_cannot(office, "colleague", other)
    request = office.ask("clerk", office.wish())
    assert_cannot(office, "clerk", request, mark_of(office, "manager", request))
    approves(office, "director", request)


def test_an_administrator_decides_neither_their_own_nor_what_others_decide(office):
    request = office.ask("admin", office.wish())
    assert_cannot(office, "admin", request, mark_of(office, "manager", request))
    assert_cannot(office, "admin", office.ask("clerk", office.wish()), said="")
    approves(office, "manager", request)


def test_an_administrator_who_makes_a_rule_for_themselves_is_left_out_of_it(office):
    client = office.client("admin")
    with office.work() as tx:
        lab = tx.session.get(of_core("Department"), office.shop.world.departments["lab"]).public_id
    form = {"kind": KIND, "department": lab, "step": "1", "who": "people", "needed": "1"}
    form |= {"person1": public(office, "admin"), "remind_hours": "8"}
    before = office.ask("admin", office.wish())
    assert client.post("/approvals/rules/new", data=form).status_code == 303
    assert_cannot(office, "admin", before)
    request = office.ask("admin", office.wish())
    assert_cannot(office, "admin", request, mark_of(office, "manager", request))
    approves(office, "admin", office.ask("clerk", office.wish()))
    approves(office, "manager", request)


def test_where_nobody_leads_another_administrator_falls_in_and_never_who_asks(office):
    for who in ("manager", "director"):
        with office.work() as tx:
            seat = select(of_core("Membership")).filter_by(person_id=office.person(who))
            tx.session.scalars(seat).one().kind = "member"
    request = office.ask("admin", office.wish())
    assert_cannot(office, "admin", request)
    office.second_admin = office.shop.world.people["administrator"]
    approves(office, "second_admin", request)


def test_who_holds_the_role_of_the_rule_is_left_out(office):
    lab = office.shop.world.departments["lab"]
    rule(office, role="executive")
    with office.work() as tx:
        for who in ("clerk", "colleague"):
            give_role(tx, office.person(who), "executive", department_id=lab)
    request = office.ask("clerk", office.wish())
    assert_cannot(office, "clerk", request, mark_of(office, "colleague", request))
    approves(office, "colleague", request)


def test_of_a_group_of_whom_two_must_approve_the_asker_is_none(office):
    rule(office, "clerk", "colleague", "manager", needed=2)
    stands_in(office, "manager", "clerk")
    request = office.ask("clerk", office.wish())
    assert_cannot(office, "clerk", request, mark_of(office, "colleague", request))
    approves(office, "colleague", request)
    assert office.status(request)[0] == "waiting"
    assert_cannot(office, "clerk", request, mark_of(office, "manager", request))
    answer = office.decide("colleague", request)
    assert (answer.status_code, decisions(office)) == (409, 1)
    assert "You have decided this already." in words(answer)
    approves(office, "manager", request)
    assert office.status(request)[0] == "asked"


def test_a_group_of_one_who_asks_is_replaced_by_who_leads(office):
    rule(office, "clerk")
    request = office.ask("clerk", office.wish())
    assert_cannot(office, "clerk", request, mark_of(office, "manager", request))
    approves(office, "manager", request)


def test_what_is_for_somebody_is_decided_by_neither(office):
    request = office.ask("manager", office.wish(), beneficiary=public(office, "clerk"))
    stands_in(office, "director", "clerk")
    for who in ("manager", "clerk"):
        assert_cannot(office, who, request, mark_of(office, "director", request))
    approves(office, "director", request)
    request = office.ask("clerk", office.wish(), beneficiary=public(office, "manager"))
    for who in ("manager", "clerk"):
        assert_cannot(office, who, request)
    approves(office, "director", request)


def words_form(quantity, price, **more):
    said = {"text": "Desk lamp", "quantity": quantity, "unit": "piece", "price": price}
    return {"wish": "w0"} | {f"w0-{name}": value for name, value in said.items()} | more


def test_editing_what_was_approved_makes_it_void_and_nobody_approves_their_change(office):
    stands_in(office, "manager", "clerk")
    request = office.ask("clerk", office.wish())
    approves(office, "manager", request)
    old = page_of(office, request)
    client = office.client("clerk")
    form = words_form("20", "900000", version=str(office.status(request)[1]))
    assert client.post(f"/inventory/requests/{request}/edit", data=form).status_code == 303
    assert office.status(request)[0] == "waiting"
    assert "No longer counts" in words(client.get(old))
    for who in ("clerk", "manager"):
        late = {"version": "2", "verdict": "approve"}
        late = office.client(who).post(f"{old}/decide", data=late)
        assert late.status_code == 409
        assert "What was asked has changed since, so this does not count any more." in words(late)
    assert_cannot(office, "clerk", request, mark_of(office, "manager", request))
    assert page_of(office, request) != old
    assert office.approval(request).amount == 20 * 900_000_00
    approves(office, "manager", request)


def test_what_is_edited_to_cost_more_takes_the_steps_of_that(office):
    rule(office)
    rule(office, from_amount=1_000_000_00)
    rule(office, "director", from_amount=1_000_000_00, step=2)
    request = office.ask("clerk", office.wish())
    approves(office, "manager", request)
    assert office.status(request)[0] == "asked"
    form = words_form("2", "900000", version=str(office.status(request)[1]))
    client = office.client("clerk")
    assert client.post(f"/inventory/requests/{request}/edit", data=form).status_code == 303
    approves(office, "manager", request)
    assert office.status(request)[0] == "waiting"
    approves(office, "director", request)
    assert office.status(request)[0] == "asked"


def test_what_nobody_knows_the_price_of_takes_the_steps_of_the_highest_amount(office):
    rule(office)
    rule(office, from_amount=1_000_000_00)
    rule(office, "director", from_amount=1_000_000_00, step=2)
    request = office.ask("clerk", office.wish(), office.wish("Espresso machine", price=None))
    assert "price unknown" in office.page("manager", page_of(office, request))
    approves(office, "manager", request)
    assert office.status(request)[0] == "waiting"
    approves(office, "director", request)
    assert office.status(request)[0] == "asked"


@pytest.mark.parametrize("who", ["clerk", "director"])
def test_what_is_asked_in_pieces_takes_the_steps_of_the_whole(office, who):
    """Two pieces below the amount, a second step above it: the second piece needs it all."""
    rule(office, "manager", "colleague")
    rule(office, "manager", "colleague", from_amount=LAMPS + 1)
    rule(office, "director", "admin", from_amount=LAMPS + 1, step=2)
    if who == "director":
        with office.work() as tx:
            lab = office.shop.world.departments["lab"]
            member = {"person_id": office.director, "department_id": lab, "kind": "member"}
            tx.session.add(of_core("Membership")(from_on=tx.today, **member))
    first, second = (office.ask(who, office.wish()) for _ in range(2))
    approves(office, "manager", first)
    assert office.status(first)[0] == "asked"
    page = office.page("manager", page_of(office, second))
    assert "With what was asked just before, it is Rp 600,000" in page
    assert_cannot(office, who, second, mark_of(office, "manager", second))
    approves(office, "manager", second)
    assert office.status(second)[0] == "waiting"
    assert office.decide("manager", second).status_code in (404, 409)
    assert_cannot(office, who, second)
    approves(office, "director" if who == "clerk" else "admin", second)
    assert office.status(second)[0] == "asked"


def test_who_answers_for_the_room_hands_out_and_buys_nothing_that_waits(office):
    """The ways of the stock room are none round the approval, one by one and many at once."""
    office.say(request_approval="always")
    keeper = office.client("keeper")
    request = office.ask("keeper", office.wish(), office.wanted())
    (line, _), (item, _) = sorted(office.lines(request))
    answer = keeper.get(f"/inventory/requests/{request}")
    assert f"/inventory/requests/{request}/answer" not in answer.text
    for one in (line, item):
        sent = keeper.post("/inventory/to-buy", data={"line": one})
        assert sent.status_code in (404, 409, 422)
        sent = keeper.post(f"/inventory/to-buy/{one}/bought", data={"paid": "1", "note": ""})
        assert sent.status_code in (404, 409)
        form = {f"{one}-action": "hand_out", f"{one}-quantity": "5", f"{one}-note": ""}
        form |= {f"{one}-unit": office.room.pieces[office.shop.pen]}
        sent = keeper.post(f"/inventory/requests/{request}/answer", data=form)
        assert sent.status_code in (404, 409, 422)
    assert office.status(request)[0] == "waiting"
    assert {state for _, state in office.lines(request)} == {"asked"}
    assert office.order_lines() == []
    assert office.aside()[0] == 0


def test_work_that_is_handed_over_many_at_once_takes_no_decision_along(office):
    """Whoever decides cannot give the decision to whoever asks, ticked among other work."""
    stands_in(office, "director", "manager")
    request = office.ask("clerk", office.wish())
    manager, approval = office.client("manager"), office.approval(request).public_id
    keys = [f"core.approvals:{approval}", f"core.approvals/{approval}", approval]
    form = {"keys": keys, "to": public(office, "clerk")}
    for person in ("clerk", "manager"):
        page = f"/work/team/{public(office, person)}"
        sent = manager.post(page, data=form)
        assert sent.status_code in (303, 404, 422)
        if sent.status_code == 303:
            assert "is done or not yours to give" in words(manager.get(page))
    assert_cannot(office, "clerk", request, mark_of(office, "manager", request))
    approves(office, "manager", request)


def test_refusing_and_withdrawing_are_as_separate(office):
    """Nobody withdraws for somebody else, nor refuses what is their own."""
    request = office.ask("clerk", office.wish())
    page = page_of(office, request)
    assert office.client("manager").post(f"{page}/withdraw").status_code == 404
    said = office.client("manager").post(f"/inventory/requests/{request}/withdraw")
    assert said.status_code in (403, 404)
    assert office.approval(request).state == "pending"
    assert_cannot(office, "clerk", request)
