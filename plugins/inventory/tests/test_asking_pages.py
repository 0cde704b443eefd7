"""Asking and answering by form, and who sees which button, list and count."""

import re

import pytest
from sqlalchemy import select

from kantor_inventory.asking import substitutes
from kantor_inventory.asking.models import Requisition, RequisitionLine
from kantor_inventory.models import Item
from kantor_inventory.services import items, stock
from portal.testing import counting_statements

EVERYBODY = ("keeper", "second", "clerk", "assistant", "other", "stranger")


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


def answer_form(line, unit, action="hand_out", quantity="5", note=""):
    said = {"action": action, "quantity": quantity, "unit": unit, "note": note}
    return {f"{line}-{name}": value for name, value in said.items()}


def send(room, who, request, form):
    return room.client(who).post(f"/inventory/requests/{request}/answer", data=form)


# Asking


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


# Answering


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


# Who sees what


def test_buttons_stand_where_one_may_press_them(room):
    request, _ = room.ask()
    shown = {}
    for who in EVERYBODY:
        page = room.client(who).get(f"/inventory/requests/{request}")
        buttons = [word for word in ("answer", "withdraw") if f"{request}/{word}" in page.text]
        shown[who] = (page.status_code, *buttons)
    assert shown == {
        "keeper": (200, "answer"),
        "second": (200, "answer"),
        "clerk": (200, "withdraw"),
        "assistant": (200,),  # an assistant of the laboratory sees what its people ask for
        "other": (404,),
        "stranger": (404,),
    }


@pytest.mark.parametrize("format", ["", "?format=json", "?format=csv"])
def test_no_list_shows_what_another_department_asks_for(room, format):
    _, _ = room.ask(note="zq-secret")
    seen = {"mine": set(), "theirs": set()}
    for who in EVERYBODY:
        client = room.client(who)
        for name, path in (("mine", "/inventory/my-requests"), ("theirs", "/inventory/asked-for")):
            page = client.get(path + format)
            if page.status_code == 200 and "REQ-" in page.text:
                seen[name].add(who)
    assert seen == {"mine": {"clerk"}, "theirs": {"keeper", "second"}}


def test_the_home_page_counts_what_waits_for_its_reader_alone(room):
    for _ in range(7):
        room.ask()
    home = {who: words(room.client(who).get("/")) for who in EVERYBODY}
    assert {who for who, page in home.items() if "7 requests are open" in page} == {
        "keeper",
        "second",
    }
    assert all("REQ-" not in home[who] for who in ("assistant", "other", "stranger"))


def test_a_served_department_sees_the_stock_and_may_not_touch_it(room):
    pen, shelf = room.shop.pen, room.shop.shelf
    for who in ("clerk", "assistant", "other"):
        client = room.client(who)
        assert "Shelf A1" in words(client.get("/inventory/stock"))
        assert "100 piece" in words(client.get(f"/inventory/stock?place={shelf}&q=pen"))
        assert "Shelf A1" in words(client.get("/inventory/places"))
        assert "Shelf A1" in client.get("/inventory/stock?format=csv").text
        page = client.get(f"/inventory/items/{pen}")
        assert "100 piece" in words(page)
        assert f"/inventory/ask/{shelf}?item={pen}" in page.text
        for verb in ("issue", "transfer", "scrap"):
            assert f"/inventory/items/{pen}/{verb}" not in page.text, (who, verb)
        assert f"/rules/{shelf}" not in page.text
        assert "7.654" not in page.text
        assert "7,654" not in page.text
        assert f"/inventory/ask/{shelf}?item={pen}" in client.get("/inventory/stock").text
        assert "value" not in client.get("/inventory/stock?format=json").text


def test_a_stranger_sees_neither_the_stock_nor_the_room(room):
    client = room.client("stranger")
    assert "Shelf A1" not in words(client.get("/inventory/stock"))
    assert "Shelf A1" not in words(client.get("/inventory/places"))
    page = client.get(f"/inventory/items/{room.shop.pen}")
    assert "100 piece" not in words(page)
    assert "/inventory/ask/" not in page.text
    assert client.get(f"/inventory/ask/{room.shop.shelf}").status_code == 404
    assert client.get(f"/inventory/ask/{room.shop.shelf}/items?q=pen").status_code == 404


@pytest.mark.parametrize("verb", ["issue", "transfer", "scrap", "receive"])
def test_a_served_assistant_moves_nothing_in_the_room(room, verb):
    ends = {"from_place": room.shop.shelf, "to_place": room.shop.lab}
    if verb == "receive":
        ends = {"to_place": room.shop.shelf}
    form = {"quantity": "1", "unit": room.pieces[room.shop.pen], "note": "Mine"} | ends
    form["for_department"] = room.shop.office
    answer = room.client("assistant").post(f"/inventory/items/{room.shop.pen}/{verb}", data=form)
    assert answer.status_code == 422
    assert room.left() == 100_000


def test_the_people_of_the_room_have_their_buttons(room):
    page = room.client("keeper").get(f"/inventory/items/{room.shop.pen}").text
    for verb in ("issue", "transfer", "scrap", "receive"):
        assert f"/inventory/items/{room.shop.pen}/{verb}" in page
    assert f"/rules/{room.shop.shelf}" in page


def test_a_movement_leads_to_the_request_it_answers_where_one_may_look(room):
    request, line = room.ask()
    form = answer_form(line, room.pieces[room.shop.pen])
    assert send(room, "keeper", request, form).status_code == 303
    with room.shop.work(None) as tx:
        movement = tx.one(select(RequisitionLine), public_id=line).movement.public_id
    leads = {
        who: f"/inventory/requests/{request}"
        in room.client(who).get(f"/inventory/movements/{movement}").text
        for who in EVERYBODY
    }
    assert leads == {
        "keeper": True,
        "second": True,
        "clerk": True,
        "assistant": True,
        "other": False,
        "stranger": False,
    }


def test_pages_take_few_statements_however_many_lines(room):
    pages = ["/inventory/my-requests", "/inventory/asked-for"]
    request, _ = room.ask()
    pages += [f"/inventory/requests/{request}", f"/inventory/requests/{request}/answer"]
    client = room.client("keeper")
    for page in pages:
        client.get(page)
        with counting_statements(room.shop.app) as sent:
            assert client.get(page).status_code == 200
        assert len(sent) <= (6 if page in pages[:2] else 12), (page, "\n".join(sent))
