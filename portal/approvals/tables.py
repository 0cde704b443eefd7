"""Three lists of requests: what waits for the reader, what they asked, what they decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, or_, select, union_all
from sqlalchemy.orm import aliased

from portal.messages import gettext, message, translate
from portal.orm import sort_key
from portal.people.models import Department, Person
from portal.ui.forms import ChoiceField, Form, optional
from portal.ui.table import Column, Empty, Table
from portal.ui.table.paging import Place, ordered, parameters
from portal.ui.table.question import Question
from portal.work import UnitOfWork

from .arms import Arms
from .known import kind_of, unpacked
from .models import ApprovalDecision, ApprovalRequest
from .services.circles import WHY
from .services.waiting import STEP, arms_of, counted, desk_of, nearest
from .words import STATES, TONES, VERDICTS

USE = "core.portal.use"
OWN = "own"
For = aliased(Person)


def principals(tx: UnitOfWork) -> dict[str, tuple[int, str]]:
    """Return public id -> (id, name) of those for whom the actor decides something now."""
    desk = desk_of(tx)
    ids = {arm.for_id for arm in desk.arms.arms if arm.for_id is not None}
    found = sorted(
        ((desk.named(one), one) for one in ids), key=lambda one: (sort_key(one[0].name), one[1])
    )
    return {named.public_id: (number, named.name) for named, number in found}


class WaitingFilter(Form):
    """Narrow what waits to what one decides in one's own right, or for somebody."""

    right = ChoiceField(message("In whose right"), [optional()], blank=message("Any"))

    def prepare(self, tx: UnitOfWork) -> None:
        """Fill in the choices."""
        named = [(public_id, name) for public_id, (_, name) in principals(tx).items()]
        self.right.choices = [(OWN, message("My own")), *named]


class Titled(Question):
    """Puts the title of each request, and what kind it is, into the reader's words."""

    def rows(self, tx: UnitOfWork, here: Place, most: int) -> Sequence[Any]:
        return [self.spoken(tx, row) for row in super().rows(tx, here, most)]

    def spoken(self, tx: UnitOfWork, row: Any) -> list[Any]:
        """Return a row with words in it."""
        at, found = self.prepared.at, list(row)
        title, gaps = found[at["title"]], found[at["gaps"]]
        found[at["title"]] = translate(unpacked(title, gaps), tx.language)
        kind = kind_of(tx, found[at["kind"]])
        if kind is not None:
            found[at["kind"]] = translate(kind.title, tx.language)
        return found


class Waiting(Titled):
    """What waits for the reader: found by where they decide, never by asking about each row."""

    def rows(self, tx: UnitOfWork, here: Place, most: int) -> Sequence[Any]:
        arms, back = self._narrowed(tx), self.order.runs_back(here.step)
        place = (here.values[0], here.values[1]) if here.values else None
        listed = self.prepared.once(tx, ("waiting",), self._listed)
        with tx.acting_for("core", reason=WHY) as own:
            found = nearest(own, arms, most, place=place, back=back, listed=listed)
        standing, names = desk_of(tx).for_whom(found), dict(principals(tx).values())
        at, rows = self.prepared.at["right"], []
        for one in found:
            row = self.spoken(tx, one)
            row[at] = names.get(standing[one.id], "") if one.id in standing else gettext("My own")
            rows.append(row)
        return rows

    def _listed(self) -> Select[Any]:
        """Return the statement of requests, with what says who decides each."""
        marks = [c.label(f"mark_{i}") for i, c in enumerate(self.order.columns)]
        return self.prepared.statement.add_columns(*STEP, *marks)

    def count_to(self, tx: UnitOfWork, most: int) -> int:
        with tx.acting_for("core", reason=WHY) as own:
            return counted(own, self._narrowed(tx), most)

    def _narrowed(self, tx: UnitOfWork) -> Arms:
        arms, right = arms_of(tx), self.asked.criteria.get("right")
        if not right:
            return arms
        chosen = None if right == OWN else principals(tx).get(str(right), (0, ""))[0]
        return arms.standing_for(chosen)


class Decided(Titled):
    """What the reader decided, and what was decided for them: an index for each of both."""

    def rows(self, tx: UnitOfWork, here: Place, most: int) -> Sequence[Any]:
        me, step = tx.actor.person_id, here.step

        def build(listed: Select[Any]) -> Select[Any]:
            parts = [
                select(
                    ordered(select(ApprovalDecision.id).where(mine), self.order, step).subquery()
                )
                for mine in (
                    ApprovalDecision.person_id == me,
                    ApprovalDecision.on_behalf_of_id == me,
                )
            ]
            near = select(union_all(*parts).subquery().c.id)
            return ordered(listed.where(ApprovalDecision.id.in_(near)), self.order, step)

        statement = self._once(tx, "decided", step, build)
        found = tx.session.execute(statement, parameters(here, most))
        return [self.spoken(tx, row) for row in found]


