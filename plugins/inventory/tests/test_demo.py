"""The demo in a real database: everything goes in, and everything adds up."""

from datetime import date

import pytest
from sqlalchemy import func, select

from kantor_inventory import demo_catalogue, demo_data
from kantor_inventory.asking import demo as demo_requests
from kantor_inventory.asking.models import Requisition
from kantor_inventory.demo import fill
from kantor_inventory.models import Balance, Item, Movement
from kantor_inventory.services import selfcheck
from portal.api import Department, Person, Place

TODAY = date(2025, 11, 22)
NAMES = {name for names in demo_data.PEOPLE.values() for name in names} | set(demo_data.OFFICE)


@pytest.fixture
def clinic(tx):
    for name in demo_data.PEOPLE:
        tx.session.add(Department(name=name))
    asking = {one.person for one in demo_requests.REQUESTS} | {"Hendra Saputro"}
    asking |= {one.person for one in demo_requests.WISHES} | {"Ratna Wulansari"}
    for name in NAMES | asking:
        tx.session.add(Person(name=name, active_from=date(2020, 1, 1)))
    codes = {item.shelf for item in demo_catalogue.items()} | {"N1", "P1", "COPY"}
    codes |= {code for rooms in demo_data.ROOMS.values() for code in rooms}
    store = Place(code="STORE", name="Store", kind="room")
    for code in codes:
        tx.session.add(Place(code=code, name=code, kind="shelf", parent=store))
    tx.session.flush()
    fill(tx, seed=7, today=TODAY)
    return tx


def test_the_demo_is_written_and_adds_up(clinic):
    count = select(func.count())
    written = len(list(demo_data.movements(7, TODAY)))
    assert clinic.session.scalar(count.select_from(Item)) == len(demo_catalogue.items())
    found = count.select_from(Movement).where(Movement.type.in_(("usage", "variance")))
    counted = clinic.session.scalar(found)
    assert 3 <= counted <= 8
    handed_out = [line for one in demo_requests.REQUESTS for line in one.lines if line.given]
    assert clinic.session.scalar(count.select_from(Movement)) == (
        written + len(handed_out) + counted
    )
    requests = len(demo_requests.REQUESTS) + len(demo_requests.WISHES)
    assert clinic.session.scalar(count.select_from(Requisition)) == requests
    assert selfcheck.findings(clinic) == []
    below = clinic.session.scalar(count.select_from(Balance).where(Balance.below))
    assert 5 <= below <= 40
    assert clinic.session.scalar(count.select_from(Movement).filter_by(actor_id=None)) == 0
