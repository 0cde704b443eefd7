"""What a plugin declares. Public, frozen, and free of Flask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pluggy

from . import contradictions
from .approvals.known import ApprovalKind, ApprovalSubject
from .contradictions import API
from .dates.rules import DateAsk, Dated, Dates
from .finding.rules import Search
from .imports.rules import Import, ImportField, ImportUndo
from .messages import Message, message
from .mywork.rules import Whose, WorkAsk, WorkItem, WorkItems
from .notices.rules import NoticeKind
from .subjects.rules import Subject, SubjectField, Told

if TYPE_CHECKING:
    from flask import Blueprint
    from sqlalchemy.orm import DeclarativeBase
    from wtforms import Form

__all__ = [
    "Action",
    "ApprovalKind",
    "ApprovalSubject",
    "DateAsk",
    "Dated",
    "Dates",
    "Destination",
    "Home",
    "Import",
    "ImportField",
    "ImportUndo",
    "Job",
    "LinkKind",
    "NavItem",
    "NewItem",
    "NoticeKind",
    "Panel",
    "Permission",
    "Plugin",
    "PluginDefinitionError",
    "Problem",
    "RoleGrant",
    "SampleAsk",
    "Scanned",
    "Search",
    "Series",
    "Subject",
    "SubjectField",
    "Told",
    "Whose",
    "WorkAsk",
    "WorkItem",
    "WorkItems",
    "hookimpl",
    "hookspec",
]

hookspec = pluggy.HookspecMarker("kantor")
hookimpl = pluggy.HookimplMarker("kantor")


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """One thing a person may do, ``<slug>.<noun>.<verb>``; ``writes`` says that it changes rows of
    its noun.
    """

    name: str
    title: Message
    writes: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleGrant:
    """A permission that a shipped role gets when the plugin is installed."""

    role: str
    permission: str
    reach: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NavItem:
    """A page in the menu under the plugin's name, shown to holders of ``permission``."""

    endpoint: str
    title: Message | str
    permission: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewItem:
    """An entry of the New menu: a page on which something is created."""

    endpoint: str
    title: Message
    permission: str
    icon: str = "plus"


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Work for ``kantor worker``: ``run(tx, progress, **args)``; ``every`` (seconds) makes it
    recurring.

    ``look(tx, progress, **args)`` comes first, if there is much to read: it can write nothing and
    holds nobody up. What it returns is given to ``run`` as ``found``. If there is much to write of
    it, ``pieces(found)`` gives functions of ``tx``: each is called in a short unit of its own,
    before ``run``, and must do no harm when the job is run again.
    """

    name: str
    run: Callable[..., Any]
    every: int | None = None
    look: Callable[..., Any] | None = None
    pieces: Callable[[Any], Iterable[Callable[[Any], None]]] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """Numbers of documents, ``<prefix>-<year>-<number>``, without gaps and anew each year."""

    name: str
    prefix: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """The subject of the home page; its slot is ``widget``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """A part of somebody else's page: a template of one's own with its context."""

    title: Message | str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    order: int = 100
    place: str = "side"  # on the home page: strip (figures at the top), wide or side


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """A button on the page about a subject: a link to an endpoint of the plugin."""

    label: Message
    endpoint: str
    values: Mapping[str, Any] = field(default_factory=dict)
    icon: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """What a scanned code stands for: a page of the plugin."""

    code: str  # as it was asked for
    title: Message | str
    endpoint: str
    values: Mapping[str, Any] = field(default_factory=dict)
    meta: Message | str = ""
    icon: str = "barcode"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Something ``kantor doctor`` complains about, with what to do against it."""

    title: Message
    remedy: Message
    severe: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleAsk:
    """What ``Plugin.samples`` is asked for: records of one department, as many as ``number`` says.

    ``text("note")`` is a text unlike any other, at most ``longest`` letters; the check looks where
    it shows up again. ``people`` are members of the department, ``places`` rooms of it.
    """

    department_id: int
    people: tuple[int, ...]  # person ids
    places: tuple[str, ...]  # public ids
    number: int
    text: Callable[..., str]  # text(what, longest=40)


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where a code leads: a page of the plugin, and what it is about, in a few words."""

    title: Message | str
    endpoint: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkKind:
    """What short links of a plugin stand for: ``resolve(tx, target)`` finds the page.

    It reads with the rights of who scanned the code, who holds ``permission``, and returns None,
    or raises NotFound, for what is not there for them.
    """

    name: str
    title: Message
    permission: str
    resolve: Callable[[Any, str], Destination | None]


