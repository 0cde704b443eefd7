"""What the calendar gives to somebody who may do everything but see what it is about: nothing."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, update

from kantor_inventory.asking.dates import REQUEST_DATES
from kantor_inventory.asking.models import Requisition
from kantor_inventory.budgets.dates import BUDGET_DATES
from kantor_inventory.counting.dates import COUNT_DATES
from kantor_inventory.counting.models import Count
from kantor_inventory.ordering.dates import DELIVERY_DATES
from kantor_inventory.ordering.models import PurchaseOrder
from portal.dates import own
from portal.dates.rules import DateAsk
from portal.delegation.models import Delegation
from portal.worktime.models import Holiday, HolidayList, WorkDay
from portal.worktime.services import calendar_row_of
from tests.policy.calling import answer, gives_only_with

DAY = date(2099, 1, 5)
ASK = DateAsk(from_on=date(2099, 1, 1), until_on=date(2099, 2, 1))
TO_2027 = DateAsk(from_on=date(2026, 12, 1), until_on=date(2027, 2, 1))


def dated(kind, model, **values):
    """Return a call that asks a kind, once its rows have their day."""

    def call(tx, world, ask=ASK):
        with tx.acting_for("inventory", reason="test") as inside:
            inside.session.execute(update(model).values(**values))
            inside.session.expire_all()
        return list(kind.between(tx, ask))

    return call


def budgets(tx, world, ask=TO_2027):
    return list(BUDGET_DATES.between(tx, ask))


def stands_in(tx, world):
    with tx.acting_for("core", reason="test") as inside:
        row = inside.session.scalars(select(Delegation).order_by(Delegation.id)).first()
        row.deputy_id = tx.actor.person_id
        row.from_on = row.last_on = DAY
        inside.session.flush()
    return list(own.standing_in(tx, ASK))


def off(*, listed):
    def call(tx, world):
        with tx.acting_for("core", reason="test") as inside:
            mine = calendar_row_of(inside, tx.actor.person_id)
            if listed:
                kept = HolidayList(name="Of this test")
                inside.session.add(kept)
                inside.session.flush()
                mine.holiday_list_id = kept.id
                inside.session.add(Holiday(list_id=kept.id, on=DAY, name="Off", windows=[]))
            else:
                inside.session.add(WorkDay(calendar_id=mine.id, on=DAY, name="Off", windows=[]))
            inside.session.flush()
        return [one.on for one in own.days_off(tx, ASK)]

    return call


ASKING = {
    "deliveries": (
        "inventory.order.view",
        dated(DELIVERY_DATES, PurchaseOrder, expected_on=DAY),
    ),
    "counts": ("inventory.count.view", dated(COUNT_DATES, Count, due_on=DAY)),
    "requests": ("inventory.requisition.view", dated(REQUEST_DATES, Requisition, needed_on=DAY)),
    "budgets": ("inventory.budget.view", budgets),
    "absences": ("core.absence.view", lambda tx, world: list(own.absences(tx, ASK))),
    "standing in": ("core.delegation.view", stands_in),
    "holidays": ("core.calendar.view", off(listed=True)),
    "exceptional days": ("core.calendar.view", off(listed=False)),
}


@pytest.mark.parametrize("name", ASKING)
def test_a_kind_gives_nothing_to_who_lacks_its_permission(stand, made_world, name):
    gives_only_with(stand, made_world, *ASKING[name])


@pytest.mark.parametrize("name", ["deliveries", "counts", "budgets"])
def test_a_kind_gives_no_more_than_is_in_reach(stand, made_world, name):
    permission, call = ASKING[name]

    def keys(tx, world):
        return {one.key for one in call(tx, world)}

    writing = {"inventory.order.edit": "all", "inventory.count.enter": "all"}
    everywhere = answer(stand, made_world, writing | {permission: "all"}, keys)
    stand.restore()
    near = answer(stand, made_world, writing | {permission: "department"}, keys)
    assert near < everywhere
