"""The pages, files and messages of a blind count itself, read for the figure in the books."""

import re

from portal.testing import add_person, sign_in

from .figures import readable

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


def test_who_may_count_and_not_look_finds_the_books_nowhere(counting, portal_app, made_role):
    """A role with the right to count and none to see stock, at every page there is."""
    counting.receive(7_531_468_000, price=7)
    made, figure = counting.plan(), re.compile(r"7[.,]?531[.,]?468")
    counter = {"inventory.count.view": "department", "inventory.count.enter": "department"}
    with counting.shop.work(None) as tx:
        made_role(tx, "counter", counter | {"inventory.item.view": "all"})
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
