"""What a place is to the stock: seen on its page, chosen by who looks after it, written down."""

import pytest
from sqlalchemy import select

from kantor_inventory.models import Point
from kantor_inventory.services import points, stock
from portal.api import EditConflict, NotFound, Place
from portal.testing import sign_in


def choose(shop, place, kind, was="store", by=None):
    with by or shop.work() as tx:
        return points.set_kind(tx, points.SetKind(place=place, kind=kind, was=was)).kind


def kind_of(shop, place):
    with shop.work(None) as tx:
        return points.kind_of(tx, tx.one(select(Place), public_id=place))


def test_a_place_is_a_store_until_somebody_says_otherwise(shop):
    assert kind_of(shop, shop.shelf) == "store"
    assert choose(shop, shop.shelf, "point_of_use") == "point_of_use"
    assert kind_of(shop, shop.shelf) == "point_of_use"
    assert choose(shop, shop.shelf, "store", was="point_of_use") == "store"


def test_the_second_of_two_who_choose_is_told(shop):
    choose(shop, shop.shelf, "point_of_use")
    with pytest.raises(EditConflict):
        choose(shop, shop.shelf, "store")
    assert kind_of(shop, shop.shelf) == "point_of_use"


def test_who_only_sees_the_stock_of_a_place_chooses_nothing(shop):
    with pytest.raises(NotFound):
        choose(shop, shop.shelf, "point_of_use", by=shop.work_in_lab())
    with pytest.raises(NotFound):
        choose(shop, shop.lab, "point_of_use")
    assert kind_of(shop, shop.lab) == "store"


def test_a_movement_has_no_say_in_it(shop):
    choose(shop, shop.shelf, "point_of_use")
    with shop.work() as tx:
        stock.receive(tx, stock.Receive(item=shop.pen, quantity=5_000, to_place=shop.shelf))
    assert kind_of(shop, shop.shelf) == "point_of_use"
    with shop.work(None) as tx:
        assert len(tx.session.scalars(select(Point).where(Point.place_id.is_not(None))).all()) == 1


def test_it_is_chosen_on_a_page_and_read_on_the_page_of_the_place(shop, as_role):
    client = as_role("office_manager")
    assert "Nothing lies here now." in client.get(f"/places/{shop.shelf}").text
    form = client.get(f"/inventory/places/{shop.shelf}").text
    assert 'name="was" type="hidden" value="store"' in form
    answer = client.post(
        f"/inventory/places/{shop.shelf}", data={"kind": "point_of_use", "was": "store"}
    )
    assert answer.status_code == 303
    with shop.work() as tx:
        stock.receive(tx, stock.Receive(item=shop.pen, quantity=5_000, to_place=shop.shelf))
        limits = stock.SetRule(item=shop.pen, place=shop.shelf, minimum=6_000, maximum=None)
        stock.set_rule(tx, limits)
    page = client.get(f"/places/{shop.shelf}").text
    assert "Point of use" in page
    assert "1 item lies here, 1 below its minimum" in page
    assert "Point of use" in client.get("/inventory/places").text


@pytest.mark.parametrize("kind", ["", "transit", "consumption", "supplier"])
def test_no_place_becomes_an_end_outside_the_building(shop, as_role, kind):
    data = {"kind": kind, "was": "store"}
    assert as_role("office_manager").post(
        f"/inventory/places/{shop.shelf}", data=data
    ).status_code == 422  # fmt: skip


def test_the_page_of_a_place_says_nothing_of_stock_one_may_not_see(shop):
    with shop.work(None) as tx:
        command = stock.Receive(item=shop.pen, quantity=5_000, to_place=shop.other_shelf)
        stock.receive(tx, command)
    page = sign_in(shop.app, shop.lab_assistant).get(f"/places/{shop.other_shelf}").text
    assert "lies here" not in page
    assert "Store or point of use" not in page


def test_goods_are_received_where_the_item_is_kept_stores_first(shop, as_role):
    with shop.work() as tx:
        for place, quantity in ((shop.shelf, 9_000), (shop.other_shelf, 2_000)):
            command = stock.Receive(item=shop.pen, quantity=quantity, to_place=place)
            stock.receive(tx, command)
    form = f"/inventory/items/{shop.pen}/receive"
    client = as_role("office_manager")
    assert f'<option selected value="{shop.shelf}">' in client.get(form).text
    choose(shop, shop.shelf, "point_of_use")
    assert f'<option selected value="{shop.other_shelf}">' in client.get(form).text
