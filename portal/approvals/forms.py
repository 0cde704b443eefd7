"""Forms: a decision, a rule, and trying out what the rules come to."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import select

from portal.messages import message
from portal.people.forms import pick_people
from portal.people.services import choices
from portal.roles.lists import title_of
from portal.roles.models import Role
from portal.ui.forms import (
    AreaField,
    ChoiceField,
    Form,
    HiddenField,
    MoneyField,
    PickField,
    RadioField,
    WholeField,
    longest,
    optional,
    required,
)
from portal.ui.submitting import VersionField
from portal.work import UnitOfWork

from .models import ApprovalRule
from .rules import REMIND
from .services.ruling import SetRule

PEOPLE = ("person1", "person2", "person3", "person4", "person5")


class DecideForm(Form):
    """Approve or refuse; the two buttons say which."""

    version = VersionField()
    seen = HiddenField()
    comment = AreaField(message("Comment"), [optional(), longest(2000)])


class WithdrawForm(Form):
    version = VersionField()


def kinds() -> list[tuple[str, Any]]:
    """Return every kind of request with its title."""
    found = current_app.extensions["kantor"].approvals()
    return [(name, kind.title) for name, kind in sorted(found.items())]


def _money() -> str:
    currency: str = current_app.extensions["kantor.ui"].currency()
    return currency


class TryForm(Form):
    """What would happen if somebody asked."""

    kind = ChoiceField(message("What is asked"), [required()])
    department = ChoiceField(message("Department"), [required()])
    amount = MoneyField(message("Amount"), [optional()])

    def prepare(self, tx: UnitOfWork) -> TryForm:
        """Fill in the choices."""
        self.kind.choices = kinds()
        self.department.choices = choices(tx)
        self.amount.currency = _money()
        return self


class RuleForm(Form):
    """One step: where and from which amount on, who decides, and when others are told."""

    kind = ChoiceField(message("What is asked"), [required()])
    department = ChoiceField(
        message("Department"), [optional()], blank=message("The whole organisation")
    )
    from_amount = MoneyField(message("From this amount on"), [optional()])
    step = WholeField(message("Step"), [required()], minimum=1, maximum=9)
    who = RadioField(
        message("Who decides"),
        [required()],
        choices=(
            ("manager", message("Whoever leads the department")),
            ("role", message("Who holds a role there")),
            ("people", message("These people")),
        ),
    )
    role = ChoiceField(message("Role"), [optional()], blank=message("None"))
    person1 = PickField(message("Person"), [optional()])
    person2 = PickField(message("Second person"), [optional()])
    person3 = PickField(message("Third person"), [optional()])
    person4 = PickField(message("Fourth person"), [optional()])
    person5 = PickField(message("Fifth person"), [optional()])
    needed = WholeField(message("How many must approve"), [required()], minimum=1, maximum=9)
    remind_hours = WholeField(
        message("Remind after working hours"), [required()], minimum=1, maximum=400
    )
    escalate_hours = WholeField(
        message("The superior may decide too after working hours"),
        [optional()],
        minimum=2,
        maximum=2000,
    )

    def prepare(self, tx: UnitOfWork) -> RuleForm:
        """Fill in the choices."""
        self.kind.choices = kinds()
        self.department.choices = choices(tx)
        self.from_amount.currency = _money()
        roles = tx.session.scalars(select(Role).order_by(Role.name_key, Role.id))
        self.role.choices = [(role.public_id, title_of(role)) for role in roles]
        for name in PEOPLE:
            pick_people(self[name], tx)
        return self

    def command_for_rule(self, replaces: str = "") -> SetRule:
        """Return the rule as it shall be."""
        return SetRule(
            kind=self.kind.data or "",
            department=self.department.data or "",
            from_amount=self.from_amount.data or 0,
            step=self.step.data or 1,
            who=self.who.data or "",
            role=self.role.data or "",
            people=tuple(self[name].data for name in PEOPLE if self[name].data),
            needed=self.needed.data or 1,
            remind_hours=self.remind_hours.data or REMIND,
            escalate_hours=self.escalate_hours.data,
            replaces=replaces,
        )


def as_form(row: ApprovalRule) -> dict[str, Any]:
    """Return a rule as its form shows it."""
    people = {name: one.person.public_id for name, one in zip(PEOPLE, row.people, strict=False)}
    return people | {
        "kind": row.kind,
        "department": row.department.public_id if row.department else "",
        "from_amount": row.from_amount or None,
        "step": row.step,
        "who": row.who,
        "role": row.role.public_id if row.role else "",
        "needed": row.needed,
        "remind_hours": row.remind_hours,
        "escalate_hours": row.escalate_hours,
    }
