"""What the books say of a blind count, looked for by its counters in everything they can open."""

import html
import re
from collections import Counter, deque
from io import BytesIO
from urllib.parse import parse_qsl
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from kantor_inventory.asking import services as asking
from kantor_inventory.asking import substitutes
from kantor_inventory.counting import services as counts
from kantor_inventory.counting.models import Count
from kantor_inventory.labels import flags
from kantor_inventory.models import Movement
from kantor_inventory.permissions import ROLES
from kantor_inventory.services import stock, suppliers
from kantor_inventory.watching import rules, summing
from portal.api import Contact, Person
from portal.testing import add_person, pdf_pages, sign_in

# Nothing else in the portal is so much. Pens; a box holds twelve of them.
CAME, AFTER_DEWI, BOOK, ELSEWHERE = 7_340_041, 7_340_038, 7_340_033, 1_111_117
MINIMUM, MAXIMUM, COUNTED = 30_000_001, 50_000_017, 7_001_117
PRICE = 7
PACKS = (MAXIMUM - BOOK) // 12
FIGURES = {
    "what came": CAME,
    "what was left in between": AFTER_DEWI,
    "what the books say": BOOK,
    "what the books say of all places": BOOK + ELSEWHERE,
    "what it is worth": BOOK * PRICE,
    "what it is worth in all places": (BOOK + ELSEWHERE) * PRICE,
    "what is missing": MAXIMUM - BOOK,
    "the suggestion": PACKS,
    "the suggestion in pens": PACKS * 12,
    "the difference": BOOK - COUNTED,
}
SHOWN_TO_ASSISTANTS = {
    "what came",
    "what was left in between",
    "what the books say",
    "what the books say of all places",
    "the suggestion",
    "the suggestion in pens",
}


def written(figure):
    """Return the pattern of a figure however it is written."""
    grouped = re.sub(r",", "[.,]?", f"{figure:,}")
    return re.compile(rf"(?<![0-9a-z]){grouped}")


PATTERNS = {name: written(figure) for name, figure in FIGURES.items()}


def readable(answer):
    """Return everything that is said in an answer, inside packed files too."""
    content = answer.data
    if content[:2] == b"PK":
        with ZipFile(BytesIO(content)) as packed:
            return " ".join(packed.read(n).decode(errors="replace") for n in packed.namelist())
    if content[:4] == b"%PDF":
        return " ".join(pdf_pages(content))
    return content.decode(errors="replace") + " ".join(answer.headers.values())


def told(answer):
    """Return the names of the figures that stand in an answer."""
    said = readable(answer)
    return {name for name, pattern in PATTERNS.items() if pattern.search(said)}


def of_core(name):
    """Return a class of the portal itself, which plugins have no business with."""
    return next(m.class_ for m in Person.registry.mappers if m.class_.__name__ == name)


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


def who_sees_costs(counting):
    """Return an assistant whose role also shows what stock costs."""
    role_class, given = of_core("Role"), of_core("RolePermission")
    held = {g.permission: g.reach for g in ROLES if g.role == "assistant"}
    with counting.shop.work(None) as tx:
        role = role_class(slug="treasurer", name="Treasurer")
        role.permissions = [
            given(permission=permission, reach=reach)
            for permission, reach in (held | {"inventory.cost.view": "department"}).items()
        ]
        tx.session.add(role)
        tx.session.flush()
        office = counting.shop.world.departments["office"]
        return add_person(tx, "Sri", department_id=office, role="treasurer")


