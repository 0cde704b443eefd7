"""A page offers what the next page will let one do, and nothing else."""

from __future__ import annotations

import pytest

from tests.policy import oracle, tables
from tests.policy.asking import PART, request_of
from tests.policy.oracle import ANONYMOUS, OFF, predicted

# What is looked at, and where its page leads those who may go there.
WAYS = [
    ("/contacts/<public_id>", "/contacts/<public_id>/edit"),
    ("/away/<public_id>", "/away/<public_id>/edit"),
    ("/deputies/<public_id>", "/deputies/<public_id>/edit"),
    ("/calendars/<public_id>", "/calendars/<public_id>/edit"),
    ("/calendars/holidays/<public_id>", "/calendars/holidays/<public_id>/dates/new"),
    ("/people/<public_id>", "/people/<public_id>/edit"),
    ("/people/<public_id>", "/people/<public_id>/account"),
    ("/people/departments/<public_id>", "/people/departments/<public_id>/edit"),
    ("/places/<public_id>", "/places/<public_id>/edit"),
    ("/inventory/movements/<public_id>", "/inventory/movements/<public_id>/reverse"),
]


def route(address):
    return next(r for r in tables.routes() if (r.method, r.route) == ("GET", address))


@pytest.mark.parametrize(("page", "leads"), WAYS, ids=[leads for _, leads in WAYS])
def test_a_page_leads_where_one_may_go(stand, made_world, page, leads):
    target, offered, withheld = route(leads), 0, 0
    for there in oracle.cells_of(target):
        if there.role == ANONYMOUS or there.relation == OFF:
            continue
        visitor, _, address, _ = request_of(there, made_world)
        facts = made_world.get(target.kind, there.relation, there.role)
        answer = stand.ask(visitor, "GET", PART.sub(facts["id"], page))
        if answer.status_code != 200:
            continue
        shown = f'href="{address}"' in answer.text
        assert shown == (predicted(there) == "in"), (there.role, there.relation, address)
        offered, withheld = offered + shown, withheld + (not shown)
    assert offered
    assert withheld
