"""What a browser's address bar, headers and forged forms can try: nothing of it says more."""

from __future__ import annotations

import json
import random
import re
import string

import pytest

from tests.policy import oracle, tables
from tests.policy.asking import PART, answer_to, filled, request_of
from tests.policy.oracle import ANONYMOUS, OFF, by_policy, predicted
from tests.policy.stand import outcome
from tests.policy.test_canaries import crawl

LIARS = {
    "Referer": "http://localhost/sign-in",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-User": "administrator",
    "X-Forwarded-Host": "localhost",
    "X-Original-URL": "/sign-in",
    "X-Rewrite-URL": "/live",
    "X-HTTP-Method-Override": "GET",
    "X-Remote-User": "administrator",
    "X-User-Id": "1",
    "X-Requested-With": "XMLHttpRequest",
    "HX-Request": "true",
    "Authorization": "Bearer administrator",
}
ELSEWHERE = {"below", "above", "elsewhere", "team", "common", "served", "across"}


def sample(number):
    """Return cells drawn from the matrix, the same every time."""
    cells = [cell for cell in oracle.every_cell() if cell.relation != OFF]
    return random.Random(13).sample(cells, number)


def test_no_header_changes_an_answer(stand, made_world):
    wrong = []
    for cell in sample(300):
        visitor, method, path, form = request_of(cell, made_world)
        answer = stand.ask(visitor, method, path, form=form, headers=LIARS)
        stand.restore()
        expected = predicted(cell)
        if expected == "sign-in":
            right = answer.status_code == 401 and "/sign-in" in answer.headers["HX-Redirect"]
        else:
            right = outcome(answer) == expected
        if not right:
            wrong.append((cell.role, str(cell.route), cell.relation, outcome(answer), expected))
    assert wrong == []


def test_a_form_from_another_site_is_refused(stand, made_world):
    for cell in sample(2_000):
        if cell.route.method != "POST" or predicted(cell) != "in":
            continue
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            visitor, method, path, form = request_of(cell, made_world)
            answer = stand.ask(visitor, method, path, form=form, headers=headers)
            assert answer.status_code == 403, (cell, headers)
        assert not stand.touched & {"contact", "place", "inventory_movement", "assignment"}


def test_asking_for_the_head_alone_tells_what_asking_for_the_page_tells(stand, made_world):
    wrong = []
    for cell in sample(1_500):
        if cell.route.method != "GET":
            continue
        visitor, _, path, _ = request_of(cell, made_world)
        answer = stand.ask(visitor, "HEAD", path)
        assert answer.data == b""
        if outcome(answer) != predicted(cell):
            wrong.append((cell.role, path, outcome(answer), predicted(cell)))
    assert wrong == []


def test_asking_what_a_page_can_do_tells_nothing_of_its_object(stand, made_world):
    for cell in sample(1_000):
        if cell.route.kind == "-" or cell.route.method != "GET" or cell.role == ANONYMOUS:
            continue
        visitor, _, path, _ = request_of(cell, made_world)
        answer = stand.ask(visitor, "OPTIONS", path)
        allowed = "403" if by_policy(cell) == "403" else "in"
        assert outcome(answer) == allowed, (cell.role, path)
        assert answer.status_code != 200 or answer.data == b""


def paths_of(route, ids):
    """Return the address of a route for each of these ids, at every place where one stands."""
    return [PART.sub(lambda _, i=one: str(i), route.route) for one in ids]


def test_ids_of_other_kinds_and_invented_ones_are_not_there(stand, made_world):
    letters = random.Random(5)
    invented = ["".join(letters.choices(string.ascii_lowercase, k=12)) for _ in range(5)]
    others = [
        made_world.get(kind, relation, "administrator")["id"]
        for kind, relation in (("contact", "same"), ("place", "same"), ("item", "any"))
    ]
    counted = [str(number) for number in range(1, 40)]
    for route in tables.routes():
        if route.kind in ("-", "audit_entry", "link") or route.method != "GET":
            continue
        known = {
            str(facts["id"])
            for (kind, _, _), facts in made_world.objects.items()
            if kind == route.kind or PART.sub("", route.route).startswith("/people/")
        }
        same_noun = {"contact", "place", "item"} & {route.kind}
        for path in paths_of(route, [*invented, *counted, *(others if not same_noun else [])]):
            if any(f"/{one}" in path for one in known):
                continue
            for role in ("administrator", "sees_far"):
                if predicted(oracle.Cell(route, role, "any")) in ("403", "sign-in"):
                    continue
                assert stand.ask(role, "GET", path).status_code == 404, (role, path)