class WaitingTable(Table):
    asks = Waiting


class TitledTable(Table):
    asks = Titled


class DecidedTable(Table):
    asks = Decided


def waiting(tx: UnitOfWork, *, right: str = "") -> Select[Any]:
    """Return what a request that waits shows; which ones wait for the reader is said elsewhere."""
    return (
        select(
            ApprovalRequest.public_id,
            ApprovalRequest.title,
            ApprovalRequest.gaps,
            ApprovalRequest.kind,
            Person.name.label("requester"),
            Department.name.label("department"),
            ApprovalRequest.amount,
            ApprovalRequest.due_at,
            ApprovalRequest.spent.label("right"),
        )
        .join(Person, Person.id == ApprovalRequest.requester_id)
        .join(Department, Department.id == ApprovalRequest.department_id)
    )


def asked(tx: UnitOfWork) -> Select[Any]:
    """Return what the reader asked, or is to gain by."""
    return (
        select(
            ApprovalRequest.public_id,
            ApprovalRequest.title,
            ApprovalRequest.gaps,
            ApprovalRequest.kind,
            Department.name.label("department"),
            ApprovalRequest.amount,
            ApprovalRequest.state,
            ApprovalRequest.asked_at,
        )
        .join(Department, Department.id == ApprovalRequest.department_id)
        .where(ApprovalRequest.requester_id == tx.actor.person_id)
    )


def decided(tx: UnitOfWork) -> Select[Any]:
    """Return what the reader decided, and what others decided for them."""
    me = tx.actor.person_id
    return (
        select(
            ApprovalDecision.verdict,
            ApprovalRequest.public_id,
            ApprovalRequest.title,
            ApprovalRequest.gaps,
            ApprovalRequest.kind,
            ApprovalRequest.amount,
            Person.name.label("by"),
            For.name.label("on_behalf_of"),
            ApprovalDecision.at,
        )
        .join(ApprovalRequest, ApprovalRequest.id == ApprovalDecision.approval_id)
        .join(Person, Person.id == ApprovalDecision.person_id)
        .outerjoin(For, For.id == ApprovalDecision.on_behalf_of_id)
        .where(or_(ApprovalDecision.person_id == me, ApprovalDecision.on_behalf_of_id == me))
    )


TITLE = Column(
    "title",
    message("Request"),
    link=("approvals.approval", {"public_id": "public_id"}),
    meta="kind",
    primary=True,
)
AMOUNT = Column("amount", message("Amount"), "money")
WAITING = WaitingTable(
    "approvals_waiting",
    USE,
    waiting,
    columns=(
        TITLE,
        Column("requester", message("Asked by"), "person"),
        Column("department", message("Department")),
        AMOUNT,
        Column(
            "due_at",
            message("Due"),
            "datetime",
            sort=(ApprovalRequest.due_at, ApprovalRequest.id),
        ),
        Column("right", message("In whose right")),
    ),
    default_sort="due_at",
    filters=WaitingFilter,
    empty=Empty(
        title=message("Nothing waits for you"),
        text=message("What others ask you to decide stands here, what is due first on top."),
    ),
)
ASKED = TitledTable(
    "approvals_asked",
    USE,
    asked,
    columns=(
        TITLE,
        Column("department", message("Department")),
        AMOUNT,
        Column("state", message("State"), "pill", labels=STATES, tone=TONES),
        Column(
            "asked_at",
            message("Asked"),
            "datetime",
            sort=(ApprovalRequest.asked_at, ApprovalRequest.id),
        ),
    ),
    default_sort="-asked_at",
    empty=Empty(
        title=message("You have asked for nothing yet"),
        text=message("What you ask others to decide stands here, with what became of it."),
    ),
)
DECIDED = DecidedTable(
    "approvals_decided",
    USE,
    decided,
    columns=(
        TITLE,
        AMOUNT,
        Column(
            "verdict",
            message("Decision"),
            "pill",
            labels=VERDICTS,
            tone={"approve": "ok", "refuse": "bad"},
        ),
        Column("by", message("Decided by"), "person"),
        Column("on_behalf_of", message("Standing in for")),
        Column("at", message("When"), "datetime", sort=(ApprovalDecision.at, ApprovalDecision.id)),
    ),
    default_sort="-at",
    empty=Empty(
        title=message("You have decided nothing yet"),
        text=message("Your decisions stand here, and those of whoever stood in for you."),
    ),
)
