"""What everybody has is found as fast as what nobody has, however many records there are.

PostgreSQL answers in a function of ours, into which no plan of the statement looks: it is asked how
many rows it took from each table. SQLite tells its plan and counts its instructions.
"""

from __future__ import annotations

import pytest
from sqlalchemy import text

from portal.contacts.models import Contact
from portal.finding.rules import typed
from portal.finding.services import find
from portal.guard import kernel_execute
from portal.reach import Held, Principal
from tests.plans.test_query_plans import REACHES, asking, faults, noted

REACHED = REACHES | {"an empty department": Held(departments=frozenset({99}))}
# Words that all records of a kind have, first, in the middle, and as a number; rare ones; none.
TERMS = (
    *("contact", "co", "sons", "contact so", "sons cont", "daughters", "contact 47", "round"),
    *("po", "#po", "x-", "paper", "pa", "paper bl", "4711", "@somebody", "zzzz", "contact zz"),
)
READ = 4_000  # rows of all tables together, for a page of every kind
TAKEN = (
    "SELECT relname, coalesce(seq_tup_read, 0), coalesce(idx_tup_fetch, 0)"
    " FROM pg_stat_xact_user_tables"
)


def somebody(app, reach):
    subjects = app.extensions["kantor"].subjects().values()
    grants = dict.fromkeys((subject.permission for subject in subjects), reach)
    return Principal(person_id=1, name="x", grants=grants)


def rows_taken(tx):
    """Return how many rows PostgreSQL has taken from each table; sometimes it begins anew."""
    return {name: scanned + met for name, scanned, met in kernel_execute(tx.session, text(TAKEN))}


def taken_for(tx, term, most):
    """Return how many rows a search takes, by table."""
    before = rows_taken(tx)
    find(tx, typed(term), most=most)
    after = rows_taken(tx)
    begun = before if after["search_entry"] >= before["search_entry"] else {}
    return {name: rows - begun.get(name, 0) for name, rows in after.items()}


@pytest.mark.parametrize("most", [4, 20])
@pytest.mark.parametrize("reach", REACHED)
def test_a_search_reads_what_it_shows_and_little_more(large_office, long_tables, reach, most):
    app, engine = large_office
    who, found, read = somebody(app, REACHED[reach]), [], 0
    for term in TERMS:
        with asking(app, {}, who) as tx, noted(engine) as sent:
            find(tx, typed(term), most=most)
            if engine.dialect.name == "postgresql":
                taken = taken_for(tx, term, most)
                read += taken["search_entry"]
                if sum(taken.values()) > READ:
                    found.append(f"{term}: {taken}")
        for sql, parameters in sent:
            if "search_" in sql:
                found += [f"{term}: {f}" for f in faults(engine, sql, parameters, long_tables)]
    assert not found, "\n" + "\n".join(found)
    assert read or engine.dialect.name == "sqlite", "what is not counted tells nothing"


@pytest.mark.parametrize("reach", REACHED)
def test_of_very_many_hits_those_are_shown_that_may_be_seen(large_office, reach):
    app, _ = large_office
    with asking(app, {}, somebody(app, REACHED[reach])) as tx:
        [group] = find(tx, typed("contact"), kinds=["core.contact"])
        rows = [tx.session.get_one(Contact, one.id) for one in group.found]
        assert (len(rows), group.more) == (20, True)
        departments = REACHED[reach].departments
        assert not departments or {row.department_id for row in rows} <= {*departments, None}
        assert find(tx, typed("nobody of this name"), kinds=["core.contact"]) == []
