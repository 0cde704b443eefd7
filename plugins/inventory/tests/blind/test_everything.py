"""What the books say of a blind count, looked for by its counters in everything they can open."""

import html
import re
from collections import Counter, deque
from urllib.parse import parse_qsl

from kantor_inventory.permissions import ROLES
from portal.testing import add_person, sign_in

from .figures import COUNTED, SHOWN_TO_ASSISTANTS, told


def who_sees_costs(counting, made_role):
    """Return an assistant whose role also shows what stock costs."""
    held = {g.permission: g.reach for g in ROLES if g.role == "assistant"}
    with counting.shop.work(None) as tx:
        made_role(tx, "treasurer", held | {"inventory.cost.view": "department"})
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
    """Return whether a link leads to something that another one does not show as well.

    The calendar has a link to the next month on every month, without end: today's is enough.
    """
    path, _, asked = address.partition("?")
    names = {name for name, _ in parse_qsl(asked)} - {"format"}
    more = len(names) > 1 and not path.endswith(("/sheet", "/labels", "/file"))
    return not re.match(r"/(static|sign-out|help)", path) and not (
        more or names & {"columns", "height", "day", "week", "month"}
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


def test_a_counter_who_sees_costs_is_not_told_what_the_stock_is_worth(blind, portal_app, made_role):
    person = who_sees_costs(blind, made_role)
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
