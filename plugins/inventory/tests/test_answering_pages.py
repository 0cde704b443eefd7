"""Answering by form what a stock room was asked for."""

import re

import pytest
from sqlalchemy import select

from kantor_inventory.asking import substitutes
from kantor_inventory.models import Item
from kantor_inventory.services import stock

from .test_asking_pages import boxes, value_of, words


def answer_form(line, unit, action="hand_out", quantity="5", note=""):
    said = {"action": action, "quantity": quantity, "unit": unit, "note": note}
    return {f"{line}-{name}": value for name, value in said.items()}


def send(room, who, request, form):
    return room.client(who).post(f"/inventory/requests/{request}/answer", data=form)


def test_everything_is_handed_out_with_one_enter(room):
    request, line = room.ask(needed_on=None, note="For the course")
    page = room.client("keeper").get(f"/inventory/requests/{request}/answer")
    assert "For the course" in words(page)
    assert "100 piece here" in words(page)
    form = dict(re.findall(rf'name="({line}-\w+)"[^>]*value="([^"]*)" checked', page.text))
    form |= dict(re.findall(rf'checked[^>]*name="({line}-\w+)"[^>]*value="([^"]*)"', page.text))
    assert form == {f"{line}-action": "hand_out"}
    done = send(room, "keeper", request, answer_form(line, room.pieces[room.shop.pen]))
    assert done.status_code == 303
    page = words(room.client("clerk").get(f"/inventory/requests/{request}"))
    assert "All handed out" in page
    assert "by Office Manager" in page


def test_too_little_is_said_beside_the_line_and_nothing_typed_is_lost(room):
    room.needs_no_approval()
    request, line = room.ask(quantity=150_000)
    page = words(room.client("keeper").get(f"/inventory/requests/{request}/answer"))
    assert "100 piece here" in page
    form = answer_form(line, room.pieces[room.shop.pen], quantity="150", note="Here you are")
    answer = send(room, "keeper", request, form)
    assert answer.status_code == 409
    assert "Only 100 piece of Blue pen left; none is on order." in words(answer)
    assert 'value="Here you are"' in answer.text
    assert room.line(line)[0] == "asked"


def test_a_substitute_is_taken_with_one_tap(room):
    room.needs_no_approval()
    with room.work("keeper") as tx:
        substitutes.add(tx, room.black, room.shop.pen)
    request, line = room.ask(item=room.black, quantity=50_000)
    form = answer_form(line, room.pieces[room.black], action="later", quantity="50")
    form["do"] = f"switch:{line}:{room.pieces[room.shop.pen]}"
    page = send(room, "keeper", request, form)
    assert page.status_code == 200
    assert "Hand out Blue pen: 100 piece" in words(page)
    assert re.search(f'selected value="{room.pieces[room.shop.pen]}"', page.text)
    form = answer_form(line, room.pieces[room.shop.pen], quantity="50")
    assert send(room, "keeper", request, form).status_code == 303
    assert room.left() == 50_000


def test_a_substitute_is_handed_out_in_the_unit_that_was_typed(room):
    boxes(room)
    request, line = room.ask(item=room.black, quantity=50_000)
    with room.shop.work(None) as tx:
        unit = tx.one(select(Item), public_id=room.black)
        black_box = next(one.public_id for one in unit.units if one.num == 12)
    form = answer_form(line, black_box, action="later", quantity="4")
    form["do"] = f"switch:{line}:{room.pieces[room.shop.pen]}"
    page = send(room, "keeper", request, form)
    assert value_of(page, f"{line}-quantity") == "4"
    assert re.search(rf'<option selected value="{room.shop.box}"', page.text)


def test_another_amount_than_was_asked_is_said_before_it_is_handed_out(room):
    request, line = room.ask()
    form = answer_form(line, room.shop.box, quantity="2")
    page = send(room, "keeper", request, form)
    assert page.status_code == 200
    assert "That is 24 piece." in words(page)
    assert room.left() == 100_000
    form |= {f"{line}-understood": value_of(page, f"{line}-understood"), "do": "confirm"}
    assert send(room, "keeper", request, form).status_code == 303
    assert room.left() == 76_000


def test_an_amount_changed_after_it_was_said_is_said_again(room):
    request, line = room.ask()
    page = send(room, "keeper", request, answer_form(line, room.shop.box, quantity="2"))
    seen = {f"{line}-understood": value_of(page, f"{line}-understood"), "do": "confirm"}
    again = send(room, "keeper", request, answer_form(line, room.shop.box, quantity="3") | seen)
    assert "That is 36 piece." in words(again)
    assert room.left() == 100_000


def test_an_unusual_amount_is_asked_about_and_can_be_meant(room):
    for _ in range(6):
        with room.shop.work() as tx:
            stock.issue(
                tx,
                stock.Issue(
                    item=room.shop.pen,
                    quantity=2_000,
                    from_place=room.shop.shelf,
                    for_department=room.shop.office,
                ),
            )
    request, line = room.ask()
    left = room.left()
    form = answer_form(line, room.pieces[room.shop.pen], quantity="80")
    page = send(room, "keeper", request, form)
    assert page.status_code == 200
    assert "80 piece, usual is 2 piece" in words(page)
    assert room.left() == left
    form |= {f"{line}-asked": value_of(page, f"{line}-asked"), "do": "confirm"}
    assert send(room, "keeper", request, form).status_code == 303
    assert room.left() == left - 80_000


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"action": "decline"}, "Say why, so that they know."),
        ({"quantity": ""}, "Fill this in."),
        ({"quantity": "0"}, "above zero"),
        ({"quantity": "many"}, "number"),
        ({"unit": "nothing"}, "Choose one of the list."),
        ({"action": "give away"}, "Choose one of the list."),
        ({"action": "later"}, "Answer at least one line."),
    ],
)
def test_an_answer_says_what_is_wrong_with_it(room, form, said):
    request, line = room.ask()
    given = {"unit": room.pieces[room.shop.pen]} | form
    answer = send(room, "keeper", request, answer_form(line, **given))
    assert answer.status_code == 422
    assert said in words(answer)
    assert room.line(line)[0] == "asked"


def test_the_second_to_answer_is_told_who_was_first(room):
    request, line = room.ask()
    form = answer_form(line, room.pieces[room.shop.pen])
    assert send(room, "second", request, form).status_code == 303
    late = send(room, "keeper", request, form)
    assert late.status_code == 409
    assert "Blue pen was answered by Second Keeper before you." in words(late)
    assert room.left() == 95_000


def test_what_was_asked_can_be_withdrawn_by_its_button(room):
    request, line = room.ask()
    client = room.client("clerk")
    assert (
        f"/inventory/requests/{request}/withdraw"
        in client.get(f"/inventory/requests/{request}").text
    )
    assert client.post(f"/inventory/requests/{request}/withdraw").status_code == 303
    assert room.line(line)[0] == "withdrawn"
    assert client.post(f"/inventory/requests/{request}/withdraw").status_code == 409
