"""Counting a stock room that serves other departments: its own people count, those served do not.

Shelf A1 is the office's and serves the laboratory, which sees its stock and may ask for it.
"""

import pytest

from kantor_inventory.counting import services as counts
from kantor_inventory.counting.models import CountLine
from kantor_inventory.services import stock
from portal.api import Department, NotFound
from portal.testing import add_person, sign_in, working_as


@pytest.fixture
def shared(counting):
    """Seven pens on the shared shelf, three in the laboratory's own cupboard, and lab people."""
    shop = counting.shop
    counting.receive(7_000)
    with shop.work_in_lab() as tx:
        goods = stock.Receive(item=shop.pen, quantity=3_000, to_place=shop.lab)
        stock.receive(tx, goods)
    lab = shop.world.departments["lab"]
    with shop.work(None) as tx:
        counting.lab_manager = add_person(tx, "Ayu", department_id=lab, role="department_manager")
        counting.lab = tx.session.get(Department, lab).public_id
    counting.served = (shop.lab_assistant, counting.lab_manager)
    return counting


def as_served(counting, person):
    return working_as(counting.shop.app, person)


def test_the_rooms_own_people_plan_count_review_and_post_it(shared):
    made = shared.sent_in(6_000, places=(shared.shop.shelf,))
    shared.decide(made, reason="damaged")
    shared.post(made)
    assert shared.status(made) == "posted"
    assert shared.shop.balance(shared.shop.pen, shared.shop.shelf)[0] == 6_000


def test_the_rooms_own_people_begin_a_count_at_its_shelf(shared):
    with shared.as_dewi() as tx:
        made = counts.count_now(tx, counts.CountNow(place=shared.shop.shelf)).public_id
    shared.enter(made, 7_000)
    shared.submit(made)
    assert shared.status(made) == "submitted"


def test_a_served_department_plans_no_count_of_the_room(shared):
    for department in (shared.department, shared.lab):
        for person in shared.served:
            wanted = counts.PlanCount(department=department, places=(shared.shop.shelf,))
            with as_served(shared, person) as tx, pytest.raises(NotFound):
                counts.plan_count(tx, wanted)


def test_a_count_of_everything_a_served_department_has_leaves_the_room_out(shared):
    with as_served(shared, shared.lab_manager) as tx:
        made = counts.plan_count(tx, counts.PlanCount(department=shared.lab)).public_id
    assert shared.rows(CountLine.position, count=made) == [(1,)]
    assert shared.line(made, place=shared.shop.lab)
    assert shared.line(made, place=shared.shop.shelf) is None


def test_a_served_department_puts_nothing_of_the_room_on_its_own_sheet(shared):
    shop = shared.shop
    with as_served(shared, shared.lab_manager) as tx:
        made = counts.plan_count(tx, counts.PlanCount(department=shared.lab)).public_id
    for person in shared.served:
        found = counts.AddFound(count=made, item=shop.ream, place=shop.shelf)
        with as_served(shared, person) as tx, pytest.raises(NotFound):
            counts.add_found(tx, found)


def test_who_is_served_begins_no_count_at_the_shelf(shared):
    shop = shared.shop
    for person in shared.served:
        with as_served(shared, person) as tx, pytest.raises(NotFound):
            counts.count_now(tx, counts.CountNow(place=shop.shelf))
        with as_served(shared, person) as tx, pytest.raises(NotFound):
            counts.count_item_now(tx, counts.CountItemNow(item=shop.pen, place=shop.shelf))


def test_who_is_served_enters_sends_in_and_reviews_nothing(shared):
    shop, made = shared.shop, shared.plan(places=(shared.shop.shelf,))
    line, piece = shared.line(made), shared.piece()
    acts = (
        (counts.enter, counts.Enter(line=line, amounts=[(piece, 7_000)])),
        (counts.missed, counts.Missed(line=line)),
        (counts.add_found, counts.AddFound(count=made, item=shop.ream, place=shop.shelf)),
        (counts.submit, counts.Submit(count=made, missing=1)),
        (counts.cancel, counts.Cancel(count=made, version=1, reason="not ours")),
        (counts.decide, counts.Decide(line=line, version=1, decision="keep")),
        (counts.post, counts.Post(count=made, missing=1)),
    )
    for service, command in acts:
        for person in shared.served:
            with as_served(shared, person) as tx, pytest.raises(NotFound):
                service(tx, command)
    assert shared.status(made) == "planned"
    assert shared.entries(made) == []


def test_who_is_served_sees_the_stock_and_no_page_of_the_count(shared):
    shop, made = shared.shop, shared.plan(places=(shared.shop.shelf,))
    number = sign_in(shop.app, shared.dewi).get("/inventory/counts?format=json").json[0]["number"]
    for person in shared.served:
        client = sign_in(shop.app, person)
        rows = client.get("/inventory/stock?format=json").json
        assert ("Blue pen", 7) in [(row["name"], row["quantity"]) for row in rows]
        assert client.get(f"/inventory/ask/{shop.shelf}").status_code == 200
        for page in ("", "/sheet", "/print", "/add", "/submit", "/result"):
            assert client.get(f"/inventory/counts/{made}{page}").status_code == 404, page
        assert client.get(f"/inventory/counts/lines/{shared.line(made)}").status_code == 404
        assert client.get("/inventory/counts?format=json").json == []
        for page in ("/", f"/places/{shop.shelf}", f"/inventory/items/{shop.pen}/at/{shop.shelf}"):
            told = client.get(page).text
            assert number not in told, page
            assert "Count this place now" not in told, page
        for page in ("/inventory/counts/new", "/inventory/due"):
            told = client.get(page).text
            assert shop.shelf not in told, page


def test_what_is_handed_out_during_the_count_is_its_own_peoples_act(shared):
    """Asking goes on while the room is counted; what is handed out then is known to the count."""
    shop, made = shared.shop, shared.plan(places=(shared.shop.shelf,))
    shared.enter(made, 7_000)
    for person in shared.served:
        given = {"item": shop.pen, "quantity": 1_000, "for_department": shared.lab}
        with as_served(shared, person) as tx, pytest.raises(NotFound):
            stock.issue(tx, stock.Issue(from_place=shop.shelf, **given))
    with shared.as_joko() as tx:
        stock.issue(tx, stock.Issue(from_place=shop.shelf, **given))
    shared.submit(made)
    shared.decide(made)
    shared.post(made)
    assert shop.balance(shop.pen, shop.shelf)[0] == 6_000
