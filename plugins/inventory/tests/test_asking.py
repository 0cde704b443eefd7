"""Asking a stock room and being answered: by whom, once, and with what."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from kantor_inventory.asking import services
from kantor_inventory.asking.rules import NotPossible
from kantor_inventory.asking.services import Answer
from kantor_inventory.models import Movement
from kantor_inventory.services import stock
from portal.api import NotFound, ValidationFailed
from portal.testing import add_person


def hand_out(line, quantity=5_000, **more):
    return Answer(line=line, action="hand_out", quantity=quantity, **more)


def test_the_first_request_of_a_year_has_the_first_number(room):
    request, _ = room.ask()
    with room.shop.work(None) as tx:
        row = tx.one(select(services.Requisition), public_id=request)
        assert row.number == f"REQ-{tx.today.year}-0001"
        assert row.owner_id == room.clerk
        assert row.department_id == room.shop.world.departments["lab"]


def test_handing_out_issues_from_the_room_to_who_asked(room):
    request, line = room.ask()
    assert room.answer("keeper", request, hand_out(line)) == "answered"
    state, given, movement, _ = room.line(line)
    assert (state, given) == ("handed_out", 5_000)
    assert room.left() == 95_000
    with room.shop.work(None) as tx:
        row = tx.one(select(Movement), id=movement)
        assert (row.type, row.quantity, row.for_person_id) == ("issue", 5_000, room.clerk)
        assert row.for_department_id == room.shop.world.departments["lab"]
        assert row.actor_id == room.keeper


def test_less_is_handed_out_and_the_line_says_how_much(room):
    request, line = room.ask()
    room.answer("keeper", request, hand_out(line, 2_000, note="The rest next week"))
    assert room.line(line)[:2] == ("handed_out", 2_000)
    assert "2 piece of 5 piece" in words(room.client("clerk").get(f"/inventory/requests/{request}"))


def test_a_box_is_asked_for_and_pieces_are_handed_out(room):
    request, line = room.ask(unit=room.shop.box, quantity=2_000)
    room.answer("keeper", request, hand_out(line, 24_000, unit=room.pieces[room.shop.pen]))
    assert room.line(line)[:2] == ("handed_out", 24_000)


def test_a_substitute_is_handed_out_in_its_place(room):
    substitute(room)
    request, line = room.ask()
    room.answer("keeper", request, hand_out(line, unit=room.pieces[room.black]))
    assert room.left() == 100_000
    assert room.left(room.black) == 35_000
    page = words(room.client("clerk").get(f"/inventory/requests/{request}"))
    assert "5 piece of Black pen instead" in page


def test_what_does_not_serve_as_well_is_not_handed_out_instead(room):
    request, line = room.ask()
    with pytest.raises(NotFound):
        room.answer("keeper", request, hand_out(line, unit=room.pieces[room.black]))
    assert room.left(room.black) == 40_000


def test_declining_needs_a_reason_which_is_read_by_who_asked(room):
    request, line = room.ask()
    with pytest.raises(services.Incomplete):
        room.answer("keeper", request, Answer(line=line, action="decline"))
    room.answer("keeper", request, Answer(line=line, action="decline", note="Not in the budget"))
    page = words(room.client("clerk").get(f"/inventory/requests/{request}"))
    assert "Declined" in page
    assert "Not in the budget" in page
    assert room.left() == 100_000


def test_too_little_is_told_for_each_line_and_nothing_moves(room):
    room.needs_no_approval()
    request, line = room.ask(quantity=150_000)
    with pytest.raises(services.Short) as refused:
        room.answer("keeper", request, hand_out(line, 150_000))
    assert str(refused.value.lines[line]) == "Only 100 piece of Blue pen left; none is on order."
    assert room.line(line)[0] == "asked"
    assert room.left() == 100_000


def test_one_line_too_many_leaves_the_others_unanswered_too(room):
    room.needs_no_approval()
    wanted = (
        services.Wanted(item=room.shop.pen, unit=room.pieces[room.shop.pen], quantity=5_000),
        services.Wanted(item=room.black, unit=room.pieces[room.black], quantity=50_000),
    )
    with room.work("clerk") as tx:
        made = services.ask(tx, services.Ask(place=room.shop.shelf, lines=wanted))
        request, lines = made.public_id, [line.public_id for line in made.lines]
    with pytest.raises(services.Short):
        room.answer("keeper", request, hand_out(lines[0]), hand_out(lines[1], 50_000))
    assert [room.line(line)[0] for line in lines] == ["asked", "asked"]
    assert room.answer("keeper", request, hand_out(lines[0])) == "asked"
    last = Answer(line=lines[1], action="decline", note="None")
    assert room.answer("keeper", request, last) == "answered"


def test_a_line_is_answered_once(room):
    request, line = room.ask()
    room.answer("keeper", request, hand_out(line))
    with pytest.raises(NotPossible, match="Blue pen was answered by Office Manager before you"):
        room.answer("second", request, hand_out(line))
    assert room.left() == 95_000


def test_what_is_withdrawn_cannot_be_handed_out(room):
    request, line = room.ask()
    with room.work("clerk") as tx:
        services.withdraw(tx, request)
    assert room.status(request) == "withdrawn"
    with pytest.raises(NotPossible, match="Blue pen was withdrawn before you"):
        room.answer("keeper", request, hand_out(line))
    with room.work("clerk") as tx, pytest.raises(NotPossible):
        services.withdraw(tx, request)


def test_only_who_asked_withdraws(room):
    request, _ = room.ask()
    for who in ("keeper", "assistant", "other"):
        with room.work(who) as tx, pytest.raises(NotFound):
            services.withdraw(tx, request)
    assert room.status(request) == "asked"


def test_who_may_not_ask_any_more_does_not_withdraw_either(room, made_role):
    """Answering for the room reaches one's own request as well, and is no right to take it back."""
    request, line = room.ask()
    with room.shop.work(None) as tx:
        names = ("inventory.requisition.view", "inventory.requisition.answer")
        made_role(tx, "answers", dict.fromkeys(names, "all"))
        office = room.shop.world.departments["office"]
        room.answerer = add_person(tx, "Sri", department_id=office, role="answers")
        tx.one(select(services.Requisition), public_id=request).owner_id = room.answerer
    with room.work("answerer") as tx, pytest.raises(NotFound):
        services.withdraw(tx, request)
    assert room.status(request) == "asked"
    assert (
        room.answer("answerer", request, Answer(line=line, action="decline", note="No"))
        == "answered"
    )


