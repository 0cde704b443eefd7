"""What the database refuses is said beside the field, also to who was a moment later."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.errors import ValidationFailed
from portal.idempotency import FormKey
from portal.work import unit_of_work

from .small.goods.models import Balance
from .small_world import ANN, ON_SHELF

TAKEN = "There is ink on this shelf already."


def taken(tx):
    found = select(Balance.id).filter_by(point_id=ON_SHELF, name="ink")
    return {"name": TAKEN} if tx.session.scalars(found).first() else {}


def put(tx, name="ink"):
    tx.if_refused(taken)
    tx.audit("goods.put")
    tx.session.add(Balance(point_id=ON_SHELF, name=name))
    tx.session.flush()


def test_a_name_that_is_taken_is_said_beside_its_field(session_of, truth):
    with unit_of_work(session_of(ANN)) as tx:
        put(tx)
    with pytest.raises(ValidationFailed) as refused, unit_of_work(session_of(ANN)) as tx:
        put(tx)
    assert refused.value.fields == {"name": TAKEN}
    assert truth("select count(*) from goods_balance where name = 'ink'") == 1
    assert truth("select count(*) from audit_entry") == 1


def test_the_session_goes_on_after_a_refusal(session_of):
    session = session_of(ANN)
    with unit_of_work(session) as tx:
        put(tx)
    with pytest.raises(ValidationFailed), unit_of_work(session) as tx:
        put(tx)
    assert len(session.scalars(select(Balance).filter_by(name="ink")).all()) == 1
    with unit_of_work(session) as tx:
        put(tx, "glue")


def test_who_mends_a_refused_form_may_send_it_again(session_of, truth):
    form = FormKey(key="one", digest="a")
    with unit_of_work(session_of(ANN)) as tx:
        put(tx)
    with pytest.raises(ValidationFailed), unit_of_work(session_of(ANN), form=form) as tx:
        put(tx)
    with unit_of_work(session_of(ANN), form=form) as tx:
        put(tx, "glue")
    assert truth("select count(*) from goods_balance where name = 'glue'") == 1


def test_a_refusal_that_nobody_explains_stays_what_it_is(session_of):
    with unit_of_work(session_of(ANN)) as tx:
        put(tx, "glue")
    with pytest.raises(IntegrityError), unit_of_work(session_of(ANN)) as tx:
        put(tx, "glue")


def test_what_a_lent_unit_doubts_is_asked_of_the_unit_that_lent(session_of):
    with unit_of_work(session_of(ANN)) as tx:
        put(tx)
    with (
        pytest.raises(ValidationFailed) as refused,
        unit_of_work(session_of(ANN)) as tx,
        tx.acting_for("goods", reason="test") as own,
    ):
        put(own)
    assert refused.value.fields == {"name": TAKEN}
