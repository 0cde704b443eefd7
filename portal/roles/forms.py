"""The forms about roles, each for one intention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from portal.messages import message
from portal.people.forms import WhyForm, pick_people
from portal.people.services import choices
from portal.plugin import Permission
from portal.roles.lists import REACHES, groups, passable, right_choices, title_of
from portal.roles.models import Role
from portal.ui.forms import (
    AreaField,
    BooleanField,
    ChoiceField,
    DateField,
    Form,
    PickField,
    TextField,
    longest,
    optional,
    required,
)
from portal.ui.submitting import VersionField
from portal.work import UnitOfWork

from .services import GRANT, field_name

CHOOSE = message("Choose a role")


class RoleForm(Form):
    """What a role is called; its permissions come as fields of their own (``role_form``)."""

    version = VersionField()
    name = TextField(message("Name"), [required(), longest(200)], empty="")
    note = AreaField(
        message("What it is for"), [optional(), longest(1000)], empty="", render_kw={"rows": 2}
    )
    fields_of: Mapping[str, str] = {}  # permission -> name of its field

    def permissions(self) -> dict[str, str]:
        """Return permission -> reach of those that are given."""
        chosen = {name: self[field].data for name, field in self.fields_of.items()}
        return {name: str(reach) for name, reach in chosen.items() if reach}


def role_form(tx: UnitOfWork) -> type[RoleForm]:
    """Return the form of a role with a field for every permission there is."""
    offered = [(reach.value, title) for reach, title in REACHES.items()]

    def field(permission: Permission) -> ChoiceField:
        return ChoiceField(permission.title, [optional()], choices=offered, blank=message("No"))

    given = [one for group in groups(tx, {}) for one, _ in group.permissions]
    members: dict[str, Any] = {field_name(one.name): field(one) for one in given}
    members["fields_of"] = {one.name: field_name(one.name) for one in given}
    return type("RoleFormOfToday", (RoleForm,), members)


class CopyRoleForm(Form):
    name = TextField(message("Name of the copy"), [required(), longest(200)], empty="")


class AssignForm(Form):
    """Who gets which role, where, from when until when."""

    person = PickField(message("Person"), [required()])
    role = ChoiceField(message("Role"), [required()])
    department = ChoiceField(message("Where"), [optional()])
    from_on = DateField(message("First day"), [required()])
    last_day = DateField(
        message("Last day"), [optional()], description=message("Leave empty for no end.")
    )
    may_grant = BooleanField(
        message("May pass it on"),
        description=message("To others, in the same place or below, and no longer than here."),
    )
    reason = TextField(message("Reason"), [optional(), longest(300)], empty="")

    def prepare(self, tx: UnitOfWork) -> AssignForm:
        """Fill in every role and department."""
        pick_people(self.person, tx)
        roles = tx.session.scalars(select(Role).order_by(Role.name_key, Role.id)).all()
        self.role.choices = [(role.public_id, title_of(role)) for role in roles]
        self.role.blank = CHOOSE  # Nobody becomes administrator by an oversight.
        self.department.choices = choices(tx)
        self.department.blank = message("The whole organisation")
        return self

    def values(self) -> dict[str, Any]:
        """Return the fields that a command takes otherwise than they are."""
        return {"department": self.department.data or ""}


class GrantForm(AssignForm):
    """The same, with what the actor may pass on only."""

    def prepare(self, tx: UnitOfWork) -> GrantForm:
        pick_people(self.person, tx)
        self.role.choices = [(role.public_id, title_of(role)) for role in passable(tx)]
        self.role.blank = CHOOSE
        self.department.choices = choices(tx, GRANT)
        if tx.actor.grants[GRANT].everything:
            self.department.blank = message("The whole organisation")
        return self


class AskWhyForm(WhyForm):
    """The same, and about whom."""

    person = PickField(message("Person"), [required()])

    def prepare(self, tx: UnitOfWork) -> AskWhyForm:
        """Fill in every right."""
        pick_people(self.person, tx)
        self.permission.choices = right_choices(tx)
        return self


class EndForm(Form):
    """When a role ends; without a day, at once."""

    last_day = DateField(
        message("Last day"),
        [optional()],
        description=message("Leave empty to end it now; the person is signed out."),
    )
