"""Eight browsers at the same moment: one delivery is booked once, one list becomes one order."""

from collections import Counter
from functools import partial

from portal.testing import together

CLIENTS = 8


def at_once(as_role, address, form):
    """Send one form from as many browsers as there are, each by itself; return the answers."""
    clients = [as_role("office_manager") for _ in range(CLIENTS)]
    answers = together(*(partial(client.post, address, data=form) for client in clients))
    return Counter(answer.status_code for answer in answers)


def test_one_delivery_is_booked_once(office, as_role):
    office.want()
    order = office.place()
    line = office.lines()[0].public_id
    form = {
        "version": str(order.version),
        f"quantity-{line}": "2",
        f"unit-{line}": office.shop.box,
    }
    answers = at_once(as_role, f"/inventory/orders/{order.public_id}/receive", form)
    assert answers == {303: 1, 409: CLIENTS - 1}
    assert (office.balance().quantity, office.balance().on_order) == (29_000, 24_000)


def test_one_list_becomes_one_order(office, as_role):
    office.want()
    order = office.order()
    form = {"version": str(order.version), "placed_by": "phone"}
    answers = at_once(as_role, f"/inventory/orders/{order.public_id}/place", form)
    assert answers == {303: 1, 409: CLIENTS - 1}
    assert office.balance().on_order == 48_000
    assert office.order().number.endswith("-0001")


def test_one_suggestion_becomes_one_line(office, as_role):
    shop = office.shop
    form = {f"packs-{shop.pen}-{shop.shelf}": "4"}
    assert at_once(as_role, "/inventory/order-list", form) == {303: CLIENTS}
    assert [line.packs for line in office.lines()] == [4]
