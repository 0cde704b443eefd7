"""The pages of asking for what is not kept, of changing a request, and of buying."""

import pytest


def words_form(**more):
    said = {"text": "Desk lamp", "quantity": "2", "unit": "piece", "price": "150000"}
    return {"wish": "w0"} | {f"w0-{name}": value for name, value in (said | more).items()}


def ask(clinic, form, who="clerk"):
    return clinic.client(who).post(f"/inventory/ask/{clinic.shop.shelf}", data=form)


def test_a_button_adds_a_line_in_words_and_another_takes_it_away(clinic):
    page = ask(clinic, {"do": "wish", "item_q": "Desk lamp"})
    assert page.status_code == 200
    assert 'name="w0-text"' in page.text
    assert 'name="wish" value="w1"' in ask(clinic, words_form(do="") | {"do": "wish"}).text
    assert 'name="w0-text"' not in ask(clinic, words_form() | {"do": "remove:w0"}).text


def test_what_is_said_in_words_is_sent_and_waits(clinic):
    page = ask(clinic, words_form() | {"do": "add"})
    assert "This has to be approved first" in page.text
    sent = ask(clinic, words_form())
    assert sent.status_code == 303
    request = sent.location.rsplit("/", 1)[1]
    assert clinic.status(request)[0] == "waiting"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", ""),
        ("text", "x" * 201),
        ("quantity", ""),
        ("quantity", "0"),
        ("quantity", "-1"),
        ("quantity", "1e12"),
        ("price", "-5"),
        ("price", "much"),
        ("price", "9" * 30),
        ("unit", "x" * 41),
        ("found_at", "x" * 501),
    ],
)
def test_a_fault_is_said_beside_its_field_and_nothing_typed_is_lost(clinic, field, value):
    answer = ask(clinic, words_form(**{field: value}) | {"note": "For the desk"})
    assert answer.status_code == 422
    assert "For the desk" in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_hostile_keys_of_lines_are_not_read(clinic):
    form = {"wish": ["w0" * 50, "<script>", "w9999", "x"], "line": ["' OR 1=1", "w0"]}
    assert ask(clinic, form).status_code == 422


def test_a_page_to_change_a_request_begins_as_it_stands(clinic):
    request = clinic.ask("clerk", clinic.wish(found_at="https://toko.example/lamp"))
    client = clinic.client("clerk")
    page = client.get(f"/inventory/requests/{request}/edit").text
    for part in ('value="Desk lamp"', 'value="2"', "https://toko.example/lamp"):
        assert part in page
    version = str(clinic.status(request)[1])
    form = words_form(quantity="3") | {"version": version}
    assert client.post(f"/inventory/requests/{request}/edit", data=form).status_code == 303
    assert clinic.approval(request).amount == 3 * 150_000_00
    again = client.post(f"/inventory/requests/{request}/edit", data=form)
    assert again.status_code == 409


def test_a_link_in_a_line_leads_nowhere_but_to_the_web(clinic):
    request = clinic.ask("clerk", clinic.wish(found_at="javascript:alert(1)"))
    page = clinic.client("clerk").get(f"/inventory/requests/{request}").text
    assert 'href="javascript' not in page


def test_who_may_not_see_costs_reads_none_of_the_prices_of_suppliers(clinic):
    pen = clinic.shop.pen
    form = {"line": pen, f"{pen}-quantity": "120", f"{pen}-unit": clinic.room.pieces[pen]}
    assert "240,000" not in ask(clinic, form | {"do": "add"}).text
    assert "240,000" in ask(clinic, form | {"do": "add"}, who="manager").text


def test_buying_nothing_or_what_nobody_sells_is_said(clinic):
    keeper = clinic.client("keeper")
    assert keeper.post("/inventory/to-buy", data={}).status_code == 422
    assert keeper.post("/inventory/to-buy", data={"line": "zzzzzzzzzzzz"}).status_code == 404
    request = clinic.approved(clinic.wanted(50_000, item=clinic.room.black))
    clinic.answer(request, "order")
    assert "Nobody sells this yet" in clinic.page("keeper", "/inventory/to-buy")
    (line, _), *_ = clinic.lines(request)
    said = keeper.post("/inventory/to-buy", data={"line": line})
    assert said.status_code == 422
    assert "Nobody sells Black pen yet." in said.text


def test_who_orders_finds_it_in_my_work(clinic):
    clinic.approved(clinic.wish())
    page = clinic.page("keeper", "/work?part=pool")
    assert "Lab Clerk asks for something to be bought" in page