def addresses(portal_app, counting):
    """Return where a reader can begin: every page without an argument, and some with one."""
    plain = [
        rule.rule
        for rule in portal_app.url_map.iter_rules()
        if "GET" in rule.methods and not rule.arguments and "sign-out" not in rule.rule
    ]
    pen, shelf, count = counting.shop.pen, counting.shop.shelf, counting.made
    return [
        *plain,
        "/search?q=Blue",
        "/search?q=Shelf",
        f"/inventory/ask/{shelf}/items?q=pen",
        f"/inventory/ask/{shelf}?item={pen}",
        f"/inventory/items/{pen}",
        f"/inventory/items/{pen}/at/{shelf}",
        f"/inventory/items/{pen}/movements",
        f"/inventory/items/{pen}/order",
        f"/inventory/requests/{counting.asked}/answer",
        f"/inventory/labels?kind=shelf&item={pen}",
        f"/inventory/counts/{count}/sheet",
        f"/places/{shelf}",
        *(f"/inventory/stock?sort={sort}" for sort in ("quantity", "-quantity")),
        *(f"/inventory/order-list?view={view}" for view in ("to_order", "put_off", "all")),
        *(f"/inventory/overview/file?figure={n}" for n in ("value", "categories", "still")),
    ]


def follows(address):
    """Return whether a link leads to something that another one does not show as well."""
    path, _, asked = address.partition("?")
    names = {name for name, _ in parse_qsl(asked)} - {"format"}
    more = len(names) > 1 and not path.endswith(("/sheet", "/labels", "/file"))
    return not re.match(r"/(static|sign-out|help)", path) and not (
        more or names & {"columns", "height"}
    )


def crawl(client, begin):
    """Yield (address, answer) of every page and file that links lead to."""
    known, waiting = set(begin), deque(begin)
    while waiting:
        address = waiting.popleft()
        answer = client.get(address)
        assert answer.status_code < 500, (address, answer.text[-2000:])
        yield address, answer
        if answer.mimetype != "text/html":
            continue
        for found in re.findall(r'\b(?:href|hx-get)="(/[^"#]*)', answer.text):
            link = html.unescape(found)
            if link not in known and follows(link):
                known.add(link)
                waiting.append(link)


def read_all(client, begin):
    """Return {figure: {kind of file: address}} of everything a person can open."""
    found, kinds = {}, Counter()
    for address, answer in crawl(client, begin):
        kinds[answer.mimetype.rpartition(".")[2]] += answer.status_code == 200
        for name in told(answer):
            found.setdefault(name, {}).setdefault(answer.mimetype, address)
    wanted = {"text/html": 80, "text/csv": 30, "application/json": 30, "sheet": 30}
    assert all(kinds[kind] >= least for kind, least in wanted.items()), kinds
    assert kinds["application/pdf"], kinds
    return found


def test_an_assistant_reads_the_books_nowhere_until_the_count_is_sent_in(blind, portal_app):
    client, begin = sign_in(portal_app, blind.dewi), addresses(portal_app, blind)
    blind.enter(blind.made, COUNTED * 1000)
    assert read_all(client, begin) == {}
    blind.enter(blind.made, 9_000, item=blind.shop.ream)
    blind.submit(blind.made)
    found = read_all(client, begin)
    assert {name for name in found if "text/html" in found[name]} >= SHOWN_TO_ASSISTANTS
    assert found["what the books say"].keys() >= {"text/html", "text/csv", "application/json"}


def test_a_counter_who_sees_costs_is_not_told_what_the_stock_is_worth(blind, portal_app):
    person = who_sees_costs(blind)
    client, begin = sign_in(portal_app, person), addresses(portal_app, blind)
    assert read_all(client, begin) == {}
    blind.enter(blind.made, COUNTED * 1000)
    blind.enter(blind.made, 9_000, item=blind.shop.ream)
    blind.submit(blind.made)
    item = f"/inventory/items/{blind.shop.pen}"
    for address in ("/", "/inventory/overview", "/inventory/overview/file?figure=value", item):
        assert "what it is worth in all places" in told(client.get(address)), address
    for address in ("/inventory/stock", "/inventory/stock?format=csv"):
        assert "what it is worth" in told(client.get(address)), address


