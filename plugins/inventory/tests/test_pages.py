"""The pages as people use them, by HTTP, signed in by role."""

import os
import re

import pytest
from sqlalchemy import select

from kantor_inventory.models import Item, Movement, Supplier
from kantor_inventory.services import stock
from portal.api import Contact
from portal.testing import add_person, counting_statements, run_jobs

PAGES = [
    "/inventory/items",
    "/inventory/items/new",
    "/inventory/items/{pen}",
    "/inventory/items/{pen}/edit",
    "/inventory/items/{pen}/units/new",
    "/inventory/units/{box}/codes/new",
    "/inventory/items/{pen}/prices/new",
    "/inventory/items/{pen}/receive",
    "/inventory/items/{pen}/issue",
    "/inventory/items/{pen}/transfer",
    "/inventory/items/{pen}/scrap",
    "/inventory/items/{pen}/movements",
    "/inventory/items/{pen}/understood?quantity=2&unit={box}",
    "/inventory/items/{pen}/rules/new",
    "/inventory/items/{pen}/rules/{shelf}",
    "/inventory/movements/{movement}",
    "/inventory/movements/{movement}/reverse",
    "/inventory/stock",
    "/inventory/stock?view=below",
    "/inventory/stock?view=out&sort=-quantity",
    "/inventory/stock?place={shelf}",
    "/inventory/items?q=pen&sort=sku",
    "/inventory/alerts",
    "/inventory/alerts?view=closed",
    "/inventory/alerts?view=low&place={shelf}",
    "/inventory/due",
    "/inventory/overview",
    "/inventory/overview?months=12&place={shelf}",
    "/inventory/overview/file?figure=usage",
    "/inventory/places",
    "/inventory/categories",
    "/inventory/categories/new",
    "/inventory/categories/{category}",
    "/inventory/units",
    "/inventory/units/new",
    "/inventory/units/{unit}",
    "/inventory/import/items",
    "/inventory/suppliers",
    "/inventory/suppliers/new",
    "/inventory/suppliers/{supplier}",
    "/inventory/suppliers/{supplier}/edit",
    "/inventory/people?q=off",
    "/inventory/contacts?q=toko",
    "/inventory/ledger",
]


@pytest.fixture
def office(shop):
    """A shelf with pens, a supplier and a category, and everybody's public ids."""
    from kantor_inventory.services import items, suppliers

    ids = {name: getattr(shop, name) for name in ("pen", "box", "ream", "shelf", "lab")}
    with shop.work(None) as tx:
        contact = Contact(name="Toko Kertas", kind="organisation")
        tx.session.add(contact)
        tx.session.flush()
        ids["contact"] = contact.public_id
        command = suppliers.AddSupplier(contact=contact.public_id)
        ids["supplier"] = suppliers.add_supplier(tx, command).public_id
        ids["category"] = items.add_category(tx, "Pens").public_id
        ids["unit"] = items.unit_named(tx, "piece").public_id
    with shop.work() as tx:
        goods = stock.Receive(item=shop.pen, quantity=40_000, to_place=shop.shelf, price=2300_00)
        stock.receive(tx, goods)
        taken = stock.Issue(
            item=shop.pen,
            quantity=28_000,
            from_place=shop.shelf,
            for_person=shop.keeper,
            for_department=shop.office,
        )
        ids["movement"] = stock.issue(tx, taken).public_id
        stock.set_rule(
            tx, stock.SetRule(item=shop.pen, place=shop.shelf, minimum=20_000, maximum=60_000)
        )
    shop.ids = ids
    return shop


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_itself(office, as_role, page):
    answer = as_role("office_manager").get(page.format(**office.ids))
    assert answer.status_code == 200, answer.text[-2000:]


def test_how_forty_became_twelve(office, as_role):
    page = text_of(as_role("office_manager").get(f"/inventory/items/{office.pen}"))
    assert "0 piece became 12 piece: 40 piece received, 28 piece issued." in page
    assert "Shelf A1: 40 piece became 12 piece" in page
    assert "issued 28 piece to Office Manager, Office" in page
    assert "12 piece left, fewer than the 20 piece wanted." in page


def text_of(answer):
    """Return the words of a page."""
    assert answer.status_code < 500, answer.text[-2000:]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split()).replace(" .", ".")


def issue_form(office, **changes):
    form = {
        "quantity": "1",
        "unit": office.box,
        "from_place": office.shelf,
        "for_department": office.office,
    }
    return form | changes


