"""The tables are complete, and what predicts the answers knows nothing of the portal."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.guard import kernel_execute
from portal.roles.models import Role, RolePermission
from tests.policy import oracle, tables

HERE = Path(__file__).parent
INSIDE = {"/metrics": "core.metrics.view"}  # asked for in the view, which also takes a token


def served(app):
    """Return (route, method) -> view of everything the portal answers to, files left out."""
    found = {}
    for rule in app.url_map.iter_rules():
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            view = app.view_functions[rule.endpoint]
            if hasattr(view, "__policy__"):
                found[rule.rule, method] = view
    return found


def test_every_route_is_expected_and_every_expected_route_is_there(stand):
    known = {(route.route, route.method) for route in tables.routes()}
    assert set(served(stand.app)) - known == set(), "routes that expected.csv does not know"
    assert known - set(served(stand.app)) == set(), "lines of expected.csv without a route"
    assert len(known) == len(tables.routes()), "a route stands in expected.csv twice"


def test_every_route_asks_for_the_permission_that_is_expected(stand):
    asked = served(stand.app)
    wrong = {}
    for route in tables.routes():
        view = asked[route.route, route.method]
        declared = view.__policy__ or INSIDE.get(route.route, "public")
        if declared != route.permission:
            wrong[str(route)] = f"asks for {declared}, expected {route.permission}"
    assert wrong == {}


def test_a_shipped_role_gives_what_is_expected_of_it(stand):
    with stand.building() as tx:
        rows = kernel_execute(
            tx.session,
            select(
                Role.__table__.c.slug,
                RolePermission.__table__.c.permission,
                RolePermission.__table__.c.reach,
            ).join_from(Role.__table__, RolePermission.__table__),
        ).all()
    given: dict[str, dict[str, str]] = {}
    for slug, permission, reach in rows:
        if slug != "spare":  # What the world's people hold so that it can be taken from them.
            given.setdefault(slug, {})[permission] = reach
    expected = {role: grants for role, grants in tables.roles().items() if role != "nobody"}
    assert given == expected


def test_every_form_has_a_body_and_every_body_a_form():
    posts = {("POST", route.route) for route in tables.routes() if route.method == "POST"}
    assert set(tables.bodies()) == posts


def test_every_kind_and_every_exception_belongs_to_a_route():
    named = {route.kind for route in tables.routes()} - {"-"}
    assert named == set(tables.kinds())
    known = {(route.route, route.method) for route in tables.routes()}
    assert {(e.route, e.method) for e in tables.exceptions()} <= known
    assert all(exception.why for exception in tables.exceptions())


@pytest.mark.parametrize("name", ["oracle.py", "tables.py"])
def test_the_oracle_imports_nothing_of_the_portal(name):
    imported = set()
    for node in ast.walk(ast.parse((HERE / name).read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    allowed = {"csv", "tomllib", "dataclasses", "functools", "pathlib", "typing", "collections.abc"}
    assert imported - allowed - {"__future__", "tests.policy.tables"} == set()
    assert len(list(oracle.every_cell())) > 1_000
