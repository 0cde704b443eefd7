"""What only reads ends by a commit, so that PostgreSQL plans a page's statements once."""

from sqlalchemy import select, text

from portal.db import new_session
from portal.guard import kernel_execute

from .small.goods.models import Item
from .small_world import ANN

PREPARED = text("SELECT statement FROM pg_prepared_statements")
OFTEN = 7  # psycopg prepares what it has sent five times over one connection


def test_what_is_read_often_is_planned_once(app, principal_of, portal_database_kind):
    principal = principal_of(ANN)
    with app.app_context():
        for _ in range(OFTEN):
            with new_session() as session:
                session.act_as(principal)
                names = session.scalars(select(Item.name)).all()
        assert names
        if portal_database_kind == "postgresql":  # SQLite plans in microseconds and tells nobody.
            with new_session() as session:
                session.act_as(principal)
                prepared = kernel_execute(session, PREPARED).scalars().all()
                assert any("goods_item.name" in statement for statement in prepared)


def test_a_row_changed_outside_a_unit_stays_as_it_was(session_of):
    session = session_of(ANN)
    row = session.scalars(select(Item)).first()
    key, before = row.id, row.name
    row.name = "changed"
    session.close()
    again = session_of(ANN)
    assert again.scalars(select(Item.name).where(Item.id == key)).one() == before