def test_a_quantity_is_understood_before_it_is_posted(office, as_role):
    client = as_role("office_manager")
    address = f"/inventory/items/{office.pen}/issue"
    asked = client.post(address, data=issue_form(office))
    assert asked.status_code == 200
    assert "That is 12 piece" in text_of(asked)
    assert office.balance(office.pen, office.shelf)[0] == 12_000
    done = client.post(address, data=issue_form(office, understood="12000"))
    assert done.status_code == 303
    assert office.balance(office.pen, office.shelf)[0] == 0


def test_what_was_understood_must_be_what_is_posted(office, as_role):
    client = as_role("office_manager")
    form = issue_form(office, understood="1000")
    answer = client.post(f"/inventory/items/{office.pen}/issue", data=form)
    assert answer.status_code == 200
    assert "That is 12 piece" in text_of(answer)
    assert office.balance(office.pen, office.shelf)[0] == 12_000


def test_too_much_is_said_on_the_form(office, as_role):
    form = issue_form(office, quantity="2", understood="24000")
    answer = as_role("office_manager").post(f"/inventory/items/{office.pen}/issue", data=form)
    assert answer.status_code == 409
    assert "Only 12 piece of Blue pen left at Shelf A1, 24 piece wanted." in text_of(answer)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quantity": ""}, "Fill this in."),
        ({"quantity": "1.000"}, "more than one meaning"),
        ({"quantity": "1.2345"}, "more than 3 decimals"),
        ({"quantity": "-1"}, "negative"),
        ({"quantity": "0"}, "above zero"),
        ({"unit": "nothing"}, "Choose one of the list."),
        ({"from_place": "nowhere"}, "Choose one of the list."),
        ({"for_department": "", "understood": "12000"}, "Say for whom"),
        ({"occurred_on": "2199-01-01", "understood": "12000"}, "has not come yet"),
    ],
)
def test_a_form_says_what_is_wrong(office, as_role, changes, said):
    address = f"/inventory/items/{office.pen}/issue"
    answer = as_role("office_manager").post(address, data=issue_form(office, **changes))
    assert answer.status_code == 422
    assert said in text_of(answer)


def test_a_third_of_a_piece_is_said_beside_the_quantity(office, as_role):
    form = issue_form(office, unit=office.third)
    answer = as_role("office_manager").post(f"/inventory/items/{office.pen}/issue", data=form)
    assert answer.status_code == 422
    assert "does not come out even" in text_of(answer)


