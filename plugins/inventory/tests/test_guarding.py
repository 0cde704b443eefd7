"""A second look before posting: unusual quantities, and slips older than the last count."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kantor_inventory.asking.models import Slip
from kantor_inventory.models import Balance, Item, ItemUnit, Movement
from kantor_inventory.services import guarding, stock
from portal.testing import counting_statements


def words(answer):
    assert answer.status_code < 500, answer.text[-2000:]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split()).replace(" .", ".")


@pytest.fixture
def used(room):
    """The room, from which twelve pens were issued six times."""
    with room.work("keeper") as tx:
        for _ in range(6):
            stock.issue(
                tx,
                stock.Issue(
                    item=room.shop.pen,
                    quantity=12_000,
                    from_place=room.shop.shelf,
                    for_department=room.shop.office,
                ),
            )
        goods = stock.Receive(item=room.shop.pen, quantity=900_000, to_place=room.shop.shelf)
        stock.receive(tx, goods)
    return room


def looked_at(room, kind, quantity, unit, who="keeper"):
    with room.work(who) as tx:
        item = tx.one(select(Item), public_id=room.shop.pen)
        row = tx.one(select(ItemUnit), public_id=unit)
        return guarding.unusual(tx, item, kind, quantity, row)


def issue(room, **changes):
    form = {
        "quantity": "12",
        "unit": room.shop.box,
        "from_place": room.shop.shelf,
        "for_department": room.shop.office,
        "note": "For the course",
    }
    address = f"/inventory/items/{room.shop.pen}/issue"
    return room.client("keeper").post(address, data=form | changes)


def test_boxes_are_asked_about_where_pieces_were_usual(used):
    found = looked_at(used, "issue", 12_000, used.shop.box)
    assert str(found.sentence) == (
        "12 box = 144 piece, usual is 12 piece. Which unit: box / third / piece?"
    )


def test_few_pieces_are_asked_about_only_if_another_unit_explains_them(used):
    piece = used.pieces[used.shop.pen]
    found = looked_at(used, "issue", 1_000, piece)
    assert [other.entered.unit for other in found.others] == ["box"]
    assert looked_at(used, "issue", 2_000, piece) is None


def test_what_is_usual_costs_one_statement_along_its_index(used):
    with used.work("keeper") as tx:
        item = tx.one(select(Item), public_id=used.shop.pen)
        row = tx.one(select(ItemUnit), public_id=used.pieces[used.shop.pen])
        with counting_statements(used.shop.app) as sent:
            assert guarding.unusual(tx, item, "issue", 12_000, row) is None
        assert len(sent) == 1


def test_other_kinds_of_movement_teach_nothing(used):
    for kind in ("transfer", "scrap"):
        assert looked_at(used, kind, 900_000_000, used.pieces[used.shop.pen]) is None


def test_asking_learns_from_what_was_handed_out(used):
    assert looked_at(used, "ask", 12_000, used.shop.box, who="clerk") is not None


def test_the_form_asks_and_keeps_what_was_typed(used):
    before = used.left()
    page = issue(used)
    assert page.status_code == 200
    assert "12 box = 144 piece, usual is 12 piece." in words(page)
    assert 'value="For the course"' in page.text
    assert f'name="answer" value="{used.shop.box}"' in page.text
    assert f'name="answer" value="{used.pieces[used.shop.pen]}"' in page.text
    assert used.left() == before


@pytest.mark.parametrize(("unit", "moved"), [("box", 144_000), ("piece", 12_000)])
def test_either_answer_posts_at_once(used, unit, moved):
    before = used.left()
    asked = f"12000 {used.shop.box}"
    chosen = used.shop.box if unit == "box" else used.pieces[used.shop.pen]
    answer = issue(used, asked=asked, answer=chosen)
    assert answer.status_code == 303
    assert used.left() == before - moved


def test_an_answer_to_another_question_is_none(used):
    before = used.left()
    asked = f"12000 {used.shop.box}"
    page = issue(used, quantity="13", asked=asked, answer=used.shop.box)
    assert page.status_code == 200
    assert "13 box = 156 piece" in words(page)
    assert used.left() == before


def test_the_basket_asks_as_well(used):
    pen = used.shop.pen
    form = {"line": pen, f"{pen}-quantity": "12", f"{pen}-unit": used.shop.box}
    client, address = used.client("clerk"), f"/inventory/ask/{used.shop.shelf}"
    page = client.post(address, data=form)
    assert "12 box = 144 piece, usual is 12 piece." in words(page)
    form |= {f"{pen}-asked": f"12000 {used.shop.box}", f"{pen}-answer": used.pieces[pen]}
    assert client.post(address, data=form).status_code == 303


def test_the_second_confirmation_is_never_refused(used):
    pen = used.shop.pen
    form = {"line": pen, f"{pen}-quantity": "12", f"{pen}-unit": used.shop.box}
    client, address = used.client("clerk"), f"/inventory/ask/{used.shop.shelf}"
    assert 'name="do" value="confirm"' in client.post(address, data=form).text
    form |= {f"{pen}-asked": f"12000 {used.shop.box}", "do": "confirm"}
    assert client.post(address, data=form).status_code == 303


# Slips that come late


@pytest.fixture
def counted(room):
    """The room, whose pens were counted yesterday."""
    with room.shop.work(None) as tx:
        item = tx.one(select(Item), public_id=room.shop.pen)
        there = Balance.item_id == item.id, Balance.quantity == 100_000
        at = tx.now - timedelta(days=1)
        tx.session.execute(
            update(Balance)
            .where(*there)
            .values(counted_at=at)
            .execution_options(synchronize_session=False)
        )
        room.day = (tx.today - timedelta(days=3)).isoformat()
        room.same_day = at.astimezone(tx.zone).date().isoformat()
    return room


def late(room, **changes):
    form = {"quantity": "5", "unit": room.pieces[room.shop.pen], "occurred_on": room.day}
    return issue(room, **(form | changes))


def movements(room):
    with room.shop.work(None) as tx:
        return len(tx.session.scalars(select(Movement.id)).all())


def test_a_slip_older_than_the_count_is_asked_about(counted):
    before = movements(counted)
    page = late(counted)
    assert page.status_code == 200
    assert "Was this already in the count of" in words(page)
    assert 'name="late" value="yes"' in page.text
    assert movements(counted) == before


def test_what_the_count_knew_of_is_a_note_and_no_movement(counted):
    before, left = movements(counted), counted.left()
    answer = late(counted, late="yes")
    assert answer.status_code == 303
    assert (movements(counted), counted.left()) == (before, left)
    with counted.shop.work(None) as tx:
        (slip,) = tx.session.scalars(select(Slip)).all()
        assert (slip.type, slip.quantity, slip.note) == ("issue", 5_000, "For the course")
    page = words(counted.client("keeper").get(answer.location))
    assert "noted a late slip: Issued 5 piece on" in page
    assert "noted a late slip" not in words(counted.client("stranger").get(answer.location))


def test_what_the_count_did_not_know_of_is_posted_now(counted):
    left = counted.left()
    assert late(counted, late="no").status_code == 303
    assert counted.left() == left - 5_000
    with counted.shop.work(None) as tx:
        assert tx.session.scalars(select(Slip)).all() == []


@pytest.mark.parametrize("day", ["today", "same_day"])
def test_a_slip_of_the_day_of_the_count_or_later_is_not_asked_about(counted, day):
    with counted.shop.work(None) as tx:
        on = tx.today.isoformat() if day == "today" else counted.same_day
    assert late(counted, occurred_on=on).status_code == 303


def test_whoever_writes_another_day_is_asked_again_before_it_moves(counted):
    before = movements(counted)
    answer = late(counted, late="yes", occurred_on=counted.same_day)
    assert answer.status_code == 200
    assert movements(counted) == before


def test_where_nothing_was_counted_nobody_is_asked(room):
    with room.shop.work(None) as tx:
        room.day = (tx.today - timedelta(days=3)).isoformat()
    assert late(room).status_code == 303
