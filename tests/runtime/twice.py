"""One database, seen before a plugin came and after its package has gone."""

from __future__ import annotations

from sqlalchemy import inspect

from portal import migrate
from portal.db import db, unscoped
from portal.people.models import Department
from portal.testing import add_person, make_app, sign_in
from portal.testing_schema import rows, schema

# What may differ, as decided: the audit stays, the others are traces of the work itself.
TRACES = frozenset({"audit_entry", "account_session", "job", "outbox", "idempotency"})


class Twice:
    """A database, the portal on it before a plugin came and after its package has gone."""

    def __init__(self, url, home):
        self.url, self.home, self.made = url, home, []
        self.bare = self.portal()
        with self.bare.app_context():
            migrate.upgrade(self.bare.extensions["kantor"])
        with self.bare.app_context(), unscoped(reason="test data") as tx:
            office = Department(name="Office")
            tx.session.add(office)
            tx.session.flush()
            self.office = office.id
            self.boss = add_person(tx, "Boss", department_id=office.id, role="administrator")
            self.clerk = add_person(tx, "Clerk", department_id=office.id, role="assistant")
        sign_in(self.bare, self.boss)
        sign_in(self.bare, self.clerk)

    def portal(self, *plugins):
        self.made.append(make_app(self.url, self.home, list(plugins)))
        return self.made[-1]

    def let_go(self):
        for app in self.made:
            with app.app_context():
                db.engine.dispose()

    def looks(self):
        """Return the schema, and the rows of core without the counter of compiled rights."""
        with self.bare.app_context():
            found = rows(db.engine, but=TRACES)
            columns = [column["name"] for column in inspect(db.engine).get_columns("person")]
            epoch = columns.index("epoch")
            found["person"] = [row[:epoch] + row[epoch + 1 :] for row in found["person"]]
            return schema(db.engine), found
