"""Who asked for work that failed is told under the bell, with the way to the reason."""

import re

import pytest
from sqlalchemy import select

from portal.db import looking, unscoped
from portal.guard import kernel_execute
from portal.notices.models import Notice
from portal.testing import acting_as, sign_in
from portal.work import unit_of_work
from tests.unit.imports.files import hostile_csv, stock_rows

from .test_import_pages import columns_of

table = Notice.__table__


@pytest.fixture
def client(app, world):
    """Return the browser of the assistant; the administrator has an account, too."""
    sign_in(app, world.people["administrator"])
    return sign_in(app, world.people["assistant"])


@pytest.fixture
def ask(app, world, client):
    """Return a function: let the assistant ask for a job of the small plugin."""

    def asked(name, **args):
        with acting_as(app, world.people["assistant"]) as session, unit_of_work(session) as tx:
            return tx.enqueue(name, args=args)

    return asked


@pytest.fixture
def told(app):
    """Return a function: whom the notices tell, of what kind, and how often."""

    def look():
        with app.app_context(), looking(reason="test") as tx:
            wanted = select(table.c.owner_id, table.c.kind, table.c.number).order_by(table.c.id)
            return [tuple(row) for row in kernel_execute(tx.session, wanted)]

    return look


def test_a_failed_import_leads_to_the_page_that_says_why(app, world, client, told, work):
    rows = [*stock_rows(2), ["Z-1", "Tunggu x", "pcs", "", "Gudang", "1", "1", "1"]]
    url, chosen = columns_of(client, hostile_csv(rows))
    result = client.post(f"{url}/run", data=chosen).location
    assert told() == []
    work()
    assert told() == [(world.people["assistant"], "core.job_failed", 1)]
    assert '<span class="n num">1<' in client.get("/").text
    page = client.get("/notices").text
    assert "Import of a list did not work" in page
    opened = client.post(re.search(r'action="(/notices/\w+/open)"', page)[1])
    assert opened.location == result
    assert "Something went wrong." in client.get(result).text
    stranger = sign_in(app, world.people["administrator"])
    assert "did not work" not in stranger.get("/notices").text


def test_it_fails_again_before_it_is_read_and_is_one_notice(app, world, client, ask, told, work):
    public_id = ask("shelf.fail", kind="conflict")
    work()
    sign_in(app, world.people["administrator"]).post(f"/jobs/{public_id}/retry")
    assert work() == 1
    assert told() == [(world.people["assistant"], "core.job_failed", 2)]


def test_work_that_succeeds_or_that_nobody_asked_for_tells_nobody(app, client, ask, told, work):
    ask("shelf.add", code="ladder")
    with app.app_context(), unscoped(reason="test") as tx:
        tx.enqueue("shelf.fail", args={"kind": "conflict"})
    assert work() == 2
    assert told() == []