# Where the figures stand for whoever may see stock.
PLACES = (
    "/",
    "/inventory/stock",
    "/inventory/stock?format=csv",
    "/inventory/items",
    "/inventory/items/{pen}",
    "/inventory/items/{pen}/at/{shelf}",
    "/inventory/items/{pen}/movements?format=json",
    "/inventory/items/{ream}",
    "/inventory/alerts",
    "/inventory/order-list",
)


def read_places(client, counting):
    """Return the places at which one of the figures stands."""
    shop = counting.shop
    names = {"pen": shop.pen, "ream": shop.ream, "shelf": shop.shelf}
    return {place for place in PLACES if told(client.get(place.format(**names)))}


def test_the_books_are_closed_from_the_plan_to_the_last_recount(blind, portal_app):
    dewi, maya = sign_in(portal_app, blind.dewi), sign_in(portal_app, blind.maya)
    assert read_places(dewi, blind) == set()
    assert read_places(maya, blind) == {*PLACES}
    blind.enter(blind.made, COUNTED * 1000)
    blind.enter(blind.made, 9_000, item=blind.shop.ream)
    assert read_places(dewi, blind) == set()
    blind.submit(blind.made)
    assert read_places(dewi, blind) == {*PLACES}
    assert "the difference" in told(maya.get(f"/inventory/counts/{blind.made}/review"))
    blind.decide(blind.made, "recount")
    with blind.as_maya() as tx:
        counts.send_back(tx, counts.SendBack(count=blind.made))
    assert blind.status(blind.made) == "recount"
    assert read_places(dewi, blind) == set()
    blind.enter(blind.made, COUNTED * 1000, by=blind.as_joko())
    blind.submit(blind.made, by=blind.as_joko())
    assert read_places(dewi, blind) == {*PLACES}


def test_pages_that_tell_less_say_so(blind, portal_app):
    dewi, item = sign_in(portal_app, blind.dewi), f"/inventory/items/{blind.shop.pen}"
    assert "This is being counted" in dewi.get(item).text
    for page in ("/inventory/overview", "/inventory/alerts", "/inventory/order-list"):
        assert "are left out here until the count is sent in" in dewi.get(page).text, page
    shelf = dewi.get(f"{item}/at/{blind.shop.shelf}").text
    assert "How much it should be is said once the count is sent in." in shelf


def test_an_open_count_closes_no_books(blind, portal_app):
    with blind.shop.work(None) as tx:
        tx.one(select(Count), public_id=blind.made).blind = False
    assert read_places(sign_in(portal_app, blind.dewi), blind) == {*PLACES}


def test_who_does_not_count_goes_on_seeing_the_stock(blind, portal_app):
    with blind.shop.work(None) as tx:
        office = blind.shop.world.departments["office"]
        clerk = add_person(tx, "Rani", department_id=office, role="employee")
    seen = read_places(sign_in(portal_app, clerk), blind)
    assert seen == {*PLACES} - {"/inventory/order-list"}


def test_a_reviewer_who_takes_part_is_a_counter(blind, portal_app):
    maya = sign_in(portal_app, blind.maya)
    assert read_places(maya, blind) == {*PLACES}
    blind.enter(blind.made, COUNTED * 1000, by=blind.as_maya())
    assert read_places(maya, blind) == set()


def test_a_reviewer_is_a_counter_of_what_is_given_to_them(blind, portal_app):
    maya = sign_in(portal_app, blind.maya)
    with blind.shop.work(None) as tx:
        tx.one(select(Count), public_id=blind.made).assigned_to_id = blind.maya
    assert read_places(maya, blind) == set()