@pytest.mark.parametrize("address", [a for a in crawl()["lists"] if "<" not in a])
def test_a_list_refuses_orders_filters_and_formats_it_does_not_offer(stand, made_world, address):
    hidden = ("id", "department_id", "name_key", "version", "owner_id", "password_hash", "epoch")
    for role in ("administrator", "sees_far", "employee"):
        if stand.ask(role, "GET", address).status_code != 200:
            continue
        offered = set(re.findall(r"[?&;]sort=-?(\w+)", stand.ask(role, "GET", address).text))
        for name in hidden:
            if name not in offered:
                answer = stand.ask(role, "GET", f"{address}?sort={name}")
                assert answer.status_code == 400, (role, address, name)
        for query in ("sort=name;drop", "format=xml", "format=sql", "view=everything"):
            assert stand.ask(role, "GET", f"{address}?{query}").status_code == 400, (role, query)
        for name in ("department_id", "public_id", "name_key"):
            answer = stand.ask(role, "GET", f"{address}?{name}=1&format=json")
            if answer.status_code != 400:
                plain = stand.ask(role, "GET", f"{address}?format=json")
                assert json.loads(answer.text) == json.loads(plain.text), (role, address, name)


def test_every_list_obeys_one_policy_in_every_format(stand, made_world):
    for route in tables.routes():
        if route.route not in crawl()["lists"]:
            continue
        for cell in oracle.cells_of(route):
            if cell.relation == OFF:
                continue
            visitor, _, path, _ = request_of(cell, made_world)
            for name in ("json", "csv", "xlsx"):
                answer = stand.ask(visitor, "GET", f"{path}?format={name}")
                expected = predicted(cell)
                if expected == "sign-in" and name == "json":
                    expected = "401"
                assert outcome(answer) == expected, (cell.role, path, name)


def listed(stand, role, address):
    """Return the names on a list, whichever rows they come from."""
    answer = stand.ask(role, "GET", f"{address}?format=json")
    assert answer.status_code == 200, (role, address)
    return {row.get("name") for row in json.loads(answer.text)}


def test_a_list_shows_exactly_the_rows_that_its_permission_reaches(stand, made_world):
    relations = ("same", "below", "above", "elsewhere", "team", "served")
    for role in tables.roles():
        if "inventory.stock.view" in tables.roles()[role]:
            expected = {
                f"Ware {relation}"
                for relation in relations
                if oracle.covers(role, "inventory.stock.view", "stock", relation)
            }
            names = listed(stand, role, "/inventory/stock")
            assert {n for n in names if n.startswith("Ware")} == expected, role
        if "core.contact.view" in tables.roles()[role]:
            expected = {
                f"Firm {relation}"
                for relation in (*relations, "common")
                if relation != "served"
                and oracle.covers(role, "core.contact.view", "shared", relation)
            }
            names = listed(stand, role, "/contacts")
            assert {n for n in names if n.startswith("Firm ")} - {
                "Firm that may become a supplier"
            } == expected, role


# Forms in which an id of something out of reach could be written by hand: route, field, whose.
FOREIGN = [
    ("/contacts/new", "department", "department"),
    ("/contacts/new", "works_for", "contact"),
    ("/places/new", "department", "department"),
    ("/people/new", "department", "department"),
    ("/people/departments/new", "parent", "department"),
    ("/people/memberships/new", "department", "department"),
    ("/roles/grant", "department", "department"),
    ("/inventory/items/<public_id>/issue", "from_place", "place"),
    ("/inventory/items/<public_id>/receive", "to_place", "place"),
    ("/inventory/items/<public_id>/scrap", "from_place", "place"),
    ("/inventory/items/<public_id>/transfer", "from_place", "place"),
    ("/inventory/items/<public_id>/transfer", "to_place", "place"),
    ("/inventory/items/<public_id>/rules/new", "place", "place"),
    ("/inventory/suppliers/new", "contact", "contact"),
]