def test_the_same_form_sent_twice_is_done_once(office, as_role):
    client = as_role("office_manager")
    form = issue_form(office, quantity="1", unit="", understood="1000") | {
        "_key": "the-same-key",
    }
    with office.work(None) as tx:
        form["unit"] = tx.one(select(Item), public_id=office.pen).units[0].public_id
    address = f"/inventory/items/{office.pen}/issue"
    answers = [client.post(address, data=form) for _ in range(2)]
    assert [a.status_code for a in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert office.balance(office.pen, office.shelf)[0] == 11_000


def test_goods_are_received_with_a_price_and_a_supplier(office, as_role):
    form = {
        "quantity": "2",
        "unit": office.box,
        "to_place": office.shelf,
        "supplier": office.ids["supplier"],
        "price": "27600",
        "note": "Delivery note 7",
        "understood": "24000",
    }
    answer = as_role("office_manager").post(f"/inventory/items/{office.pen}/receive", data=form)
    assert answer.status_code == 303
    with office.work(None) as tx:
        line = tx.session.scalars(select(Movement).order_by(Movement.id.desc())).first()
        assert (line.quantity, line.value, line.note) == (24_000, 55_200_00, "Delivery note 7")
        assert line.supplier.public_id == office.ids["supplier"]


def test_a_price_from_somebody_who_may_not_see_costs_does_not_count(office, as_role):
    form = {
        "quantity": "1",
        "unit": office.box,
        "to_place": office.shelf,
        "price": "999999",
        "understood": "12000",
    }
    client = as_role("assistant")
    assert "price" not in client.get(f"/inventory/items/{office.pen}/receive").text.lower()
    assert client.post(f"/inventory/items/{office.pen}/receive", data=form).status_code == 303
    assert office.balance(office.pen, office.shelf) == (24_000, 2 * 12 * 2300_00)


def test_transfer_and_scrap_and_reverse_by_form(office, as_role):
    client = as_role("office_manager")
    moved = {
        "quantity": "1",
        "unit": office.box,
        "from_place": office.shelf,
        "to_place": office.other_shelf,
        "understood": "12000",
    }
    assert client.post(f"/inventory/items/{office.pen}/transfer", data=moved).status_code == 303
    thrown = {
        "quantity": "1",
        "unit": office.box,
        "from_place": office.other_shelf,
        "note": "Dried up",
        "understood": "12000",
    }
    assert client.post(f"/inventory/items/{office.pen}/scrap", data=thrown).status_code == 303
    address = f"/inventory/movements/{office.ids['movement']}/reverse"
    assert client.post(address, data={"note": ""}).status_code == 422
    assert client.post(address, data={"note": "Never fetched"}).status_code == 303
    again = client.post(address, data={"note": "Never fetched"})
    assert again.status_code == 409
    assert "reversed before" in text_of(again)
    assert office.balance(office.pen, office.shelf)[0] == 28_000


def test_a_new_item_with_a_barcode_and_a_unit(office, as_role):
    client = as_role("office_manager")
    form = {
        "name": "Glue stick",
        "sku": "DSK-013",
        "unit": "stick",
        "code": "2100001000004",
        "category": office.ids["category"],
        "mode": "perpetual",
    }
    answer = client.post("/inventory/items/new", data=form)
    assert answer.status_code == 303
    page = answer.location
    pack = {"unit": "box", "num": "20", "den": "1", "code": "2100001000011"}
    assert client.post(f"{page}/units/new", data=pack).status_code == 303
    assert client.post(f"{page}/units/new", data=pack).status_code == 422
    shown = text_of(client.get(page))
    assert "2100001000011" in shown
    assert "holds 20 stick" in shown
    twice = client.post("/inventory/items/new", data=form)
    assert twice.status_code == 422
    assert "This is already the code of Glue stick." in text_of(twice)
    assert client.post("/inventory/codes/retire", data={"code": "2100001000011"}).status_code == 303
    assert "2100001000011" not in client.get(page).text


def test_a_scanned_barcode_leads_from_the_search_to_its_item(office, as_role):
    client = as_role("office_manager")
    form = {"name": "Glue stick", "sku": "DSK-013", "unit": "stick", "code": "2100001000004"}
    page = client.post("/inventory/items/new", data=form | {"mode": "perpetual"}).location
    scanned = client.get("/inventory/items?q=2100001000004")
    assert (scanned.status_code, scanned.location) == (302, page)
    assert client.get("/inventory/items?q=2100001000004&format=csv").status_code == 200
    assert client.get("/inventory/items?q=2100001000011").status_code == 200
    assert client.get("/inventory/items?q=99999999").status_code == 200


def test_an_item_edited_from_an_old_page_is_a_conflict(office, as_role):
    client = as_role("office_manager")
    with office.work(None) as tx:
        version = tx.one(select(Item), public_id=office.pen).version
    form = {
        "name": "Blue ballpoint",
        "sku": "WRI-001",
        "mode": "perpetual",
        "status": "active",
        "version": str(version),
    }
    address = f"/inventory/items/{office.pen}/edit"
    assert client.post(address, data=form).status_code == 303
    late = client.post(address, data=form | {"name": "Something else"})
    assert late.status_code == 409
    assert "Blue ballpoint" in late.text
    labels = re.findall(r"<dt>([^<]+)</dt>", late.text)
    assert {"Name", "Category", "How it is kept"} <= set(labels)
    assert "perpetual" not in late.text


def test_limits_are_set_and_changed(office, as_role):
    client = as_role("office_manager")
    address = f"/inventory/items/{office.pen}/rules/{office.shelf}"
    assert client.post(address, data={"minimum": "5", "version": "1"}).status_code == 303
    assert client.post(address, data={"minimum": "6", "version": "1"}).status_code == 409
    wrong = client.post(address, data={"minimum": "9", "maximum": "3", "version": "2"})
    assert wrong.status_code == 422
    new = {"place": office.other_shelf, "minimum": "2", "version": ""}
    address = f"/inventory/items/{office.pen}/rules/new"
    assert client.post(address, data=new).status_code == 303


def test_a_supplier_comes_from_the_address_book(office, as_role):
    client = as_role("office_manager")
    with office.work(None) as tx:
        contact = Contact(name="Pena Lestari", kind="organisation")
        tx.session.add(contact)
        tx.session.flush()
        public_id = contact.public_id
    form = {"contact": public_id, "order_by": "fax", "lead_days": "3"}
    answer = client.post("/inventory/suppliers/new", data=form)
    assert answer.status_code == 303
    assert "Pena Lestari" in client.get(answer.location).text
    by_name = {"contact_q": "kertas", "order_by": "fax", "lead_days": "3"}
    assert client.post("/inventory/suppliers/new", data=by_name).status_code == 422
    with office.work(None) as tx:
        supplier = tx.one(select(Supplier), public_id=office.ids["supplier"])
        version = supplier.version
    terms = {"order_by": "phone", "lead_days": "9", "active": "y", "version": str(version)}
    address = f"/inventory/suppliers/{office.ids['supplier']}/edit"
    assert client.post(address, data=terms).status_code == 303
    assert client.post(address, data=terms).status_code == 409


def test_the_lists_are_exported_as_they_are_shown(office, as_role):
    client = as_role("office_manager")
    rows = client.get("/inventory/stock?format=json").get_json()
    assert "Blue pen" in str(rows)
    assert b"Blue pen" in client.get("/inventory/items?format=csv").data
    assert client.get("/inventory/items?format=xlsx").status_code == 200
    lines = client.get(f"/inventory/items/{office.pen}/movements?format=csv").data.decode()
    assert "28" in lines


def test_the_laboratory_sees_its_shelf_and_no_other(office, as_person):
    client = as_person(office.lab_assistant)
    stock_page = text_of(client.get("/inventory/stock"))
    assert "Blue pen" in stock_page  # Shelf A1 serves the laboratory.
    with office.work() as tx:
        goods = stock.Receive(item=office.ream, quantity=7_000, to_place=office.other_shelf)
        stock.receive(tx, goods)
    assert "Copy paper" not in text_of(client.get("/inventory/stock"))
    items = text_of(client.get("/inventory/items"))
    assert "Copy paper" in items
    assert " 7 " not in items
    assert "Shelf A2" not in client.get(f"/inventory/items/{office.ream}").text
    assert client.get(f"/inventory/items/{office.pen}/rules/new").status_code == 403
    reverse = f"/inventory/movements/{office.ids['movement']}/reverse"
    assert client.get(reverse).status_code == 403


def test_costs_are_for_those_who_may_see_them(office, as_role):
    for role, sees in (("office_manager", True), ("assistant", False), ("employee", False)):
        client = as_role(role)
        item = client.get(f"/inventory/items/{office.pen}").text
        line = client.get(f"/inventory/movements/{office.ids['movement']}").text
        listed = client.get("/inventory/stock?format=json").text
        assert ("Rp 27,600" in item) is sees, role
        assert ("Rp 64,400" in line) is sees, role
        assert ("value" in listed) is sees, role


def test_the_ledger_page_tells_of_the_last_check(office, as_role):
    from kantor_inventory.services import selfcheck

    client = as_role("office_manager")
    assert "Not checked yet" in client.get("/inventory/ledger").text
    with office.work(None) as tx:
        selfcheck.check_ledger(tx)
    assert "0 differences" in text_of(client.get("/inventory/ledger"))
    assert client.post("/inventory/ledger/check").status_code == 303


def test_the_worker_checks_the_whole_ledger_whoever_asked(office, as_role):
    client = as_role("office_manager")
    with office.work_in_lab() as tx:
        stock.receive(tx, stock.Receive(item=office.ream, quantity=5_000, to_place=office.lab))
    assert client.post("/inventory/ledger/check").status_code == 303
    run_jobs(office.app)
    assert "3 movements, 0 differences" in text_of(client.get("/inventory/ledger"))


def test_a_difference_is_shown_to_whoever_may_look_there(office, as_role, as_person):
    from sqlalchemy import update

    from kantor_inventory.models import Balance

    with office.work(None) as tx:
        held = update(Balance).where(Balance.quantity == 12_000, ~Balance.outside)
        tx.session.execute(held.values(quantity=11_000))
    client = as_role("office_manager")
    assert client.post("/inventory/ledger/check").status_code == 303
    run_jobs(office.app)
    page = text_of(client.get("/inventory/ledger"))
    assert "1 figure does not add up" in page
    assert "Blue pen, Shelf A1" in page
    with office.work(None) as tx:
        other = add_person(
            tx, "Stranger", department_id=office.world.departments["stores"], role="assistant"
        )
    page = text_of(as_person(other).get("/inventory/ledger"))
    assert "Blue pen" not in page
    assert "1 more where you may not look" in page


def test_the_home_page_says_what_runs_low(office, as_role):
    page = text_of(as_role("office_manager").get("/"))
    assert "Running low" in page
    assert "Blue pen" in page


@pytest.mark.parametrize(
    ("page", "most"),
    [
        ("/inventory/items", 6),
        ("/inventory/items?view=active", 6),
        ("/inventory/stock", 6),
        ("/inventory/stock?view=below", 6),
        ("/inventory/items/{pen}/movements", 6),
        ("/inventory/items/{pen}", 12),
        ("/inventory/movements/{movement}", 12),
    ],
)
def test_a_page_asks_the_database_little(office, as_role, page, most):
    client = as_role("office_manager")
    address = page.format(**office.ids)
    client.get(address)  # What is read once a process is read now.
    with counting_statements(office.app) as seen:
        assert client.get(address).status_code == 200
    # Beside other plugins the page of an item has their panels, each with two of its own.
    panels = 2 if os.environ.get("KANTOR_TEST_INSTALLED") else 0
    assert len(seen) <= most + panels, "\n".join(seen)
