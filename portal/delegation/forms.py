"""Forms about deputies: who, from when until when, and whether only while somebody is away."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select

from portal.messages import message
from portal.people import services as people
from portal.people.models import Person
from portal.people.picking import find
from portal.ui.forms import (
    BooleanField,
    ChoiceField,
    DateField,
    Form,
    MoneyField,
    PickField,
    optional,
    required,
)
from portal.ui.submitting import VersionField
from portal.work import UnitOfWork

from . import services
from .rules import ALL

SCOPES = (
    (ALL, message("Everything")),
    ("approvals", message("Approvals")),
    ("tasks", message("Tasks")),
    ("tickets", message("Tickets")),
)


class TimeForm(Form):
    """The days on which somebody stands in already."""

    confirms = False  # whether the reader may say that it shall be longer

    version = VersionField()
    from_on = DateField(
        message("First day"), [required()], render_kw={"data-takes-along": "last_on"}
    )
    last_on = DateField(message("Last day"), [required()])
    only_when_absent = BooleanField(message("Only while away"))
    longer = BooleanField(message("Allow more than 60 days"))

    def prepare_time(self, tx: UnitOfWork) -> TimeForm:
        """Keep the confirmation from who cannot give it."""
        self.confirms = services.confirms_longer(tx)
        return self


class DeputyForm(TimeForm):
    """Who stands in for whom, and when; who names only their own deputy is not asked for whom."""

    principal = PickField(message("For whom"), [required()])
    deputy = PickField(message("Deputy"), [required()], render_kw={"data-begin": ""})
    scope = ChoiceField(message("May decide"), [optional()], choices=SCOPES)
    department = ChoiceField(
        message("Only for the department"), [optional()], blank=message("Everything")
    )
    max_amount = MoneyField(message("Only up to this amount"), [optional()])

    def prepare(self, tx: UnitOfWork) -> DeputyForm:
        """Let the fields find the people who may be named."""
        among = services.in_reach(tx)
        for field, wanted in ((self.principal, among), (self.deputy, working(tx))):
            find_among(field, tx, wanted)
        if not services.names_for_others(tx):
            self.principal.validators = [optional()]
        self.department.choices = _departments(tx)
        self.max_amount.currency = tx.currency
        self.prepare_time(tx)
        return self

    def command_for_deputy(self) -> services.NameDeputy:
        """Return what was asked for."""
        return self.command(
            services.NameDeputy,
            principal=self.principal.data or "",
            scope=self.scope.data or ALL,
            department=self.department.data or "",
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything limits what the deputy may decide, so that it is shown."""
        limits = self.department.data, self.max_amount.data
        wrong = self.scope.errors or self.department.errors or self.max_amount.errors
        return bool(wrong) or any(limits) or (self.scope.data or ALL) != ALL


class EndForm(Form):
    version = VersionField()


class DeputyFilter(Form):
    """Narrow the deputies to those of the people of a department."""

    department = ChoiceField(message("Department"), [optional()], blank=message("Any"))

    def prepare(self, tx: UnitOfWork) -> None:
        """Fill in the choices."""
        self.department.choices = _departments(tx)


def _departments(tx: UnitOfWork) -> list[tuple[str, str]]:
    tree = people.in_tree_order(tx)
    return [(row.public_id, "\u2003" * depth + row.name) for row, depth in tree]


def working(tx: UnitOfWork) -> ColumnElement[bool]:
    """Return the condition of being somebody who works here today or will."""
    return or_(Person.active_until.is_(None), Person.active_until > tx.today)


def find_among(field: PickField, tx: UnitOfWork, among: ColumnElement[bool]) -> None:
    """Let a field find the people for whom a condition holds."""

    def title(public_id: str) -> str | None:
        wanted = select(Person.name).where(Person.public_id == public_id, among)
        return tx.session.scalars(wanted).one_or_none()

    field.search = lambda text: find(tx, text, among)
    field.title = title
