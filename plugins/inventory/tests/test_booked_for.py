"""A movement that a deputy booked in somebody's right says so, wherever it is listed."""

import dataclasses
import re

import pytest

from kantor_inventory.services import stock
from portal.api import Person
from portal.testing import counting_statements


def text_of(answer):
    assert answer.status_code == 200, answer.text[-2000:]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.fixture
def booked(shop):
    """Return what deputy and manager are called after one issue by the deputy, one by herself."""
    with shop.work("office_manager") as tx:
        goods = stock.Receive(item=shop.pen, quantity=60_000, to_place=shop.shelf)
        stock.receive(tx, goods)
        manager = shop.world.people["department_manager"]
        actor = dataclasses.replace(tx.actor, on_behalf_of=manager)
        taken = stock.Issue(
            item=shop.pen, quantity=5_000, from_place=shop.shelf, for_person=shop.keeper
        )
        movement = stock.issue(dataclasses.replace(tx, actor=actor), taken)
        names = [
            tx.session.get_one(Person, one).name
            for one in (shop.world.people["office_manager"], manager)
        ]
        return (*names, movement.public_id)


def test_every_list_of_movements_says_for_whom_a_deputy_booked(shop, booked, as_role):
    deputy, manager, movement = booked
    client = as_role("office_manager")
    listed = text_of(client.get(f"/inventory/items/{shop.pen}/movements"))
    assert f"{deputy} for {manager}" in listed
    assert listed.count(f"for {manager}") == 1
    assert f"{deputy} for {manager}: issued 5" in text_of(
        client.get(f"/inventory/items/{shop.pen}")
    )
    assert f"By {deputy} for {manager}" in text_of(client.get(f"/inventory/movements/{movement}"))
    lines = client.get(f"/inventory/items/{shop.pen}/movements?format=json").get_json()
    assert sorted(line.get("behalf") or "" for line in lines) == ["", manager]


def test_the_name_costs_no_statement_a_movement(shop, booked, as_role):
    client = as_role("office_manager")
    address = f"/inventory/items/{shop.pen}/movements"
    client.get(address)
    with counting_statements(shop.app) as before:
        client.get(address)
    with shop.work() as tx:
        actor = dataclasses.replace(tx.actor, on_behalf_of=shop.world.people["department_manager"])
        own = dataclasses.replace(tx, actor=actor)
        for _ in range(5):
            goods = stock.Receive(item=shop.pen, quantity=1_000, to_place=shop.shelf)
            stock.receive(own, goods)
    with counting_statements(shop.app) as after:
        client.get(address)
    assert len(after) == len(before)
