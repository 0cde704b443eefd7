"""Whichever road a search takes, its pages hold the rows of the whole list that have the words."""

import pytest
from sqlalchemy import text

from kantor_inventory.tables import ITEMS, STOCK
from portal import search
from portal.engine import PREPARED_AFTER
from portal.guard import kernel_execute
from portal.orm import sort_key
from portal.reach import Held, Principal
from portal.ui.table.paging import FIRST, Place
from tests.plans.test_query_plans import REACHES, asking

PREPARED = "SELECT statement FROM pg_prepared_statements"
PAGES, ROWS = 3, 50
TERMS = ("paper", "large", "ape", "st", "t", "pap-00", "zzzz")


@pytest.fixture(params=["few", "most of them begin so", "many"])
def hits(request, monkeypatch):
    """Take every road: all hits by key, those that begin so in order, and the nearest first."""
    if request.param != "few":
        monkeypatch.setattr(search, "FEW", 20)
    if request.param == "many":
        monkeypatch.setattr(search, "SOON", 20)


def somebody(reach: Held) -> Principal:
    names = ("inventory.item.view", "inventory.stock.view", "core.place.view")
    return Principal(person_id=1, name="x", grants=dict.fromkeys(names, reach))


def has(row, term):
    """Return whether a row is one that the term finds, by the rule of searching."""
    name = sort_key(row.name)
    anywhere = term in name if len(term) >= search.TRIGRAM else f" {term}" in f" {name}"
    first = name.startswith(term)
    found = anywhere if len(term) > 1 else first
    return found or f"-{term}" in name or sort_key(row.sku).startswith(term)


def pages(tx, question, step, here):
    for _ in range(PAGES):
        rows = question.rows(tx, here, ROWS)
        yield from (row.mark_1 for row in rows)
        if len(rows) < ROWS:
            return
        here = Place(step, tuple(rows[-1][-2:]))


@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize("table", [ITEMS, STOCK], ids=lambda table: table.name)
@pytest.mark.parametrize("order", ["name", "-name"])
def test_a_search_gives_the_rows_of_the_list_that_have_the_words(
    large_office, hits, table, order, reach
):
    (app, _), who = large_office, somebody(REACHES[reach])
    with asking(app, {"sort": order}, who) as tx:
        listed = table.question(tx).rows(tx, FIRST, 1_000_000)
    for term in TERMS:
        wanted = [row.mark_1 for row in listed if has(row, term)]
        with asking(app, {"sort": order, "q": term}, who) as tx:
            question = table.question(tx)
            found = list(pages(tx, question, "after", FIRST))
            assert found == wanted[: PAGES * ROWS], term
            counted = question.count(tx)
            assert counted.number == min(len(wanted), counted.exact_until + 1), term
        if len(wanted) > 2 * ROWS:
            last = listed[[row.mark_1 for row in listed].index(wanted[2 * ROWS])]
            with asking(app, {"sort": order, "q": term}, who) as tx:
                before = Place("before", tuple(last[-2:]))
                back = [row.mark_1 for row in table.question(tx).rows(tx, before, ROWS)]
            assert back == wanted[ROWS : 2 * ROWS][::-1], term


def test_postgresql_plans_a_search_for_its_own_words(large_office):
    app, engine = large_office
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no plans that outlive their words")
    for _ in range(2 * PREPARED_AFTER):
        with asking(app, {"q": "paper"}, somebody(Held(everything=True))) as tx:
            assert len(ITEMS.question(tx).rows(tx, FIRST, ROWS)) == ROWS
            prepared = kernel_execute(tx.session, text(PREPARED)).scalars().all()
    assert [statement for statement in prepared if "LIKE" in statement] == []
    assert prepared, "what does not depend on the words is planned once"
