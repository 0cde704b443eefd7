"""Items, their units and codes; suppliers and their prices; what other plugins may ask for."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from kantor_inventory.models import (
    Barcode,
    Category,
    Item,
    ItemUnit,
    Movement,
    Supplier,
    SupplierItem,
)
from kantor_inventory.rules import BadBarcode, UnevenQuantity
from kantor_inventory.services import items, lists, selfcheck, stock, suppliers
from kantor_inventory.services.ledger import NotEnough
from portal.api import Contact, EditConflict, OutOfReach, Person, ValidationFailed

from .conftest import add_item

TUBE = items.AddItem(
    name="Glue stick",
    sku="DSK-013",
    unit="stick",
    code="2100001000004",
    packs=(items.Pack(unit="box", num=20, code="2100001000011"),),
)


def add(shop, command=TUBE, role="office_manager"):
    with shop.work(role) as tx:
        return items.add_item(tx, command).public_id


def test_an_item_comes_with_its_units_and_codes(shop):
    public_id = add(shop)
    with shop.work() as tx:
        item = tx.one(select(Item), public_id=public_id)
        assert [(u.unit.name, u.num, u.den) for u in item.units] == [
            ("stick", 1, 1),
            ("box", 20, 1),
        ]
        assert items.by_code(tx, "2100001000011").unit.name == "box"
        assert items.by_code(tx, "02100001000004").unit.name == "stick"
        assert items.by_code(tx, "nothing like it") is None
        assert items.by_code(tx, "3.01043E+13") is None


def test_a_new_item_may_use_units_that_exist(shop):
    add(shop, replace(TUBE, unit="PIECE", packs=(), code=""))
    with shop.work() as tx:
        item = tx.one(select(Item), sku="DSK-013")
        assert item.base_unit.name == "piece"


def test_all_faults_of_a_new_item_are_told_at_once(shop):
    with pytest.raises(ValidationFailed) as refused:
        add(shop, items.AddItem(name=" ", sku="wri-001", unit=""))
    assert set(refused.value.fields) == {"name", "sku", "unit"}
    assert "Blue pen" in str(refused.value.fields["sku"])


def test_two_items_never_have_one_code(shop):
    add(shop)
    with pytest.raises(BadBarcode, match="another look"):
        add(shop, replace(TUBE, sku="DSK-014", packs=()))
    with shop.work() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Item)) == 3


def test_a_wrong_check_digit_is_noticed(shop):
    with pytest.raises(BadBarcode):
        add(shop, replace(TUBE, code="2100001000005"))


def test_two_items_of_one_name_stay_two(shop):
    add(shop)
    add(shop, replace(TUBE, sku="DSK-014", code="", packs=()))
    with shop.work() as tx:
        same = select(func.count()).select_from(Item).filter_by(name="Glue stick")
        assert tx.session.scalar(same) == 2


def edit(shop, public_id, **changes):
    with shop.work() as tx:
        item = tx.one(select(Item), public_id=public_id)
        given = {
            "item": public_id,
            "version": item.version,
            "name": item.name,
            "sku": item.sku,
            "category": None,
            "mode": item.mode,
            "status": item.status,
            "note": item.note,
        }
        return items.edit_item(tx, items.EditItem(**given | changes)).version


def test_an_item_is_changed_by_whoever_read_it_last(shop):
    version = edit(shop, shop.pen, name="Blue ballpoint pen")
    edit(shop, shop.pen, version=version, status="use_up")
    with pytest.raises(EditConflict) as refused:
        edit(shop, shop.pen, version=version, name="Something else")
    assert refused.value.theirs["status"] == "use_up"


def test_an_item_keeps_its_own_code_but_not_anothers(shop):
    edit(shop, shop.pen, sku="wri-001")
    with pytest.raises(ValidationFailed):
        edit(shop, shop.pen, sku="pap-001")


def test_an_employee_changes_no_items(shop):
    with pytest.raises(OutOfReach):
        add(shop, role="employee")


def test_another_size_is_another_unit_and_old_movements_keep_theirs(shop):
    with shop.work() as tx:
        goods = stock.Receive(item=shop.pen, unit=shop.box, quantity=1000, to_place=shop.shelf)
        stock.receive(tx, goods)
    with pytest.raises(ValidationFailed), shop.work() as tx:
        items.add_pack(tx, items.AddPack(item=shop.pen, pack=items.Pack(unit="box", num=10)))
    with shop.work() as tx:
        items.retire_pack(tx, shop.box)
        new = items.add_pack(
            tx, items.AddPack(item=shop.pen, pack=items.Pack(unit="Box", num=10))
        ).public_id
        stock.receive(tx, replace(goods, unit=new))
    with shop.work() as tx:
        lines = select(Movement.quantity, ItemUnit.num).join(Movement.item_unit)
        assert tx.session.execute(lines.order_by(Movement.id)).all() == [(12_000, 12), (10_000, 10)]


def test_the_unit_an_item_is_counted_in_stays(shop):
    with shop.work() as tx:
        base = tx.one(select(Item), public_id=shop.pen).units[0].public_id
    with pytest.raises(items.UnitInUse), shop.work() as tx:
        items.retire_pack(tx, base)


def test_a_factor_is_kept_as_an_exact_fraction(shop):
    with shop.work() as tx:
        pack = items.Pack(unit="sachet", num=2, den=100)
        unit = items.add_pack(tx, items.AddPack(item=shop.ream, pack=pack))
        assert (unit.num, unit.den) == (1, 50)
        sachet = unit.public_id
    goods = stock.Receive(item=shop.ream, unit=sachet, quantity=10, to_place=shop.shelf)
    with pytest.raises(UnevenQuantity), shop.work() as tx:
        stock.receive(tx, goods)


def test_a_retired_code_may_stand_for_something_else(shop):
    add(shop)
    with shop.work() as tx:
        items.retire_code(tx, "2100001000004")
        items.add_code(tx, items.AddCode(unit=shop.box, code="2100001000004"))
    with shop.work() as tx:
        assert items.by_code(tx, "2100001000004").item.name == "Blue pen"
        assert tx.session.scalar(select(func.count()).select_from(Barcode)) == 3


def test_categories_have_names_of_their_own(shop):
    with shop.work() as tx:
        category = items.add_category(tx, "Pens")
        public_id, version = category.public_id, category.version
    with pytest.raises(ValidationFailed), shop.work() as tx:
        items.add_category(tx, "PENS ")
    with shop.work() as tx:
        name = items.Rename(row=public_id, version=version, name="pens")
        assert items.rename(tx, Category, name).name == "pens"
    with pytest.raises(EditConflict), shop.work() as tx:
        items.rename(tx, Category, items.Rename(row=public_id, version=version, name="Ink"))
    edit(shop, shop.pen, category=public_id)
    with shop.work() as tx:
        assert tx.one(select(Item), public_id=shop.pen).category.name == "pens"
        assert tx.session.scalar(select(func.count()).select_from(Category)) == 1


@pytest.fixture
def supplier(shop):
    with shop.work(None) as tx:
        contact = Contact(name="Toko Kertas Bintang", kind="organisation")
        tx.session.add(contact)
        tx.session.flush()
        contact_id = contact.public_id
    with shop.work() as tx:
        command = suppliers.AddSupplier(contact=contact_id, order_by="fax", lead_days=3)
        return suppliers.add_supplier(tx, command).public_id


def test_a_contact_is_a_supplier_once(shop, supplier):
    with shop.work() as tx:
        contact = tx.session.scalars(select(Contact.public_id)).one()
    with pytest.raises(ValidationFailed), shop.work() as tx:
        suppliers.add_supplier(tx, suppliers.AddSupplier(contact=contact))


def test_terms_make_sense(shop, supplier):
    command = suppliers.EditSupplier(
        supplier=supplier,
        version=1,
        customer_number="",
        order_by="pigeon",
        lead_days=3,
        note="",
        active=True,
    )
    with pytest.raises(ValidationFailed), shop.work() as tx:
        suppliers.edit_supplier(tx, command)
    with pytest.raises(ValidationFailed), shop.work() as tx:
        suppliers.edit_supplier(tx, replace(command, order_by="fax", lead_days=-1))
    with shop.work() as tx:
        suppliers.edit_supplier(tx, replace(command, order_by="phone", active=False))
    with pytest.raises(EditConflict), shop.work() as tx:
        suppliers.edit_supplier(tx, replace(command, order_by="shop"))


def test_a_receipt_without_a_price_costs_what_the_supplier_last_asked(shop, supplier):
    with shop.work() as tx:
        price = suppliers.SetPrice(supplier=supplier, unit=shop.box, price=24_000_00)
        suppliers.set_price(tx, price)
        suppliers.set_price(tx, replace(price, price=27_600_00, supplier_sku="P-12"))
        assert tx.session.scalar(select(func.count()).select_from(SupplierItem)) == 1
        goods = stock.Receive(
            item=shop.pen,
            unit=shop.box,
            quantity=2000,
            to_place=shop.shelf,
            supplier=supplier,
        )
        stock.receive(tx, goods)
    assert shop.balance(shop.pen, shop.shelf) == (24_000, 55_200_00)


def test_a_very_long_list_of_what_they_sell_is_cut_by_name(shop, supplier, monkeypatch):
    names = ("Wire", "Ärmel", "Glue", "apron", "Bag", "Tape")
    with shop.work() as tx:
        for number, name in enumerate(names):
            unit = add_item(tx, name, f"S-{number}").units[0].public_id
            suppliers.set_price(tx, suppliers.SetPrice(supplier=supplier, unit=unit, price=100))
    monkeypatch.setattr(lists, "OFFERS", 3)
    assert sold(shop, supplier) == ["apron", "Bag", "Glue"]
    with shop.work() as tx:
        tx.one(select(Item), sku="S-4").name = "Zip bag"
    assert sold(shop, supplier) == ["apron", "Glue", "Tape"]


def sold(shop, supplier):
    """Return the names of what stands on the page of a supplier."""
    with shop.work() as tx:
        return [
            row.name for row in lists.prices_of(tx, tx.one(select(Supplier), public_id=supplier))
        ]


@pytest.fixture
def stocked(shop):
    with shop.work() as tx:
        for place, quantity in ((shop.shelf, 3_000), (shop.other_shelf, 9_000)):
            goods = stock.Receive(item=shop.pen, quantity=quantity, to_place=place, price=100)
            stock.receive(tx, goods)
    return shop


def test_other_plugins_issue_without_rights_on_stock(stocked):
    from kantor_inventory.provided import Stock

    provided = Stock()
    with stocked.work("employee") as tx:
        assert provided.on_hand(tx, "WRI-001") == 12_000
        first = provided.issue(tx, "WRI-001", 2_000, reason="Repair R-1", key="repair-1")
        assert provided.issue(tx, "WRI-001", 2_000, reason="Repair R-1", key="repair-1") == first
        assert provided.on_hand(tx, "WRI-001") == 10_000
    assert stocked.balance(stocked.pen, stocked.other_shelf) == (7_000, 700)
    with stocked.work(None) as tx:
        line = tx.one(select(Movement), id=first)
        assert tx.one(select(Person), id=line.actor_id).name == "Employee"
    with stocked.work("employee") as tx:
        provided.put_back(tx, first, reason="Part not needed")
    assert stocked.balance(stocked.pen, stocked.other_shelf) == (9_000, 900)


def test_what_is_not_there_stops_the_repair_too(stocked):
    from kantor_inventory.provided import Stock

    with pytest.raises(NotEnough), stocked.work("employee") as tx:
        Stock().issue(tx, "WRI-001", 10_000, reason="Repair R-1")
    with pytest.raises(NotEnough), stocked.work("employee") as tx:
        Stock().issue(tx, "PAP-001", 1_000, reason="Repair R-1")
    assert stocked.balance(stocked.pen, stocked.other_shelf) == (9_000, 900)


def test_an_honest_ledger_has_no_differences(stocked):
    with stocked.work() as tx:
        rule = stock.SetRule(item=stocked.pen, place=stocked.shelf, minimum=5_000, maximum=None)
        stock.set_rule(tx, rule)
    with stocked.work(None) as tx:
        result = selfcheck.check_ledger(tx)
        assert (result.differences, result.movements, result.balances) == (0, 2, 3)


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ({"quantity": 2_999}, {"quantity"}),
        ({"value": 299}, {"value"}),
        ({"minimum": 1_000}, {"rule"}),
        ({"quantity": 0, "value": 0}, {"quantity", "value"}),
    ],
    ids=["quantity", "value", "minimum", "emptied"],
)
def test_a_balance_changed_behind_the_ledgers_back_is_found(stocked, values, kinds):
    from sqlalchemy import update

    from kantor_inventory.models import Balance, Point
    from portal.api import Place

    there = select(Point.id).join(Point.place).where(Place.public_id == stocked.shelf)
    with stocked.work(None) as tx:
        tx.session.execute(
            update(Balance).where(Balance.point_id.in_(there)).values(below=False, **values)
        )
        assert {finding.kind for finding in selfcheck.findings(tx)} == kinds