def test_an_order_by_quantity_says_nothing_of_what_is_counted(blind, portal_app):
    dewi = sign_in(portal_app, blind.dewi)
    pen = {"name": "Blue pen", "place": "Shelf A1"}

    def rows(sort):
        answer = dewi.get(f"/inventory/stock?sort={sort}&format=json")
        return [{"name": r["name"], "place": r["place"]} for r in answer.json]

    before = [rows(sort) for sort in ("quantity", "-quantity")]
    assert all(pen not in found for found in before)
    assert pen in rows("name")
    assert "are left out here" in dewi.get("/inventory/stock?sort=quantity").text
    assert "are left out here" not in dewi.get("/inventory/stock").text
    blind.issue((BOOK - 1) * 1000)
    assert [rows(sort) for sort in ("quantity", "-quantity")] == before
    blind.enter(blind.made, 1_000)
    blind.enter(blind.made, 9_000, item=blind.shop.ream)
    blind.submit(blind.made)
    assert pen in rows("quantity")
    assert rows("quantity") == rows("-quantity")[::-1]
    assert "are left out here" not in dewi.get("/inventory/stock?sort=quantity").text


@pytest.mark.parametrize("state", ["below", "out", "too_much"])
def test_a_filter_says_nothing_of_what_is_counted(blind, portal_app, state):
    page = sign_in(portal_app, blind.dewi).get(f"/inventory/stock?state={state}")
    assert blind.shop.pen not in page.text
    assert "are left out here" in page.text


def test_a_refusal_does_not_say_how_much_there_is(blind, portal_app):
    dewi, shop, piece = sign_in(portal_app, blind.dewi), blind.shop, blind.piece()
    wanted = {"quantity": "9000000", "unit": piece, "from_place": shop.shelf, "understood": ""}
    wanted |= {"sure": str(9_000_000_000), "occurred_on": "", "note": "gone", "late": "no"}
    wanted |= {"for_department": blind.department, "to_place": shop.other_shelf}
    for act in ("issue", "transfer", "scrap"):
        answer = dewi.post(f"/inventory/items/{shop.pen}/{act}", data=wanted)
        assert answer.status_code == 409, answer.text[-2000:]
        assert "There is less of Blue pen at Shelf A1 than 9,000,000 piece" in answer.text
        assert told(answer) == set()
    fits = wanted | {"quantity": "2", "sure": "2000"}
    done = dewi.post(f"/inventory/items/{shop.pen}/issue", data=fits, follow_redirects=True)
    assert "2 piece issued" in done.text
    assert told(done) == set()
    assert shop.balance(shop.pen, shop.shelf)[0] == (BOOK - 2) * 1000


def test_an_answer_that_cannot_be_kept_does_not_say_why(blind, portal_app):
    dewi = sign_in(portal_app, blind.dewi)
    path = f"/inventory/requests/{blind.asked}/answer"
    page = dewi.get(path)
    line = re.search(r'name="(\w+)-action"', page.text)[1]
    form = {f"{line}-action": "hand_out", f"{line}-quantity": "9000000"}
    answer = dewi.post(path, data=form | {f"{line}-unit": blind.piece()})
    assert answer.status_code == 409
    assert "There is not enough of Blue pen" in html.unescape(answer.text)
    assert told(page) | told(answer) == set()


def test_of_the_ledger_a_counter_sees_the_own_lines_without_what_was_left(blind, portal_app):
    dewi = sign_in(portal_app, blind.dewi)
    path = f"/inventory/items/{blind.shop.pen}/movements?format=json"
    rows = dewi.get(path).json
    mine = [row for row in rows if row["actor"] == "Dewi"]
    assert [(row["quantity"], row["left_from"]) for row in mine] == [(3, None)]
    assert [row["source"] for row in rows if row["actor"] == "Joko"] == []
    with blind.shop.work(None) as tx:
        theirs = tx.session.scalars(select(Movement).order_by(Movement.id.desc())).first().public_id
    refused = dewi.get(f"/inventory/movements/{theirs}")
    assert refused.status_code == 409
    assert "This is being counted" in refused.text
    assert sign_in(portal_app, blind.maya).get(f"/inventory/movements/{theirs}").status_code == 200


