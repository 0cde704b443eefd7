"""What lists and pages of requests read: statements, narrowed by whoever shows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, case, func, select
from sqlalchemy.orm import aliased

from portal.api import Department, Person, Place, UnitOfWork, visible

from ..models import Item, ItemUnit, Movement, Unit
from .models import Requisition, RequisitionLine
from .records import answerable, mine

VIEW = "inventory.requisition.view"

FOR, DECIDER = aliased(Person, name="beneficiary"), aliased(Person, name="decider")
STOOD_IN = aliased(Person, name="stood_in_for")
OWNER, ANSWERER = aliased(Person, name="owner"), aliased(Person, name="answerer")
GIVEN, COUNTED_IN = aliased(Item, name="given"), aliased(Unit, name="counted_in")
GIVEN_IN, ENTERED_IN = aliased(Unit, name="given_in"), aliased(Unit, name="entered_in")
BACK = aliased(Movement, name="taken_back")


def _lines_in(*states: str) -> Any:
    """Return how many lines of a requisition are in one of these states, of any if none is said."""
    counted = select(func.count(RequisitionLine.id)).where(
        RequisitionLine.requisition_id == Requisition.id
    )
    if states:
        counted = counted.where(RequisitionLine.state.in_(states))
    return counted.correlate(Requisition).scalar_subquery()


def _listed() -> Any:
    lines, handed = _lines_in(), _lines_in("handed_out", "bought")
    return (
        select(
            Requisition.id,
            Requisition.public_id,
            Requisition.number,
            Requisition.asked_at,
            Requisition.needed_on,
            Requisition.answered_at,
            Requisition.status,
            Requisition.note,
            lines.label("lines"),
            handed.label("handed_out"),
            case(
                (Requisition.status != "answered", Requisition.status),
                (handed == lines, "handed_out"),
                (handed > 0, "partly"),
                else_="declined",
            ).label("state"),
            Requisition.estimate,
            Requisition.decided_at,
            Requisition.decided_note,
            Place.name.label("place"),
            Place.public_id.label("place_id"),
            OWNER.name.label("owner"),
            FOR.name.label("beneficiary"),
            DECIDER.name.label("decided_by"),
            STOOD_IN.name.label("decided_for"),
            Department.name.label("department"),
        )
        # Outer joins, although there always is one: SQLite would begin with these and sort.
        .outerjoin(Place, Place.id == Requisition.place_id)
        .outerjoin(OWNER, OWNER.id == Requisition.owner_id)
        .outerjoin(FOR, FOR.id == Requisition.beneficiary_id)
        .outerjoin(DECIDER, DECIDER.id == Requisition.decided_by_id)
        .outerjoin(STOOD_IN, STOOD_IN.id == Requisition.decided_for_id)
        .outerjoin(Department, Department.id == Requisition.department_id)
    )


def my_requests(tx: UnitOfWork, *, open: bool | None = None) -> Select[Any]:
    """Return what one has asked for oneself."""
    return _open(_listed().where(Requisition.owner_id == tx.actor.person_id), open)


def asked_for(
    tx: UnitOfWork, *, open: bool | None = None, waiting: bool | None = None
) -> Select[Any]:
    """Return what one's own rooms were asked for; ``waiting`` is what is not approved yet."""
    statement = _listed().where(mine(tx))
    if waiting:
        return statement.where(Requisition.status == "waiting")
    if open:
        return statement.where(Requisition.status == "asked")  # One value, as an index finds it.
    return _open(statement, open)


def _open(statement: Any, open: bool | None) -> Select[Any]:
    if open is None:
        return statement
    going = Requisition.status.in_(("asked", "waiting"))
    return statement.where(going if open else ~going)


def one(tx: UnitOfWork, public_id: str) -> Requisition:
    """Return a requisition one may see, or raise NotFound."""
    found: Requisition = tx.one(visible(select(Requisition), VIEW, tx.actor), public_id=public_id)
    return found


def told(tx: UnitOfWork, requisition: Requisition) -> Any:
    """Return a requisition with its names."""
    return tx.session.execute(_listed().where(Requisition.id == requisition.id)).one()


LINES = (
    select(
        RequisitionLine.id,
        RequisitionLine.public_id,
        RequisitionLine.item_id,
        RequisitionLine.state,
        RequisitionLine.quantity,
        RequisitionLine.entered,
        RequisitionLine.answer,
        RequisitionLine.answered_at,
        RequisitionLine.given,
        RequisitionLine.given_item_id,
        RequisitionLine.text,
        RequisitionLine.found_at,
        RequisitionLine.price,
        RequisitionLine.estimate,
        RequisitionLine.paid,
        ItemUnit.public_id.label("unit_id"),
        Item.public_id.label("item"),
        func.coalesce(Item.name, RequisitionLine.text).label("name"),
        func.coalesce(COUNTED_IN.name, RequisitionLine.unit_text).label("unit"),
        func.coalesce(ENTERED_IN.name, RequisitionLine.unit_text).label("entered_unit"),
        GIVEN.name.label("given_name"),
        GIVEN_IN.name.label("given_unit"),
        ANSWERER.name.label("answered_by"),
        Movement.public_id.label("movement"),
        select(BACK.id)
        .where(BACK.reverses_id == RequisitionLine.movement_id)
        .correlate(RequisitionLine)
        .exists()
        .label("reversed"),
    )
    .outerjoin(Item, Item.id == RequisitionLine.item_id)
    .outerjoin(COUNTED_IN, COUNTED_IN.id == Item.base_unit_id)
    .outerjoin(ItemUnit, ItemUnit.id == RequisitionLine.item_unit_id)
    .outerjoin(ENTERED_IN, ENTERED_IN.id == ItemUnit.unit_id)
    .outerjoin(GIVEN, GIVEN.id == RequisitionLine.given_item_id)
    .outerjoin(GIVEN_IN, GIVEN_IN.id == GIVEN.base_unit_id)
    .outerjoin(ANSWERER, ANSWERER.id == RequisitionLine.answered_by_id)
    .outerjoin(Movement, Movement.id == RequisitionLine.movement_id)
    .where(RequisitionLine.requisition_id == bindparam("requisition"))
    .order_by(RequisitionLine.id)
)


def lines(tx: UnitOfWork, requisition: Requisition) -> Any:
    """Return the lines of a requisition with their names, and whether they were taken back."""
    return tx.session.execute(LINES, {"requisition": requisition.id}).all()


def may_answer(tx: UnitOfWork, requisition: Requisition) -> bool:
    """Return whether the room that was asked is one's own."""
    if not tx.actor.holds("inventory.requisition.answer"):
        return False
    found = answerable(tx).with_only_columns(Requisition.id)
    return tx.session.scalar(found.where(Requisition.id == requisition.id)) is not None


def requisition_of(tx: UnitOfWork, movement_id: int) -> Any:
    """Return (public id, number) of the request a movement answered, to whoever may see it."""
    statement: Any = (
        select(Requisition.public_id, Requisition.number)
        .join(RequisitionLine, RequisitionLine.requisition_id == Requisition.id)
        .where(RequisitionLine.movement_id == movement_id)
    )
    return tx.session.execute(visible(statement, VIEW, tx.actor)).one_or_none()
