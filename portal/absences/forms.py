"""Forms about absences: two dates, and whether half of the first or the last day is worked."""

from __future__ import annotations

from sqlalchemy import select

from portal.messages import message
from portal.people import services as people
from portal.people.models import Person
from portal.people.picking import find
from portal.ui.forms import (
    BooleanField,
    ChoiceField,
    DateField,
    Form,
    PickField,
    RadioField,
    optional,
    required,
)
from portal.ui.submitting import VersionField
from portal.work import UnitOfWork

from . import services


class DaysForm(Form):
    """The days of an absence that is noted already."""

    version = VersionField()
    from_on = DateField(
        message("First day"),
        [required()],
        render_kw={"data-focus": "", "data-takes-along": "last_on"},
    )
    last_on = DateField(message("Last day"), [required()])
    from_noon = BooleanField(message("On the first day only from noon"))
    until_noon = BooleanField(message("On the last day only until noon"))


class AbsenceForm(DaysForm):
    """Who is away, and when; who notes only their own absences is asked for the days alone."""

    person = PickField(message("Person"), [required()])

    def prepare(self, tx: UnitOfWork) -> AbsenceForm:
        """Let the field find the people whose absences may be noted."""
        among = services.in_reach(tx)

        def title(public_id: str) -> str | None:
            wanted = select(Person.name).where(Person.public_id == public_id, among)
            return tx.session.scalars(wanted).one_or_none()

        self.person.search = lambda text: find(tx, text, among)
        self.person.title = title
        if not services.notes_for_others(tx):
            self.person.validators = [optional()]
        return self

    def command_for_absence(self) -> services.NoteAbsence:
        """Return what was asked for."""
        return self.command(services.NoteAbsence, person=self.person.data or "")


class BackForm(Form):
    """Since when somebody is here again."""

    version = VersionField()
    since = RadioField(
        message("Since"),
        [required()],
        choices=(
            ("morning", message("Back since this morning")),
            ("noon", message("Back since noon")),
        ),
    )


class RemoveForm(Form):
    version = VersionField()


class AbsenceFilter(Form):
    """Narrow the absences to those of a department."""

    department = ChoiceField(message("Department"), [optional()], blank=message("Any"))

    def prepare(self, tx: UnitOfWork) -> None:
        """Fill in the choices."""
        self.department.choices = [
            (row.public_id, "\u2003" * depth + row.name) for row, depth in people.in_tree_order(tx)
        ]
