"""Requests as rows: which ones somebody answers, their lines, and what they have become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from portal.api import Held, Place, UnitOfWork, row_by_row, visible

from .models import Requisition, RequisitionLine
from .rules import ANSWER, status


def mine(tx: UnitOfWork, permission: str = ANSWER) -> Any:
    """Return the condition that a requisition is asked of a room that is one's own."""
    held = tx.actor.grants.get(permission, Held())
    own = Place.in_reach(held, tx.actor, writing=True)
    return row_by_row(Requisition.place_id).in_(own)


def answerable(tx: UnitOfWork) -> Select[Any]:
    """Return the requisitions that one may answer: those asked of one's own rooms."""
    return visible(select(Requisition), ANSWER, tx.actor).where(mine(tx))


def lines_of(tx: UnitOfWork, requisition: Requisition) -> Sequence[RequisitionLine]:
    """Return the lines as they are now that the requisition is held."""
    found = select(RequisitionLine).where(RequisitionLine.requisition_id == requisition.id)
    newest = found.order_by(RequisitionLine.id).execution_options(populate_existing=True)
    return tx.session.scalars(newest).all()


def settle(tx: UnitOfWork, line: RequisitionLine, state: str, **values: Any) -> None:
    """Give a line its next state; its version lets that succeed once, whoever else tries."""
    for name, value in {"state": state, **values}.items():
        setattr(line, name, value)
    tx.session.flush()


def close(tx: UnitOfWork, requisition: Requisition) -> None:
    """Let the whole be what its lines have become."""
    now = status(line.state for line in lines_of(tx, requisition))
    if now != requisition.status:
        requisition.status = now
        requisition.answered_at = None if now == "asked" else tx.now
        tx.session.flush()
