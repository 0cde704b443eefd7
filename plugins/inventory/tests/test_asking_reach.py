"""Who sees which button, list and count of what is asked for."""

import pytest
from sqlalchemy import select

from kantor_inventory.asking.models import RequisitionLine
from portal.testing import counting_statements

from .test_answering_pages import answer_form, send
from .test_asking_pages import words

EVERYBODY = ("keeper", "second", "clerk", "assistant", "other", "stranger")


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


def test_the_home_page_shows_what_waits_to_whoever_answers_for_the_room_alone(room):
    for _ in range(3):
        room.ask()
    home = {who: words(room.client(who).get("/")) for who in EVERYBODY}
    assert {who for who, page in home.items() if page.count("asks for things") == 3} == {
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