BLIND = [
    "/inventory/counts",
    "/inventory/counts?format=json",
    "/inventory/counts/{count}",
    "/inventory/counts/{count}/sheet",
    "/inventory/counts/{count}/sheet?show=open",
    "/inventory/counts/{count}/sheet?format=csv",
    "/inventory/counts/{count}/sheet?format=json",
    "/inventory/counts/{count}/sheet?format=xlsx",
    "/inventory/counts/{count}/print",
    "/inventory/counts/{count}/print?format=pdf",
    "/inventory/counts/{count}/submit",
    "/inventory/counts/{count}/add",
    "/inventory/counts/{count}/result",
    "/inventory/counts/{count}/result?format=json",
    "/inventory/counts/{count}/find?code=WRI-001&to=list",
    "/inventory/counts/lines/{line}",
    "/inventory/counts/lines/{line}?row=1",
    "/inventory/counts/lines/{line}/understood?quantity=1&unit={box}",
    "/inventory/counts/items?q=pen",
]


def test_nothing_that_a_counter_is_sent_says_what_the_books_say(counting, portal_app):
    """Every page, file and message of a blind count, read for the figure in the books."""
    counting.receive(7_531_468_000, price=7)
    made = counting.plan()
    line = counting.line(made)
    names = {"count": made, "line": line, "box": counting.shop.box}
    counter = sign_in(portal_app, counting.dewi)
    figure = re.compile(r"7[.,]?531[.,]?468")
    for act in ({}, {"quantity": "7000"}, {"quantity": "7600"}, {"act": "missed"}):
        for row in ({}, {"row": "1"}):
            said = counter.post(
                f"/inventory/counts/lines/{line}",
                data={"unit": counting.piece(), "seen": "", **act, **row},
            )
            assert not figure.search(readable(said)), act
        for page in BLIND:
            answer = counter.get(page.format(**names))
            assert not figure.search(readable(answer)), page
            assert answer.status_code < 500
    counter.post(
        f"/inventory/counts/lines/{line}", data={"quantity": "7", "unit": counting.piece()}
    )
    for missing in ("1", "0"):
        said = counter.post(f"/inventory/counts/{made}/submit", data={"missing": missing})
        assert not figure.search(readable(said))
    assert counting.status(made) == "submitted"
    assert counter.get(f"/inventory/counts/{made}/review").status_code == 403


def test_who_may_count_and_not_look_finds_the_books_nowhere(counting, portal_app):
    """A role with the right to count and none to see stock, at every page there is."""
    counting.receive(7_531_468_000, price=7)
    made, figure = counting.plan(), re.compile(r"7[.,]?531[.,]?468")
    role_class, given = of_core("Role"), of_core("RolePermission")
    with counting.shop.work(None) as tx:
        role = role_class(slug="counter", name="Counter")
        role.permissions = [
            given(permission=permission, reach="department")
            for permission in ("inventory.count.view", "inventory.count.enter")
        ] + [given(permission="inventory.item.view", reach="all")]
        tx.session.add(role)
        tx.session.flush()
        office = counting.shop.world.departments["office"]
        counter = add_person(tx, "Sri", department_id=office, role="counter")
    client = sign_in(portal_app, counter)
    read = 0
    for rule in portal_app.url_map.iter_rules():
        if not rule.rule.startswith("/inventory") or "GET" not in rule.methods:
            continue
        for known in (counting.shop.pen, made, counting.line(made)):
            path = re.sub("<[^>]+>", known, rule.rule)
            for question in ("", "?format=json", "?format=csv"):
                answer = client.get(path + question)
                assert not figure.search(readable(answer)), path
                read += answer.status_code == 200
    assert read >= 12
    done = client.post(
        f"/inventory/counts/lines/{counting.line(made)}",
        data={"quantity": "7", "unit": counting.piece()},
    )
    assert done.status_code == 303
