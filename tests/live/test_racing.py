"""At the same moment, over HTTP, before two worker processes: one effect, and words for the other.

Each round everybody reads the page first; then all send at once. KANTOR_TEST_ROUNDS says how many.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from portal.testing_databases import offered

from .racing import CLERKS, LAMP, MONEY, at_once, racing, read, twin, words_of

ROUNDS = range(int(os.environ.get("KANTOR_TEST_ROUNDS", "2")))
TYPED = "As we said: {number}"


@pytest.fixture(scope="module", params=offered())
def office(request):
    with racing(request.param) as made:
        yield made
        assert made.findings() == []
        assert made.faults() == ""


def statuses(answers):
    return sorted(answer.status for answer in answers)


def late_of(answers):
    """Return the answers to those who were not first."""
    return [answer for answer in answers if answer.status == 409]


def test_of_two_who_decide_at_once_one_counts_and_the_other_is_told_who(office):
    dewi, joko = office.browser("dewi"), office.browser("joko")
    for round in ROUNDS:
        asked, verdict = office.ask(f"clerk{round % CLERKS}"), ("refuse", "approve")[round % 2]
        comments = [f"Dewi writes {round}", f"Joko writes {round}"]
        answers = at_once(
            asked.decision(dewi, "approve", comments[0]),
            asked.decision(joko, verdict, comments[1]),
        )
        assert statuses(answers) == [303, 409], words_of(answers[1])
        first = 0 if answers[0].status == 303 else 1
        name, said = (("Dewi", "approve"), ("Joko", verdict))[first]
        state = {"approve": "approved", "refuse": "refused"}[said]
        (late,) = late_of(answers)
        assert f"{name} has {state} this already." in words_of(late)
        assert comments[1 - first] in words_of(late)
        assert asked.decisions == [(name, said, None)]
        assert asked.state == (state, "asked" if state == "approved" else "refused")
        assert asked.booked == ([("commit", LAMP)] if state == "approved" else [])
        assert (asked.told, asked.audited) == (1, ["decided"])


def test_what_is_approved_and_withdrawn_at_once_is_one_of_both(office):
    dewi = office.browser("dewi")
    for round in ROUNDS:
        name = f"clerk{round % CLERKS}"
        asked, typed = office.ask(name), TYPED.format(number=round)
        page = (f"/inventory/requests/{asked.request}", asked.page)[round % 2]
        withdraws = read(office.browser(name), page, f"{page}/withdraw")
        approved, withdrawn = at_once(asked.decision(dewi, comment=typed), withdraws)
        assert statuses([approved, withdrawn]) == [303, 409], words_of(withdrawn)
        if approved.status == 303:
            assert "Dewi has approved this already." in words_of(withdrawn)
            assert asked.state == ("approved", "asked")
            assert asked.decisions == [("Dewi", "approve", None)]
            assert asked.booked == [("commit", LAMP)]
            assert (asked.told, asked.audited) == (1, ["decided"])
        else:
            assert "This was withdrawn; there is nothing to decide any more." in words_of(approved)
            assert typed in words_of(approved)
            assert asked.state == ("withdrawn", "withdrawn")
            assert (asked.decisions, asked.booked) == ([], [])
            assert (asked.told, asked.audited) == (0, ["withdrawn"])


DELIVERED = """
SELECT d.public_id, p.name, o.status, l.received, l.outstanding,
  (SELECT count(*) FROM inventory_receipt r WHERE r.delivery_id = d.id) AS receipts,
  (SELECT coalesce(sum(m.quantity), 0) FROM inventory_movement m
    JOIN inventory_receipt r ON r.movement_id = m.id WHERE r.order_id = o.id) AS moved
