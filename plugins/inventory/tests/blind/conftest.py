"""Two shelves of pens, one of them about to be counted blind, and all that tells of them."""

import pytest

from kantor_inventory.asking import services as asking
from kantor_inventory.asking import substitutes
from kantor_inventory.labels import flags
from kantor_inventory.services import stock, suppliers
from kantor_inventory.watching import rules, summing
from portal.api import Contact

from .figures import CAME, ELSEWHERE, MAXIMUM, MINIMUM, PRICE


@pytest.fixture
def blind(counting):
    """Two shelves of pens, one of them about to be counted, and all that stands about them."""
    shop = counting.shop
    with shop.work(None) as tx:
        firm = Contact(name="Toko Kertas", kind="organisation")
        tx.session.add(firm)
        tx.session.flush()
        seller = suppliers.add_supplier(
            tx, suppliers.AddSupplier(contact=firm.public_id, lead_days=6)
        )
        suppliers.set_price(
            tx, suppliers.SetPrice(supplier=seller.public_id, unit=shop.box, price=100)
        )
    counting.receive(CAME * 1000, price=PRICE * 100)
    counting.receive(ELSEWHERE * 1000, place=shop.other_shelf, price=PRICE * 100)
    counting.receive(9_000, item=shop.ream)
    with shop.work() as tx:
        substitutes.add(tx, shop.pen, shop.ream)
        limits = {"minimum": MINIMUM * 1000, "maximum": MAXIMUM * 1000}
        stock.set_rule(tx, stock.SetRule(item=shop.pen, place=shop.shelf, **limits))
    for work, pens in ((counting.as_dewi, 3), (counting.as_joko, 5)):
        with work() as tx:
            given = {"quantity": pens * 1000, "from_place": shop.shelf}
            stock.issue(tx, stock.Issue(item=shop.pen, for_department=counting.department, **given))
    with counting.as_joko() as tx:
        flags.tell(tx, flags.shelf(tx, shop.pen, shop.shelf))
    with shop.work(None) as tx:
        summing.keep(tx, summing.look(tx, rules.DAYS))
    piece = counting.piece()
    with shop.work_in_lab() as tx:
        line = asking.Wanted(item=shop.pen, unit=piece, quantity=9_000_000_000)
        asked = asking.ask(tx, asking.Ask(place=shop.shelf, lines=(line,)))
        counting.asked = asked.public_id
    counting.made = counting.plan(places=(shop.shelf,))
    return counting
