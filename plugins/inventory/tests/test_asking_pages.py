"""Asking a stock room for things by form."""

import re

import pytest
from sqlalchemy import select

from kantor_inventory.asking import substitutes
from kantor_inventory.asking.models import Requisition
from kantor_inventory.services import items, stock


def words(answer):
    """Return the words of a page."""
    assert answer.status_code < 500, answer.text[-2000:]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split()).replace(" .", ".")


def basket(room, *, quantity="5", unit=None, item=None, **more):
    item = item or room.shop.pen
    unit = unit or room.pieces[item]
    form = {"line": item, f"{item}-quantity": quantity, f"{item}-unit": unit}
    return form | more


def asks(room, **more):
    return room.client("clerk").post(f"/inventory/ask/{room.shop.shelf}", data=basket(room, **more))


def newest(room):
    with room.shop.work(None) as tx:
        row = tx.session.scalars(select(Requisition).order_by(Requisition.id.desc())).first()
        return None if row is None else [(line.item_id, line.quantity) for line in row.lines]


def test_one_line_is_asked_for_in_one_go(room):
    answer = asks(room)
    assert answer.status_code == 303
    assert [quantity for _, quantity in newest(room)] == [5_000]
    page = words(room.client("clerk").get(answer.location))
    assert "Waiting for an answer" in page
    assert "5 piece" in page


def test_a_box_is_asked_for_once_its_amount_was_seen(room):
    first = asks(room, unit=room.shop.box, quantity="2")
    assert first.status_code == 200
    assert "That is 24 piece." in words(first)
    assert newest(room) is None
    pen = room.shop.pen
    again = asks(room, unit=room.shop.box, quantity="2", **{f"{pen}-understood": "24000"})
    assert again.status_code == 303
    assert [quantity for _, quantity in newest(room)] == [24_000]


def test_several_lines_are_gathered_in_the_form(room):
    client, address = room.client("clerk"), f"/inventory/ask/{room.shop.shelf}"
    more = client.post(address, data=basket(room, item_q="black", do="add"))
    assert more.status_code == 200
    assert f'name="{room.black}-quantity"' in more.text
    assert 'value="5"' in more.text
    assert newest(room) is None
    both = basket(room) | basket(room, item=room.black, quantity="3")
    both["line"] = [room.shop.pen, room.black]
    assert client.post(address, data=both).status_code == 303
    assert sorted(quantity for _, quantity in newest(room)) == [3_000, 5_000]


def test_a_line_is_taken_out_again(room):
    page = asks(room, do=f"remove:{room.shop.pen}")
    assert page.status_code == 200
    assert f'name="{room.shop.pen}-quantity"' not in page.text


def test_words_that_fit_several_things_show_them(room):
    page = asks(room, item_q="pen", do="add")
    assert page.status_code == 422
    assert 'name="item_pick"' in page.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quantity": ""}, "Fill this in."),
        ({"quantity": "0"}, "above zero"),
        ({"quantity": "1.000"}, "more than one meaning"),
        ({"unit": "nothing"}, "Choose one of the list."),
        ({"needed_on": "2020-01-01"}, "This day is over."),
        ({"item_q": "nothing of that name", "do": "add"}, "Choose one of the list."),
    ],
)
def test_what_is_wrong_is_said_and_the_lines_stay(room, changes, said):
    answer = asks(room, **changes)
    assert answer.status_code == 422
    assert said in words(answer)
    assert f'name="{room.shop.pen}-quantity"' in answer.text
    assert newest(room) is None


def test_an_empty_basket_is_not_sent(room):
    client = room.client("clerk")
    answer = client.post(f"/inventory/ask/{room.shop.shelf}", data={"note": "Hello"})
    assert answer.status_code == 422
    assert "Add what you need." in words(answer)


def test_what_is_out_is_switched_with_one_tap(room):
    with room.work("keeper") as tx:
        substitutes.add(tx, room.shop.pen, room.black)
        for verb in (stock.Scrap,):
            stock.scrap(
                tx,
                verb(
                    item=room.shop.pen, quantity=100_000, from_place=room.shop.shelf, note="Dried"
                ),
            )
    client = room.client("clerk")
    page = client.get(f"/inventory/ask/{room.shop.shelf}?item={room.shop.pen}")
    assert "None left there; these serve as well" in words(page)
    assert "Take Black pen: 40 piece" in words(page)
    switched = asks(room, do=f"switch:{room.shop.pen}:{room.black}")
    assert f'name="{room.black}-quantity"' in switched.text
    assert f'name="{room.shop.pen}-quantity"' not in switched.text


def boxes(room):
    """Let black pens come in boxes of twelve, as blue ones do; return their box."""
    with room.shop.work(None) as tx:
        substitutes.add(tx, room.shop.pen, room.black)
        pack = items.Pack(unit="box", num=12)
        return items.add_pack(tx, items.AddPack(item=room.black, pack=pack)).public_id


def value_of(page, name):
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text)[1]


def test_a_substitute_takes_quantity_and_unit_along(room):
    box = boxes(room)
    page = asks(room, unit=room.shop.box, quantity="2", do=f"switch:{room.shop.pen}:{room.black}")
    assert value_of(page, f"{room.black}-quantity") == "2"
    assert re.search(rf'<option selected value="{box}"', page.text)


def test_without_the_same_unit_it_takes_along_what_that_comes_to(room):
    with room.work("keeper") as tx:
        substitutes.add(tx, room.shop.pen, room.black)
    page = asks(room, unit=room.shop.box, quantity="2", do=f"switch:{room.shop.pen}:{room.black}")
    assert value_of(page, f"{room.black}-quantity") == "24"
    assert re.search(rf'<option selected value="{room.pieces[room.black]}"', page.text)


def test_what_is_counted_in_something_else_starts_empty(room):
    with room.shop.work(None) as tx:
        substitutes.add(tx, room.shop.pen, room.shop.ream)
        stock.receive(
            tx, stock.Receive(item=room.shop.ream, quantity=9_000, to_place=room.shop.shelf)
        )
    page = asks(room, quantity="5", do=f"switch:{room.shop.pen}:{room.shop.ream}")
    assert f'name="{room.shop.ream}-quantity"' in page.text
    assert value_of(page, f"{room.shop.ream}-quantity") == ""


def test_the_same_request_sent_twice_is_one(room):
    client, form = room.client("clerk"), basket(room) | {"_key": "the-same-key"}
    answers = [client.post(f"/inventory/ask/{room.shop.shelf}", data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    with room.shop.work(None) as tx:
        assert len(tx.session.scalars(select(Requisition)).all()) == 1


def test_who_is_served_by_one_room_alone_is_led_there(room):
    answer = room.client("other").get("/inventory/ask")
    assert answer.location == f"/inventory/ask/{room.shop.shelf}"
    assert "No stock room serves you" in words(room.client("stranger").get("/inventory/ask"))
