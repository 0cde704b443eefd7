"""From a wish to a thing on somebody's desk: approved, bought together, put aside, handed out."""

import pytest
from sqlalchemy import select

from kantor_inventory.asking import services
from kantor_inventory.asking.models import RequisitionLine
from kantor_inventory.asking.rules import NotPossible
from kantor_inventory.models import Movement
from kantor_inventory.ordering.models import OrderLine
from kantor_inventory.ordering.services import drafts
from kantor_inventory.services import stock
from kantor_inventory.services.ledger import NotEnough
from portal.api import NotFound, Person


def test_what_is_there_needs_no_approval(clinic):
    request = clinic.ask("clerk", clinic.wanted())
    assert clinic.status(request)[0] == "asked"
    assert clinic.approval(request) is None


@pytest.mark.parametrize(("said", "status"), [("never", "asked"), ("always", "waiting")])
def test_an_organisation_says_what_has_to_be_approved(clinic, said, status):
    clinic.say(request_approval=said)
    assert clinic.status(clinic.ask("clerk", clinic.wanted()))[0] == status
    assert clinic.status(clinic.ask("clerk", clinic.wish()))[0] == status


def test_a_wish_waits_for_the_manager_with_its_amount(clinic):
    request = clinic.ask("clerk", clinic.wish(), clinic.wanted(24_000))
    assert clinic.status(request)[0] == "waiting"
    # Two lamps at 150,000, and two boxes of pens at 24,000.
    assert clinic.approval(request).amount == 2 * 150_000_00 + 2 * 24_000_00
    page = clinic.page("clerk", f"/inventory/requests/{request}")
    assert "Waiting for approval of Lab Manager" in page
    told = clinic.page("manager", f"/approvals/{clinic.approval(request).public_id}")
    assert "Desk lamp: 2 piece, about Rp" in told


def test_the_room_reads_what_waits_and_does_not_answer_it(clinic):
    request = clinic.ask("clerk", clinic.wanted(150_000))
    page = clinic.page("keeper", f"/inventory/requests/{request}")
    assert "Waiting for approval" in page
    with pytest.raises(NotPossible, match="waits for an approval"):
        clinic.answer(request)


def test_approved_is_told_by_name_and_the_room_goes_on(clinic):
    request = clinic.approved(clinic.wanted(150_000))
    page = clinic.page("clerk", f"/inventory/requests/{request}")
    assert "Approved by Lab Manager" in page
    assert "Waiting for the stock room" in page
    assert clinic.answer(request) == "answered"


def test_refused_says_why(clinic):
    request = clinic.ask("clerk", clinic.wish())
    clinic.decide("manager", request, "refuse", "Take the old one")
    assert clinic.status(request)[0] == "refused"
    assert "Take the old one" in clinic.page("clerk", f"/inventory/requests/{request}")
    with pytest.raises(NotPossible):
        clinic.answer(request, "decline")


def test_many_requests_become_one_line_of_an_order(clinic):
    requests = [
        clinic.approved(clinic.wanted(105_000), needed=9),
        clinic.approved(clinic.wanted(106_000), who="colleague", needed=2),
    ]
    for request in requests:
        clinic.answer(request, "order")
    page = clinic.page("keeper", "/inventory/to-buy")
    assert "211 piece wanted, sold by 12 piece: 216 piece; 5 piece go to stock." in page
    assert clinic.buy(*requests) == 2
    assert clinic.order_lines() == [(18, 216_000, 24_000_00, "draft")]
    assert clinic.shares() == [(105_000, True), (106_000, True)]
    assert "Nothing is to be bought" in clinic.page("keeper", "/inventory/to-buy")
    with pytest.raises(NotPossible):
        clinic.buy(*requests)


def test_what_comes_is_put_aside_for_who_needs_it_first(clinic):
    late = clinic.approved(clinic.wanted(105_000), needed=9)
    early = clinic.approved(clinic.wanted(106_000), who="colleague", needed=2)
    for request in (late, early):
        clinic.answer(request, "order")
    clinic.buy(late, early)
    order = clinic.place_order()
    page = clinic.page("clerk", f"/inventory/requests/{late}")
    assert "105 piece ordered, expected" in page
    clinic.receive(order, 10)  # 120 of 216
    assert clinic.aside() == (120_000, [106_000, 14_000])
    assert "106 piece put aside for you" in clinic.page("colleague", f"/inventory/requests/{early}")
    late_page = clinic.page("clerk", f"/inventory/requests/{late}")
    assert "14 piece of 105 piece came" in late_page
    clinic.receive(order, 8)
    assert clinic.aside() == (211_000, [106_000, 105_000])
    assert clinic.findings() == []
    assert clinic.answer(early, quantity=106_000) == "answered"
    assert clinic.aside() == (105_000, [105_000])
    assert clinic.findings() == []


