from sqlalchemy import func, select

from portal.api import Person
from portal.plugin import hookimpl


@hookimpl
def panels(tx, subject, slot):
    """Break the transaction: after such an error PostgreSQL refuses everything else in it."""
    return tx.session.scalars(select(func.no_such_function(Person.id))).all()


@hookimpl
def checks(tx):
    raise SystemExit("checks are tiring")
