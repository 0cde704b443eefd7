"""Of a hundred thousand requests that wait, those of one person are found without reading all."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import event, insert

from portal.approvals.models import ApprovalRequest
from portal.approvals.services.waiting import waiting_count, waiting_for
from portal.db import db
from portal.guard import LIMITED, WRITE, kernel_execute
from portal.reach import EVERYTHING
from portal.testing import counting_statements

MANY = 100_000
LONGEST = 5_000  # rows that one part of a plan may read


def fill(office):
    """Let much wait for others, and little of it for the head of the middle."""
    clerk = office.people["clerk"]
    with office.work() as tx:
        for start in range(0, MANY, 10_000):
            rows = [
                {
                    "public_id": f"{n:012}",
                    "version": 1,
                    "kind": "wishes.wish",
                    "subject": f"{n}",
                    "title": f"wish {n}",
                    "requester_id": clerk,
                    "department_id": office.places["stores" if n % 100 else "middle"],
                    "digest": "",
                    "state": "pending",
                    "asked_at": tx.now,
                    "due_at": tx.now + timedelta(minutes=MANY - n),
                    "open_step": 1,
                    "deciding": 0,
                    "escalated": False,
                    "spent": "",
                }
                for n in range(start, start + 10_000)
            ]
            kernel_execute(tx.session, insert(ApprovalRequest.__table__), rows)


def plans(office, statements):
    """Yield the plan of each statement about requests, as the database tells it."""
    options = {LIMITED: EVERYTHING}
    with office.app.app_context(), db.engine.connect().execution_options(**options) as connection:
        sqlite = connection.dialect.name == "sqlite"
        for sql, parameters in statements:
            explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN (ANALYZE, COSTS OFF) "
            rows = connection.exec_driver_sql(explain + sql, parameters).all()
            yield "\n".join(str(row[-1]) for row in rows)


def test_nobody_reads_all_that_waits_to_find_their_own(office):
    fill(office)
    with office.app.app_context():
        engine = db.engine
        options = {WRITE: True, LIMITED: EVERYTHING}
        with engine.connect().execution_options(**options) as connection, connection.begin():
            connection.exec_driver_sql("ANALYZE approval")
        engine.dispose()
    asked = []

    def note(connection, cursor, sql, parameters, *rest):
        if re.search(r"\bapproval\b", sql) and sql.lstrip().upper().startswith(("SELECT", "WITH")):
            asked.append((sql, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        with office.work("head") as tx, counting_statements(office.app) as seen:
            assert len(waiting_for(tx, 51)) == 51
            assert waiting_count(tx) == 1_000
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(seen) < 50
    assert asked
    for plan in plans(office, [(s, p) for s, p in asked if "FOR UPDATE" not in s]):
        for line in plan.split("\n"):
            assert not re.search(r"SCAN (approval|a|n)\b(?!.*INDEX)", line), plan
            assert "Seq Scan on approval" not in line, plan
            read = re.search(r"(?:Scan).*actual time=\S+ rows=(\d+)", line)
            assert read is None or int(read[1]) <= LONGEST, plan
