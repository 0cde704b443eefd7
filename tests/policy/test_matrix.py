"""Every visitor at every route, with an object in every relation: the answer the tables say."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import delete

from portal.guard import kernel_execute
from portal.plugins.models import PluginActivation
from portal.roles.principals import raise_epoch
from tests.policy import oracle, tables
from tests.policy.asking import answer_to, request_of
from tests.policy.oracle import OFF, predicted
from tests.policy.stand import outcome

ASKED: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def _told(figures):
    yield
    routes = {route.route for route in tables.routes()}
    for kind, cells in sorted(ASKED.items()):
        figures.append(
            f"policy matrix on {kind}: {cells:,} cells, {len(tables.routes())} routes with their"
            f" method ({len(routes)} addresses), {len(tables.roles())} roles and one visitor who is"
            f" not signed in"
        )


@pytest.mark.parametrize("route", tables.routes(), ids=str)
def test_a_route_answers_everybody_as_the_tables_say(stand, made_world, route):
    wrong = []
    for cell in oracle.cells_of(route):
        if cell.relation == OFF:
            continue
        ASKED[stand.kind] += 1
        answer = answer_to(stand, cell, made_world)
        if outcome(answer) != predicted(cell):
            wrong.append(_told_apart(cell, made_world, answer))
    assert wrong == []


def test_a_plugin_that_is_switched_off_is_not_there(stand, made_world):
    with stand.building() as tx:
        kernel_execute(tx.session, delete(PluginActivation.__table__))
        raise_epoch(tx.session)
    wrong = []
    for cell in oracle.every_cell():
        if cell.relation != OFF:
            continue
        ASKED[stand.kind] += 1
        visitor, method, path, form = request_of(cell, made_world)
        answer = stand.ask(visitor, method, path, form=form)
        if outcome(answer) != predicted(cell):
            wrong.append(_told_apart(cell, made_world, answer))
    assert wrong == []


def _told_apart(cell, made_world, answer) -> str:
    _, _, path, _ = request_of(cell, made_world)
    return f"{cell.role}, {cell.relation}: {outcome(answer)} instead of {predicted(cell)} at {path}"
