"""The page of an item about which there is everything to say."""

import pytest
from sqlalchemy import select

from kantor_inventory.asking import slips, substitutes
from kantor_inventory.models import Item
from kantor_inventory.services import price_breaks
from portal.testing import counting_statements, sign_in

MOST = 12 + 2  # what a page of a record may ask, and what the story of it does


@pytest.fixture
def told_of(office):
    """Return the office with everything known of pens: prices by quantity, orders, a late slip."""
    office.want(packs=1)
    office.place()
    with office.shop.work(None) as tx:
        item = tx.one(select(Item), public_id=office.shop.pen)
        substitutes.add(tx, office.shop.pen, office.shop.ream)
        price_breaks.add(
            tx,
            price_breaks.AddBreak(
                supplier=office.supplier,
                unit=office.shop.box,
                packs=2,
                price=20_000_00,
                valid_from=tx.today,
            ),
        )
        slips.keep(
            tx,
            slips.NoteSlip(
                kind="issue",
                item=item,
                unit=item.units[0],
                quantity=2_000,
                entered=2_000,
                place=office.shop.shelf,
                occurred_on=tx.today,
                counted_at=tx.now,
            ),
        )
    return office


def test_it_says_all_of_it_and_asks_the_database_little(told_of):
    client = sign_in(told_of.shop.app, told_of.shop.world.people["office_manager"])
    address = f"/inventory/items/{told_of.shop.pen}"
    page = client.get(address).get_data(as_text=True)
    for words in ("Why order", "On order", "Serves as well", "noted a late slip", "Comes in"):
        assert words in page
    with counting_statements(told_of.shop.app) as seen:
        client.get(address)
    assert len(seen) <= MOST, "\n".join(seen)
