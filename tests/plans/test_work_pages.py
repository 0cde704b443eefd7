"""The pages of counts and orders read no long table from end to end either.

Asked as a person asks, over the web: whatever a page sends to the database is looked at. Lists
are asked in ``test_query_plans``.
"""

from __future__ import annotations

import pytest

from bench.loading import public_id
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
    "/",
)


@pytest.fixture(scope="module")
def keepers(large_office):
    app, _ = large_office
    with app.app_context():
        hold_roles({EVERYTHING: [None], ONE_DEPARTMENT: [3]})
    return {person: sign_in(app, person) for person in (EVERYTHING, ONE_DEPARTMENT)}


@pytest.mark.parametrize("person", [EVERYTHING, ONE_DEPARTMENT])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_work_reads_what_it_shows_and_no_more(
    large_office, long_tables, keepers, path, person
):
    _, engine = large_office
    keepers[person].get(path)
    with noted(engine) as sent:
        answer = keepers[person].get(path)
    assert answer.status_code == 200, path
    assert sent, "a page that asks nothing tells nothing"
    found = [
        f"{fault}\n    {sql}"
        for sql, parameters in sent
        for fault in faults(engine, sql, parameters, long_tables)
    ]
    assert not found, "\n" + "\n".join(found)