FROM inventory_delivery d JOIN inventory_purchase_order o ON o.id = d.order_id
JOIN inventory_purchase_order_line l ON l.order_id = o.id
JOIN person p ON p.id = d.received_by_id WHERE o.public_id = :order
"""
BALANCE = """
SELECT b.quantity, b.on_order, (SELECT count(*) FROM inventory_movement) AS movements
FROM inventory_balance b JOIN inventory_point p ON p.id = b.point_id WHERE p.place_id IS NOT NULL
"""


def arrived(office, browsers, order, note, boxes):
    """Return the delivery as each of these browsers has it before it, filled in."""
    line = office.row(
        "SELECT l.public_id FROM inventory_purchase_order_line l"
        " JOIN inventory_purchase_order o ON o.id = l.order_id WHERE o.public_id = :order",
        order=order,
    ).public_id
    page = f"/inventory/orders/{order}/receive"
    typed = {f"quantity-{line}": str(boxes), "delivery_note": note, "note": f"Brought by {note}"}
    return [read(browser, page, f"{page}?", **typed) for browser in browsers]


def test_of_eight_who_book_one_delivery_note_one_does_and_seven_are_told_who(office):
    clerks = [office.browser(f"clerk{n}") for n in range(CLERKS)]
    for round in ROUNDS:
        order, note, boxes = office.ordered(5), f"SJ-{round}", (5, 3)[round % 2]
        before = office.row(BALANCE)
        answers = at_once(*arrived(office, clerks, order, note, boxes))
        assert statuses(answers) == [303] + [409] * (CLERKS - 1)
        found = office.row(DELIVERED, order=order)
        first = next(n for n, answer in enumerate(answers) if answer.status == 303)
        assert found.name == f"Clerk{first}"
        for late in late_of(answers):
            assert f"{found.name} booked delivery note {note} on" in words_of(late)
            assert f'href="/inventory/deliveries/{found.public_id}"' in late.text
            assert f"Brought by {note}" in late.text
        assert_came_once(office, order, before, boxes)


def test_a_delivery_sent_eight_times_with_one_key_is_booked_once(office):
    clerk = office.browser("clerk0")
    for round in ROUNDS:
        order = office.ordered(5)
        before = office.row(BALANCE)
        (form,) = arrived(office, [clerk], order, f"SJ-key-{round}", 5)
        answers = at_once(*(form.again() for _ in range(CLERKS)))
        assert statuses(answers) == [303] * CLERKS
        assert {one.headers["Location"] for one in answers} == {f"/inventory/orders/{order}"}
        assert_came_once(office, order, before, 5)


def assert_came_once(office, order, before, boxes):
    """Assert that so many boxes of ten came of an order of five, in one delivery."""
    found, pens, now = office.row(DELIVERED, order=order), boxes * 10_000, office.row(BALANCE)
    assert (found.receipts, found.moved, found.received) == (1, pens, pens)
    assert found.outstanding == 50_000 - pens
    assert found.status == ("received" if boxes == 5 else "placed")
    assert now.quantity == before.quantity + pens
    assert now.on_order == before.on_order - pens
    assert now.movements == before.movements + 1


def test_of_eight_approved_at_once_a_budget_for_three_pays_three(office):
    leaders = [office.browser("siti"), office.browser("bayu")]
    browsers = [twin(leaders[number % 2]) for number in range(CLERKS)]
    for round in ROUNDS:
        office.left_in("laboratory", 1_000 * MONEY)
        before = office.budget("laboratory")
        asked = [office.ask(f"lab{number}") for number in range(CLERKS)]
        typed = TYPED.format(number=round)
        pairs = zip(asked, browsers, strict=True)
        answers = at_once(*(one.decision(browser, comment=typed) for one, browser in pairs))
        assert statuses(answers) == [303] * 3 + [409] * 5
        for one, answer in zip(asked, answers, strict=True):
            if answer.status == 303:
                assert one.state == ("approved", "asked")
                assert (one.booked, one.told) == ([("commit", LAMP)], 1)
                assert len(one.decisions) == 1
                continue
            assert one.state == ("pending", "waiting")
            assert (one.booked, one.told, one.decisions, one.audited) == ([], 0, [], [])
            assert "The budget of Laboratory has Rp 100 left until" in words_of(answer)
            assert "and this takes Rp 300." in words_of(answer)
            assert typed in answer.text
        now = office.budget("laboratory")
        assert now.available == 100 * MONEY
        assert now.committed == before.committed + 3 * LAMP == now.entered <= now.amount


def ends(office, principal, delegation):
    page = f"/deputies/{delegation}"
    return read(office.browser(principal), page, f"{page}/end")


def test_a_deputy_who_clicks_as_it_ends_has_decided_or_is_told_why_not(office):
    maya = office.browser("maya")
    for round in ROUNDS:
        delegation, asked = office.deputy("dewi", "maya"), office.ask(f"clerk{round % CLERKS}")
        typed = TYPED.format(number=round)
        click = asked.decision(maya, comment=typed)
        answer, ended = at_once(click, ends(office, "dewi", delegation))
        assert ended.status == 303
        row = office.row("SELECT * FROM delegation WHERE public_id = :id", id=delegation)
        assert row.revoked_at is not None
        if answer.status == 303:
            assert asked.decisions == [("Maya", "approve", "Dewi")]
            assert asked.state == ("approved", "asked")
            assert (asked.booked, asked.told) == ([("commit", LAMP)], 1)
            made = office.row(
                "SELECT at FROM approval_decision ORDER BY id DESC LIMIT 1",
            )
            assert made.at <= row.revoked_at  # Nobody decides by what has ended.
        else:
            assert_told_of_the_end(asked, answer, typed)


def test_a_deputy_who_clicks_after_the_end_is_told_why_not_and_keeps_the_comment(office):
    maya = office.browser("maya")
    for round in ROUNDS:
        delegation, asked = office.deputy("dewi", "maya"), office.ask(f"clerk{round % CLERKS}")
        typed = TYPED.format(number=round)
        click = asked.decision(maya, comment=typed)
        assert ends(office, "dewi", delegation).send().status == 303
        assert_told_of_the_end(asked, click.send(), typed)


def assert_told_of_the_end(asked, answer, typed):
    assert answer.status == 409
    said = words_of(answer)
    assert "You stand in for Dewi no more: that was ended. Your decision was not saved." in said
    assert typed in said
    assert asked.state == ("pending", "waiting")
    assert (asked.decisions, asked.booked, asked.audited) == ([], [], [])


def test_a_double_click_decides_once_and_both_are_told_so(office):
    dewi = office.browser("dewi")
    for round in ROUNDS:
        asked = office.ask(f"clerk{round % CLERKS}")
        click = asked.decision(dewi)
        answers = at_once(click, click.again())
        assert statuses(answers) == [303, 303]
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        assert asked.decisions == [("Dewi", "approve", None)]
        assert (asked.booked, asked.told) == ([("commit", LAMP)], 1)


def test_a_double_click_withdraws_once(office):
    for round in ROUNDS:
        name = f"clerk{round % CLERKS}"
        asked = office.ask(name)
        page = f"/inventory/requests/{asked.request}"
        click = read(office.browser(name), page, f"{page}/withdraw")
        assert statuses(at_once(click, click.again())) == [303, 303]
        assert asked.state == ("withdrawn", "withdrawn")
        assert asked.audited == ["withdrawn"]


def test_two_windows_of_one_person_decide_once(office):
    """The same page opened twice: two keys, so the second is told that it is done."""
    dewi = office.browser("dewi")
    for round in ROUNDS:
        asked = office.ask(f"clerk{round % CLERKS}")
        windows = asked.decision(dewi), asked.decision(twin(dewi))
        answers = at_once(*windows)
        assert Counter(answer.status for answer in answers) == {303: 1, 409: 1}
        assert "Dewi has approved this already." in words_of(late_of(answers)[0])
        assert asked.decisions == [("Dewi", "approve", None)]
        assert asked.booked == [("commit", LAMP)]