class PluginDefinitionError(ValueError):
    """A plugin that contradicts itself; ``problems`` lists every contradiction, not
    only the first.
    """

    def __init__(self, slug: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(f"plugin {slug!r}: " + "; ".join(problems))


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """Everything a plugin adds to the portal, as data; contradictions raise
    PluginDefinitionError.
    """

    slug: str  # address, table prefix, permission prefix, blueprint name, templates/<slug>/
    title: Message | str
    package: str  # __name__: where templates, translations and migrations are looked for
    api: tuple[int, int] = API  # the major must be the portal's, the minor not newer
    requires: tuple[str, ...] = ()  # slugs that must be loaded first
    models: type[DeclarativeBase] | None = None
    blueprint: Blueprint | None = None
    permissions: tuple[Permission, ...] = ()
    roles: tuple[RoleGrant, ...] = ()
    nav: tuple[NavItem, ...] = ()
    new: tuple[NewItem, ...] = ()
    jobs: tuple[Job, ...] = ()
    imports: tuple[Import, ...] = ()
    work_items: tuple[WorkItems, ...] = ()  # what may wait for somebody
    dates: tuple[Dates, ...] = ()  # what falls on which day
    approvals: tuple[ApprovalKind, ...] = ()  # what its records may have decided
    links: tuple[LinkKind, ...] = ()  # what its labels may stand for
    series: tuple[Series, ...] = ()
    notices: tuple[NoticeKind, ...] = ()  # what people are told of
    subjects: tuple[Subject, ...] = ()  # kinds of records that people talk about
    searches: tuple[Search, ...] = ()  # which of them are found by words
    names: Mapping[str, Message] = field(default_factory=dict)  # of acts, records and jobs
    settings: type[Form] | None = None
    provides: Mapping[str, Any] = field(default_factory=dict)
    undoes: Mapping[str, Callable[..., Any]] = field(default_factory=dict)  # name -> what undoes it
    subscribes: Mapping[str, Callable[..., None]] = field(default_factory=dict)
    hooks: ModuleType | None = None
    hookspecs: ModuleType | None = None
    demo: Callable[..., None] | None = (
        None  # demo(tx, seed=, today=): believable rows for a demo portal
    )
    samples: Callable[[Any, SampleAsk], None] | None = None  # rows for `kantor plugin check`
    icon: str = "puzzle"
    hue: str = "slate"

    def __post_init__(self) -> None:
        if problems := list(contradictions.of(self)):
            raise PluginDefinitionError(str(self.slug), problems)

    @property
    def entries(self) -> tuple[NavItem | NewItem, ...]:
        """Everything that leads into the plugin: its menu and its part of the New menu."""
        return (*self.nav, *self.new)


CORE_PERMISSIONS = (
    Permission(name="core.portal.use", title=message("Use the portal and one's own account")),
    Permission(name="core.person.view", title=message("See who works here")),
    Permission(name="core.person.edit", title=message("Add and change people"), writes=True),
    Permission(
        name="core.person.give_access", title=message("Give people an account"), writes=True
    ),
    Permission(name="core.person.view_as", title=message("See Kantor as others do"), writes=True),
    Permission(name="core.department.view", title=message("See the departments")),
    Permission(name="core.department.edit", title=message("Change departments"), writes=True),
    Permission(
        name="core.membership.edit", title=message("Move people between departments"), writes=True
    ),
    Permission(name="core.calendar.view", title=message("See when the organisation works")),
    Permission(
        name="core.calendar.edit", title=message("Change working hours and holidays"), writes=True
    ),
    Permission(name="core.absence.view", title=message("See who is away")),
    Permission(name="core.absence.edit", title=message("Note who is away"), writes=True),
    Permission(name="core.delegation.view", title=message("See who stands in for whom")),
    Permission(name="core.delegation.edit", title=message("Name deputies"), writes=True),
    Permission(name="core.approval.fallback", title=message("Decide what nobody else can decide")),
    Permission(name="core.approval.rules", title=message("Say who decides what"), writes=True),
    Permission(name="core.role.view", title=message("See roles and who holds them")),
    Permission(name="core.role.edit", title=message("Change what a role may do"), writes=True),
    Permission(name="core.role.assign", title=message("Give any role to others"), writes=True),
    Permission(name="core.role.grant", title=message("Pass on roles one may grant"), writes=True),
    Permission(name="core.place.view", title=message("See the places")),
    Permission(name="core.place.edit", title=message("Change places"), writes=True),
    Permission(name="core.contact.view", title=message("See the address book")),
    Permission(name="core.contact.edit", title=message("Change the address book"), writes=True),
    Permission(name="core.plugin.view", title=message("See the plugins")),
    Permission(name="core.plugin.manage", title=message("Switch plugins on and off"), writes=True),
    Permission(name="core.setting.edit", title=message("Change settings"), writes=True),
    Permission(
        name="core.view.share", title=message("Share views of lists with others"), writes=True
    ),
    Permission(name="core.audit.view", title=message("Read the audit")),
    Permission(name="core.job.view", title=message("See background work")),
    Permission(
        name="core.job.retry", title=message("Try failed background work again"), writes=True
    ),
    Permission(name="core.metrics.view", title=message("Read the metrics")),
)
