"""What models, services, rules and events use: no Flask here. Public."""

from __future__ import annotations

from .absences.models import Absence
from .absences.rules import Away
from .absences.services import absences_between, is_away
from .approvals.known import Approval, ApprovalOutcome
from .approvals.services import (
    approval_of,
    approval_waits_for,
    ask_approval,
    require_approved,
    void_approval,
    withdraw_approval,
)
from .audit.changes import put
from .comments.services import past_comment
from .contacts.models import Contact, ContactPoint
from .delegation.models import Delegation
from .delegation.resolving import deciders, may_decide
from .delegation.rules import Decider, Way
from .errors import (
    BadRequest,
    Conflict,
    EditConflict,
    Forbidden,
    InUse,
    NotFound,
    OutOfReach,
    PortalError,
    Shortfall,
    ValidationFailed,
)
from .imports.grid import ImportProblem
from .imports.rules import (
    ImportDone,
    ImportFindings,
    ImportKnown,
    ImportRow,
    ImportStays,
    bounded,
    repeated,
)
from .links.services import known_codes, link_codes, link_targets, retire_link
from .lists.bulk import BulkResult
from .mail.outgoing import mail_ready
from .mail.services import Mail, send_mail
from .messages import Message, message, translate
from .money import Money
from .mywork.gathering import day_end
from .notices.services import notify
from .numbers import Unreadable
from .orm import (
    Confidential,
    Follows,
    Global,
    Instant,
    KeyText,
    Named,
    Owned,
    Public,
    Scoped,
    Versioned,
    declarative_base,
    ids_in_reach,
    new_public_id,
    row_by_row,
    sort_key,
)
from .people.models import Department, Membership, Person
from .people.reaching import department_reached, departments_reached
from .places.models import Place, PlaceServes
from .reach import Held, Principal, permits, visible
from .roles.holding import people_who_may
from .search import Searched, matching
from .series.services import next_number
from .settings.services import facts as organisation_facts
from .settings.services import values_of as settings_of
from .subjects.rules import record_kind
from .trigrams import create_search, drop_search
from .undo.services import undoable
from .watchers.services import watch
from .work import Event, UnitOfWork
from .worktime.models import WorkCalendar
from .worktime.rules import Calendar, add_working, next_working, working_between
from .worktime.services import calendar_of

__all__ = [
    "Absence",
    "Approval",
    "ApprovalOutcome",
    "Away",
    "BadRequest",
    "BulkResult",
    "Calendar",
    "Confidential",
    "Conflict",
    "Contact",
    "ContactPoint",
    "Decider",
    "Delegation",
    "Department",
    "EditConflict",
    "Event",
    "Follows",
    "Forbidden",
    "Global",
    "Held",
    "ImportDone",
    "ImportFindings",
    "ImportKnown",
    "ImportProblem",
    "ImportRow",
    "ImportStays",
    "InUse",
    "Instant",
    "KeyText",
    "Mail",
    "Membership",
    "Message",
    "Money",
    "Named",
    "NotFound",
    "OutOfReach",
    "Owned",
    "Person",
    "Place",
    "PlaceServes",
    "PortalError",
    "Principal",
    "Public",
    "Scoped",
    "Searched",
    "Shortfall",
    "UnitOfWork",
    "Unreadable",
    "ValidationFailed",
    "Versioned",
    "Way",
    "WorkCalendar",
    "absences_between",
    "add_working",
    "approval_of",
    "approval_waits_for",
    "ask_approval",
    "bounded",
    "calendar_of",
    "create_search",
    "day_end",
    "deciders",
    "declarative_base",
    "department_reached",
    "departments_reached",
    "drop_search",
    "ids_in_reach",
    "is_away",
    "known_codes",
    "link_codes",
    "link_targets",
    "mail_ready",
    "matching",
    "may_decide",
    "message",
    "new_public_id",
    "next_number",
    "next_working",
    "notify",
    "organisation_facts",
    "past_comment",
    "people_who_may",
    "permits",
    "put",
    "record_kind",
    "repeated",
    "require_approved",
    "retire_link",
    "row_by_row",
    "send_mail",
    "settings_of",
    "sort_key",
    "translate",
    "undoable",
    "visible",
    "void_approval",
    "watch",
    "withdraw_approval",
    "working_between",
]
