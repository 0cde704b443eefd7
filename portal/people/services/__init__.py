"""People, departments and memberships."""

from portal.roles.rules import reaches
from portal.work import UnitOfWork

from .departments import EDIT as EDIT_DEPARTMENT
from .departments import (
    AddDepartment,
    Branch,
    ChangeDepartment,
    add_department,
    change_department,
    choices,
    close_department,
    find_department,
    in_tree_order,
    reopen_department,
    tree,
)
from .memberships import EDIT as EDIT_MEMBERSHIP
from .memberships import (
    AddMembership,
    EndMembership,
    add_membership,
    current,
    end_membership,
    first_department,
    memberships_of,
)
from .persons import EDIT as EDIT_PERSON
from .persons import (
    VIEW_AS,
    AddPerson,
    ChangePerson,
    EndPerson,
    add_person,
    change_person,
    end_person,
    find_person,
    may_edit,
    may_give_access,
    may_view_as,
)


def reaches_everywhere(tx: UnitOfWork, permission: str) -> bool:
    """Return whether the actor holds ``permission`` in the whole organisation."""
    return reaches(tx.actor, permission, None)


__all__ = [
    "EDIT_DEPARTMENT",
    "EDIT_MEMBERSHIP",
    "EDIT_PERSON",
    "VIEW_AS",
    "AddDepartment",
    "AddMembership",
    "AddPerson",
    "Branch",
    "ChangeDepartment",
    "ChangePerson",
    "EndMembership",
    "EndPerson",
    "add_department",
    "add_membership",
    "add_person",
    "change_department",
    "change_person",
    "choices",
    "close_department",
    "current",
    "end_membership",
    "end_person",
    "find_department",
    "find_person",
    "first_department",
    "in_tree_order",
    "may_edit",
    "may_give_access",
    "may_view_as",
    "memberships_of",
    "reaches_everywhere",
    "reopen_department",
    "tree",
]
