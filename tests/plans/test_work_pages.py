"""The pages of counts and orders read no long table from end to end either.

Asked as a person asks, over the web: whatever a page sends to the database is looked at. Lists
are asked in ``test_query_plans``.
"""

from __future__ import annotations

import pytest

from bench.loading import public_id
from bench.seed_decisions import CHIEF, HEAD
from bench.stand import hold_roles
from portal.testing import sign_in
from tests.plans.test_query_plans import faults, noted

EVERYTHING, ONE_DEPARTMENT = 1, 2
PEOPLE = {EVERYTHING: "everything", ONE_DEPARTMENT: "one department"}
GOING_ON, POSTED, PLACED, LISTED = public_id(1), public_id(30), public_id(1), public_id(253)
ANSWERED, ASKED = public_id(1), public_id(961)
PAGES = (
    f"/inventory/counts/{GOING_ON}",
    f"/inventory/counts/{GOING_ON}/sheet",
    f"/inventory/counts/{POSTED}",
    f"/inventory/counts/{POSTED}/result",
    f"/inventory/orders/{PLACED}",
    f"/inventory/orders/{PLACED}/receive",
    f"/inventory/orders/{LISTED}",
    "/inventory/budgets",
    f"/inventory/budgets/{public_id(2)}",
    "/inventory/order-list",
    f"/inventory/items/{public_id(1)}",
    f"/inventory/suppliers/{public_id(7)}",
    f"/inventory/suppliers/{public_id(7)}/scorecard",
    "/inventory/suppliers/compare",
    f"/inventory/requests/{ANSWERED}",
    f"/inventory/requests/{ASKED}",
    "/inventory/due",
    "/inventory/overview",
    "/inventory/orders",
    "/inventory/counts",
    "/inventory/alerts",
    "/inventory/asked-for",
    "/inventory/my-requests",
    "/inventory/to-buy",
    "/inventory/ask",
    f"/inventory/orders/{PLACED}/send",
    f"/inventory/orders/{PLACED}/confirm",
    f"/inventory/orders/{PLACED}/amend",
    f"/inventory/orders/{PLACED}/print",
    f"/inventory/items/{public_id(1)}/movements",
    "/work",
    "/work?part=department",
    "/calendar",
    "/calendar?whose=departments",
    "/approvals",
    "/approvals/asked",
    "/approvals/decided",
    "/deputies",
    "/",
)

OF_LEADERS = (
    *("/work", "/work?part=department", "/work?part=pool", "/work/team"),
    *("/approvals", "/approvals?right=own", "/approvals/asked", "/approvals/decided"),
    "/",
)
ALONE = {f"/inventory/deliveries/{public_id(1)}": EVERYTHING, f"/approvals/{public_id(2)}": CHIEF}


@pytest.fixture(scope="module")
def keepers(large_office):
    app, _ = large_office
    with app.app_context():
        hold_roles({EVERYTHING: [None], ONE_DEPARTMENT: [3]})
    return {person: sign_in(app, person) for person in (EVERYTHING, ONE_DEPARTMENT)}


@pytest.fixture(scope="module")
def leaders(large_office):
    return {person: sign_in(large_office[0], person) for person in (CHIEF, HEAD)}


@pytest.mark.parametrize("person", [EVERYTHING, ONE_DEPARTMENT])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_work_reads_what_it_shows_and_no_more(
    large_office, long_tables, keepers, path, person
):
    read_well(large_office, long_tables, keepers[person], path)


@pytest.mark.parametrize("person", [CHIEF, HEAD])
@pytest.mark.parametrize("path", OF_LEADERS)
def test_who_leads_finds_what_waits_and_no_more(large_office, long_tables, leaders, path, person):
    read_well(large_office, long_tables, leaders[person], path)


@pytest.mark.parametrize("path", ALONE)
def test_a_page_of_one_record_reads_what_belongs_to_it(large_office, long_tables, path, keepers):
    read_well(large_office, long_tables, sign_in(large_office[0], ALONE[path]), path)


def read_well(large_office, long_tables, client, path):
    """Look at the plan of whatever the second visit to a page sends to the database."""
    _, engine = large_office
    client.get(path)
    with noted(engine) as sent:
        answer = client.get(path)
    assert answer.status_code == 200, path
    assert sent, "a page that asks nothing tells nothing"
    found = [
        f"{fault}\n    {sql}"
        for sql, parameters in sent
        for fault in faults(engine, sql, parameters, long_tables)
    ]
    assert not found, "\n" + "\n".join(found)