@pytest.mark.parametrize("who", ["assistant", "clerk", "other", "stranger"])
def test_only_the_people_of_the_room_answer(room, who):
    request, line = room.ask()
    with pytest.raises(NotFound):
        room.answer(who, request, hand_out(line))
    assert room.line(line)[0] == "asked"
    assert room.left() == 100_000


def test_a_room_that_does_not_serve_one_cannot_be_asked(room):
    for who in ("stranger", "clerk"):
        place = room.shop.shelf if who == "stranger" else room.shop.other_shelf
        wanted = services.Wanted(item=room.shop.pen, unit=room.pieces[room.shop.pen], quantity=1)
        with room.work(who) as tx, pytest.raises(NotFound):
            services.ask(tx, services.Ask(place=place, lines=(wanted,)))


def test_what_is_not_kept_in_the_room_cannot_be_asked_for(room):
    with pytest.raises(NotFound):
        room.ask(item=room.shop.ream)


def test_a_request_says_for_when_it_is_needed_and_not_yesterday(room):
    with room.shop.work(None) as tx:
        yesterday = tx.today - timedelta(days=1)
    with pytest.raises(ValidationFailed):
        room.ask(needed_on=yesterday)


def test_a_request_without_lines_is_none(room):
    with room.work("clerk") as tx, pytest.raises(ValidationFailed):
        services.ask(tx, services.Ask(place=room.shop.shelf, lines=()))


def test_what_is_taken_back_shows_on_the_request(room):
    request, line = room.ask()
    room.answer("keeper", request, hand_out(line))
    page = f"/inventory/requests/{request}"
    assert "Taken back" not in words(room.client("clerk").get(page))
    posted = room.line(line)[2]
    with room.shop.work(None) as tx:
        movement = tx.one(select(Movement), id=posted).public_id
    with room.work("keeper") as tx:
        stock.reverse(tx, stock.Reverse(movement=movement, note="Wrong person"))
    for who in ("clerk", "keeper"):
        assert "Taken back" in words(room.client(who).get(page))
    assert room.left() == 100_000


def test_others_are_told_of_asking_and_of_answering(room):
    with room.work("clerk") as tx:
        wanted = services.Wanted(
            item=room.shop.pen, unit=room.pieces[room.shop.pen], quantity=1_000
        )
        made = services.ask(tx, services.Ask(place=room.shop.shelf, lines=(wanted,)))
        (told,) = tx.events
        assert (told.name, told.number) == ("inventory.requisition_asked", made.number)
        request, line = made.public_id, made.lines[0].public_id
    with room.work("keeper") as tx:
        services.answer(tx, request, [hand_out(line, 1_000)])
        told = [event for event in tx.events if event.name == "inventory.requisition_answered"]
        assert [event.status for event in told] == ["answered"]


def substitute(room):
    from kantor_inventory.asking import substitutes

    with room.work("keeper") as tx:
        substitutes.add(tx, room.shop.pen, room.black)


def words(answer):
    import re

    assert answer.status_code < 500, answer.text[-2000:]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split()).replace(" .", ".")
