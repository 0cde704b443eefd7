"""The forms of budgets."""

from __future__ import annotations

from portal.api import UnitOfWork, departments_reached, message
from portal.web import (
    AreaField,
    ChoiceField,
    DateField,
    Form,
    MoneyField,
    RadioField,
    VersionField,
    longest,
    optional,
    required,
)

from ..services import choices
from .services import keeping

EVERYTHING = message("Everything")
MODES = {
    "stop": message("Refuse what it has not left"),
    "warn": message("Warn, and let it through"),
}


class ChangeForm(Form):
    """How much, from when until when, and what happens when it is used up."""

    version = VersionField()
    amount = MoneyField(message("Amount"), [required()])
    from_on = DateField(
        message("First day"), [required()], render_kw={"data-takes-along": "last_on"}
    )
    last_on = DateField(message("Last day"), [required()])
    mode = RadioField(
        message("When it is used up"),
        [required()],
        choices=tuple(MODES.items()),
        default="stop",
    )
    note = AreaField(message("Note"), [optional(), longest(500)], empty="", default="")


class BudgetForm(ChangeForm):
    """A new budget: whose, and for what."""

    department = ChoiceField(message("Department"), [required()])
    category = ChoiceField(message("For"), [optional()], blank=EVERYTHING)

    def prepare(self, tx: UnitOfWork) -> BudgetForm:
        """Offer the departments whose budgets one may set, and the categories."""
        self.department.choices = departments_reached(tx, keeping.EDIT)
        self.category.choices = choices.categories(tx)
        self.amount.currency = tx.currency
        return self


class BudgetFilters(Form):
    department = ChoiceField(message("Department"), [optional()], blank=message("Any"))
    category = ChoiceField(message("For"), [optional()], blank=message("Any"))

    def prepare(self, tx: UnitOfWork) -> None:
        """Offer the departments whose budgets one may see, and the categories."""
        self.department.choices = departments_reached(tx, keeping.VIEW)
        self.category.choices = choices.categories(tx)