@pytest.mark.parametrize(("address", "field", "what"), FOREIGN)
def test_an_id_out_of_reach_is_answered_like_one_that_was_invented(
    stand, made_world, address, field, what
):
    route = next(r for r in tables.routes() if r.route == address and r.method == "POST")
    foreign = {
        "department": made_world.department_ids["elsewhere"],
        "place": made_world.places["elsewhere"]["id"],
        "contact": made_world.common["private_contact_elsewhere"],
    }[what]
    uneven = ("sees_far", "writes_far")
    for role in ("department_manager", "office_manager", "executive", "assistant", *uneven):
        cell = oracle.Cell(route, role, "any" if route.kind != "-" else "-")
        if predicted(cell) != "in" or reaches_everything(role, route.permission, what):
            continue
        visitor, method, path, form = request_of(cell, made_world)
        if field == "works_for":
            form["kind"] = "person"
        answers = []
        for value in (foreign, "zzzzzzzzzzzz"):
            answer = stand.ask(visitor, method, path, form=form | {field: value})
            assert not stand.touched - {"throttle", "account_session"}, (role, address, "wrote")
            text = answer.text.replace(value, "?")
            answers.append((answer.status_code, masked(text)))
        assert answers[0][0] in (404, 422), (role, address, answers[0][0])
        assert answers[0] == answers[1], (role, address)


def reaches_everything(role, permission, what):
    grants = tables.roles()[role]
    if what == "contact":
        return grants.get("core.contact.view") == "all"
    return grants.get(permission) == "all"


def masked(text):
    """Return a page without what differs each time: tokens, nonces, keys."""
    return re.sub(r'(nonce|value|content)="[^"]*"', r'\1=""', text)


def test_a_row_moved_into_another_department_by_hand_stays_where_it_is(stand, made_world):
    for address, kind in (
        ("/contacts/<public_id>/edit", "contact"),
        ("/places/<public_id>/edit", "place"),
    ):
        route = next(r for r in tables.routes() if r.route == address and r.method == "POST")
        for role in ("office_manager", "executive", "department_manager"):
            cell = oracle.Cell(route, role, "same")
            if predicted(cell) != "in":
                continue
            facts = made_world.get(kind, "same", role)
            body = filled(tables.bodies()["POST", address], facts, role, made_world)
            body["department"] = made_world.department_ids["elsewhere"]
            visitor, method, path, _ = request_of(cell, made_world)
            answer = stand.ask(visitor, method, path, form=body)
            assert answer.status_code == 422, (role, address)
            assert kind not in stand.touched


def test_what_no_form_asks_for_is_never_written(stand, made_world):
    extra = {
        "id": "1",
        "owner_id": "1",
        "department_id": "1",
        "is_admin": "1",
        "role_id": "1",
        "approved": "1",
        "approved_by": "1",
        "epoch": "99",
        "shipped": "1",
        "quantity_": "1",
        "value": "1",
        "price_": "1",
        "allow_negative": "1",
    }
    for route in tables.routes():
        if route.method != "POST" or route.slug == "public":
            continue
        for role in ("administrator", "office_manager"):
            cell = oracle.Cell(route, role, "any" if route.kind != "-" else "-")
            if route.kind != "-" and "any" not in tables.kinds()[route.kind].relations:
                cell = oracle.Cell(route, role, tables.kinds()[route.kind].relations[0])
            visitor, method, path, form = request_of(cell, made_world)
            answer = stand.ask(visitor, method, path, form=extra | form)
            stand.restore()
            assert outcome(answer) == predicted(cell), (role, str(route))
            assert outcome(answer) == outcome(answer_to(stand, cell, made_world))
