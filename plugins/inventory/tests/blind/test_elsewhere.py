"""Ways to the books that lead past the pages of the stock: lists, other plugins, the audit."""

from kantor_inventory.counting import services as counts
from kantor_inventory.permissions import ROLES
from kantor_inventory.provided import Stock
from kantor_inventory.services import stock
from portal.testing import add_person, sign_in, working_as

from ..test_import import row, words
from ..test_import_updates import sent
from .figures import BOOK, COUNTED, ELSEWHERE, told

CLOSED = "This is being counted, and shown again once the count is sent in."
COUNTED_NOW = "This is being counted, so what is on hand is neither compared nor changed."
DIFFERS = "There were movements here, so what is on hand is not overwritten. Count it."


def person(counting, made_role, *more):
    """Return an assistant, so a counter, who may do some more everywhere."""
    held = {g.permission: g.reach for g in ROLES if g.role == "assistant"}
    with counting.shop.work(None) as tx:
        made_role(tx, "more", held | dict.fromkeys(more, "all"))
        office = counting.shop.world.departments["office"]
        return add_person(tx, "Sri", department_id=office, role="more")


def sent_in(counting):
    counting.enter(counting.made, COUNTED * 1000)
    counting.enter(counting.made, 9_000, item=counting.shop.ream)
    counting.submit(counting.made)


def checked(client, quantity, **cells):
    """Return what the page says that checks a list with so much of an item on the shelf."""
    pen = {"code": "WRI-001", "name": "Blue pen", "unit": "piece", "place": "A1"}
    empty = dict.fromkeys(("minimum", "price", "barcode", "category", "pack", "size"), "")
    rows = [row(1, **(pen | empty | {"quantity": str(quantity)} | cells))]
    return words(sent(client, rows, mode="both", by="sku")[2])


def test_a_list_does_not_tell_its_importer_whether_a_blind_count_differs(blind, made_role):
    importer = person(blind, made_role, "inventory.item.import")
    client = sign_in(blind.shop.app, importer)
    said = [checked(client, quantity) for quantity in (BOOK, BOOK - 1)]
    assert all(COUNTED_NOW in page and DIFFERS not in page for page in said)
    assert DIFFERS in checked(client, ELSEWHERE - 1, place="A2")
    assert DIFFERS not in checked(client, ELSEWHERE, place="A2")
    sent_in(blind)
    assert DIFFERS in checked(client, BOOK - 1)
    assert DIFFERS not in checked(client, BOOK)


def test_who_does_not_count_is_told_whether_a_list_differs(blind):
    client = sign_in(blind.shop.app, blind.shop.world.people["office_manager"])
    assert DIFFERS in checked(client, BOOK - 1)
    assert COUNTED_NOW not in checked(client, BOOK)


def test_a_list_opens_no_books_of_what_is_counted_blind(blind, made_role):
    """That nothing was ever here is a figure too."""
    shop = blind.shop
    with shop.work(None) as tx:
        item = blind.add_item(tx, "Green pen", "WRI-009").public_id
    with shop.work() as tx:
        limits = {"minimum": 1_000, "maximum": None}
        stock.set_rule(tx, stock.SetRule(item=item, place=shop.other_shelf, **limits))
    client = sign_in(shop.app, person(blind, made_role, "inventory.item.import"))
    cells = {"code": "WRI-009", "name": "Green pen", "place": "A2"}
    assert "There is nothing to import" not in checked(client, 7, **cells)
    blind.plan(places=(shop.other_shelf,))
    page = checked(client, 7, **cells)
    assert COUNTED_NOW in page
    assert "There is nothing to import" in page


def on_hand(counting, person_id):
    with working_as(counting.shop.app, person_id) as tx:
        return Stock().on_hand(tx, "WRI-001")


def test_another_plugin_is_not_told_what_its_reader_counts(blind):
    everything = (BOOK + ELSEWHERE) * 1000
    people = blind.shop.world.people
    assert on_hand(blind, blind.dewi) is None
    assert on_hand(blind, people["office_manager"]) == everything
    assert on_hand(blind, people["employee"]) == everything
    assert on_hand(blind, None) == everything
    sent_in(blind)
    assert on_hand(blind, blind.dewi) == everything


def acts(client):
    """Return {name of the act: addresses of its entries} of everything the audit lists."""
    found = {}
    for line in client.get("/audit?format=json").json:
        found.setdefault(line["code"], []).append(f"/audit/{line['id']}")
    return found


def test_the_audit_keeps_from_a_counter_what_moved_what_is_counted(blind, made_role):
    auditor = person(blind, made_role, "core.audit.view")
    client = sign_in(blind.shop.app, auditor)
    listed = acts(client)
    receipts, issues = listed["inventory.stock_receive"], listed["inventory.stock_issue"]
    # Of the pens on the shelf and on the other one, and of paper.
    pages = [client.get(address).text for address in receipts]
    assert sorted(CLOSED in page for page in pages) == [False, True, True]
    assert {name for address in receipts for name in told(client.get(address))} == set()
    assert all(CLOSED in client.get(address).text for address in issues)
    with working_as(blind.shop.app, auditor) as tx:
        given = {"quantity": 2_000, "from_place": blind.shop.shelf}
        stock.issue(tx, stock.Issue(item=blind.shop.pen, for_department=blind.department, **given))
    (own,) = {*acts(client)["inventory.stock_issue"]} - {*issues}
    assert CLOSED not in client.get(own).text
    sent_in(blind)
    assert not any(CLOSED in client.get(address).text for address in (*receipts, *issues))
    assert "what came" in {name for address in receipts for name in told(client.get(address))}


def test_the_audit_keeps_what_was_decided_of_a_blind_count_from_its_counters(blind, made_role):
    auditor = person(blind, made_role, "core.audit.view")
    sent_in(blind)
    blind.decide(blind.made, "recount")
    with blind.as_maya() as tx:
        counts.send_back(tx, counts.SendBack(count=blind.made))
    client = sign_in(blind.shop.app, auditor)
    (decided,) = acts(client)["inventory.count_line_decided"]
    assert CLOSED in client.get(decided).text
    blind.enter(blind.made, COUNTED * 1000, by=blind.as_joko())
    blind.submit(blind.made, by=blind.as_joko())
    assert CLOSED not in client.get(decided).text


def test_who_reads_the_audit_and_counts_nothing_reads_all_of_it(blind, made_role):
    with blind.shop.work(None) as tx:
        made_role(tx, "auditor", {"core.audit.view": "all"})
        auditor = add_person(tx, "Rani", role="auditor", everywhere=True)
    client = sign_in(blind.shop.app, auditor)
    pages = [client.get(address).text for address in acts(client)["inventory.stock_receive"]]
    assert not any(CLOSED in page for page in pages)