def test_others_do_not_take_what_is_put_aside(clinic):
    request = clinic.ask("clerk", clinic.wanted(60_000))
    clinic.answer(request, "put_aside")
    assert clinic.aside() == (60_000, [60_000])
    issue = stock.Issue(
        item=clinic.shop.pen,
        quantity=41_000,
        from_place=clinic.shop.shelf,
        for_department=clinic.shop.office,
    )
    with (
        clinic.work("keeper") as tx,
        pytest.raises(NotEnough, match=r"Only 40 piece .* not put aside"),
    ):
        stock.issue(tx, issue)
    scrap = stock.Scrap(
        item=clinic.shop.pen, quantity=41_000, from_place=clinic.shop.shelf, note="Dry"
    )
    with clinic.work("keeper") as tx, pytest.raises(NotEnough):
        stock.scrap(tx, scrap)
    other = clinic.ask("other", clinic.wanted(40_000))
    assert clinic.answer(other, quantity=40_000) == "answered"
    assert clinic.answer(request, quantity=60_000) == "answered"
    assert clinic.aside() == (0, [])
    assert clinic.room.left() == 0


def test_declining_and_withdrawing_free_what_was_put_aside(clinic):
    for end in ("decline", "withdraw"):
        request = clinic.ask("clerk", clinic.wanted(60_000))
        clinic.answer(request, "put_aside")
        if end == "decline":
            clinic.answer(request, "decline")
        else:
            with clinic.work("clerk") as tx:
                services.withdraw(tx, request)
        assert clinic.aside() == (0, [])


def test_a_count_that_finds_less_takes_from_the_last_ones(clinic, counting):
    clinic.client("colleague")
    first = clinic.ask("clerk", clinic.wanted(60_000), needed=1)
    last = clinic.ask("colleague", clinic.wanted(30_000), needed=8)
    for request in (first, last):
        clinic.answer(request, "put_aside")
    count = counting.sent_in(70_000, missing=1)
    counting.decide(count, reason="Nobody knows")
    counting.post(count, missing=1)
    assert clinic.aside() == (70_000, [60_000, 10_000])
    assert clinic.findings() == []
    notices = clinic.page("colleague", "/notices")
    assert "less of Blue pen is there than was put aside" in notices


def test_a_wish_becomes_an_item_or_is_bought_in_a_shop(clinic):
    request = clinic.approved(clinic.wish(), clinic.wish("Red ink pens", 24_000))
    (lamp, _), (ink, _) = clinic.lines(request)
    keeper = clinic.client("keeper")
    page = clinic.page("keeper", "/inventory/to-buy")
    assert "Desk lamp" in page
    said = keeper.post(
        f"/inventory/to-buy/{lamp}/bought", data={"paid": "275000", "note": "Toko Terang"}
    )
    assert said.status_code == 303
    form = {"other": clinic.shop.pen, "quantity": "24"}
    assert keeper.post(f"/inventory/to-buy/{ink}/item", data=form).status_code == 303
    assert [state for _, state in clinic.lines(request)] == ["bought", "to_buy"]
    form = {"line": ink}
    assert keeper.post("/inventory/to-buy", data=form).status_code == 303
    assert clinic.order_lines() == [(2, 24_000, 24_000_00, "draft")]
    page = clinic.page("clerk", f"/inventory/requests/{request}")
    assert "On the order list, not ordered yet" in page
    assert "Rp 275,000" in page


def test_a_line_taken_off_the_list_waits_to_be_bought_again(clinic):
    request = clinic.approved(clinic.wanted(150_000))
    clinic.answer(request, "order")
    clinic.buy(request)
    with clinic.work("keeper") as tx:
        line = tx.session.scalars(select(OrderLine)).one()
        drafts.remove_line(tx, drafts.RemoveLine(line=line.public_id, version=line.version))
    assert "150 piece wanted" in clinic.page("keeper", "/inventory/to-buy")


def test_withdrawing_leaves_what_is_ordered_to_the_stock(clinic):
    request = clinic.approved(clinic.wanted(150_000))
    clinic.answer(request, "order")
    clinic.buy(request)
    order = clinic.place_order()
    with clinic.work("clerk") as tx:
        services.withdraw(tx, request)
    assert clinic.shares() == [(150_000, False)]
    clinic.receive(order, 13)
    assert clinic.aside() == (0, [])


def test_what_is_handed_out_for_a_colleague_goes_to_the_colleague(clinic):
    with clinic.work() as tx:
        colleague = tx.session.get(Person, clinic.colleague).public_id
    request = clinic.ask("clerk", clinic.wanted(), beneficiary=colleague)
    clinic.answer(request)
    with clinic.work() as tx:
        line = tx.session.scalars(select(RequisitionLine)).one()
        assert tx.one(select(Movement), id=line.movement_id).for_person_id == clinic.colleague
    clinic.page("colleague", f"/inventory/requests/{request}")
    with pytest.raises(NotFound):
        clinic.ask("clerk", clinic.wanted(), beneficiary="zzzzzzzzzzzz")
