"""What a declared plugin says that cannot be: every contradiction, in a sentence each. Private."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .notices.rules import MAIL as NOTICE_MAIL
from .reach import Reach, noun_of

if TYPE_CHECKING:
    from .finding.rules import Search
    from .plugin import Plugin
    from .subjects.rules import Subject

API = (1, 0)
HUES = (
    "teal",
    "orange",
    "sky",
    "violet",
    "green",
    "rose",
    "red",
    "slate",
    "amber",
    "indigo",
    "brown",
    "cyan",
)
SLUG = re.compile(r"[a-z][a-z0-9]{1,19}")
# Where core's own pages lie, and how its tables begin: purging a plugin drops by these names.
_ADDRESSES = (
    "absences account activity admin approvals attachments audit away bin calendar calendars"
    " comments contacts csp dates delegation departments deputies dev docs E e files health"
    " holidays home import imports jobs kit links lists live mails metrics mywork notices"
    " people places plugins portal ready records related removed roles scan scanning search"
    " settings sign static undo watchers work worktime"
)
_TABLES = (
    "absence alembic approval assignment calendar case contact core delegation department"
    " holiday home idempotency installed job kantor link list mail membership notice"
    " outbox person pg place plugin recent record role search series setting sqlite stored"
    " throttle undo upload work"
)
RESERVED = frozenset(f"{_ADDRESSES} {_TABLES}".split())
ROLES = (
    "administrator",
    "department_manager",
    "office_manager",
    "executive",
    "assistant",
    "employee",
)


def of(plugin: Plugin) -> Iterator[str]:
    """Yield everything a plugin contradicts itself in."""
    if not SLUG.fullmatch(plugin.slug):
        yield f"slug {plugin.slug!r} must match {SLUG.pattern}"
    if plugin.slug in RESERVED:
        yield f"slug {plugin.slug!r} is the portal's own"
    if plugin.api[0] != API[0] or plugin.api[1] > API[1]:
        yield f"is made for interface {_dotted(plugin.api)}, the portal has {_dotted(API)}"
    if plugin.hue not in HUES:
        yield f"hue {plugin.hue!r} is none of {', '.join(HUES)}"
    if plugin.blueprint is not None and plugin.blueprint.name != plugin.slug:
        yield f"blueprint {plugin.blueprint.name!r} must be named {plugin.slug!r}"
    if plugin.models is not None and plugin.models.__slug__ != plugin.slug:  # type: ignore[attr-defined]
        yield f"models base belongs to {plugin.models.__slug__!r}"  # type: ignore[attr-defined]
    yield from _permission_problems(plugin)
    yield from _name_problems(plugin)


def _permission_problems(plugin: Plugin) -> Iterator[str]:
    declared = {permission.name for permission in plugin.permissions}
    if len(declared) != len(plugin.permissions):
        yield "declares a permission twice"
    for name in sorted(declared):
        if not re.fullmatch(rf"{re.escape(plugin.slug)}\.[a-z_]+\.[a-z_]+", name):
            yield f"permission {name!r} must be {plugin.slug}.<noun>.<verb>"
    for grant in plugin.roles:
        if grant.permission not in declared:
            yield f"role {grant.role!r} is given {grant.permission!r}, which is not declared"
        if grant.role not in ROLES:
            yield f"role {grant.role!r} is none of {', '.join(ROLES)}"
        if grant.reach not in set(Reach):
            yield f"reach {grant.reach!r} is none of {', '.join(Reach)}"
    for entry in plugin.entries:
        name = f"menu entry {str(entry.title)!r}"
        if entry.permission not in declared:
            yield f"{name} needs {entry.permission!r}, which is not declared"
        if not entry.endpoint.startswith(f"{plugin.slug}."):
            yield f"{name} leads outside the plugin: {entry.endpoint!r}"
    for kind in plugin.links:
        if kind.permission not in declared:
            yield f"link {kind.name!r} needs {kind.permission!r}, which is not declared"
    for dates in plugin.dates:
        if dates.permission not in declared:
            yield f"dates {dates.name!r} need {dates.permission!r}, which is not declared"
    for subject in plugin.subjects:
        yield from _subject_problems(plugin, subject, declared)
    for search in plugin.searches:
        yield from _search_problems(plugin, search)
    for wizard in plugin.imports:
        if wizard.permission not in declared:
            yield f"import {wizard.name!r} needs {wizard.permission!r}, which is not declared"


def _subject_problems(plugin: Plugin, subject: Subject, declared: set[str]) -> Iterator[str]:
    name = f"subject {subject.name!r}"
    if not re.fullmatch(rf"{re.escape(plugin.slug)}\.[a-z_]+", subject.name):
        yield f"{name} must be {plugin.slug}.<noun>"
    if subject.model.__kind__ != subject.name:
        yield f"{name}: the records of {subject.model.__name__} are {subject.model.__kind__!r}"
    for permission in filter(None, (subject.permission, subject.staff)):
        if permission not in declared:
            yield f"{name} needs {permission!r}, which is not declared"
        elif noun_of(permission) != subject.model.__noun__:
            yield f"{name}: {permission!r} is not a permission on {subject.model.__noun__}"
    if not hasattr(subject.model, "public_id"):
        yield f"{name}: {subject.model.__name__} has no public_id. Add the mixin Public"
    if not (subject.label or subject.number):
        yield f"{name}: say which column names one, as label or number"
    first = subject.label.partition(".")[0]
    for column in filter(None, (first, subject.number, *subject.fields)):
        if not hasattr(subject.model, column):
            yield f"{name}: {subject.model.__name__} has no {column}"


def _search_problems(plugin: Plugin, search: Search) -> Iterator[str]:
    name = f"search {search.subject!r}"
    subject = next((one for one in plugin.subjects if one.name == search.subject), None)
    if subject is None:
        yield f"{name} is none of its subjects"
        return
    if [one.subject for one in plugin.searches].count(search.subject) > 1:
        yield f"{name} is declared twice"
    if search.listed and not search.listed.startswith(f"{plugin.slug}."):
        yield f"{name}: its list lies outside the plugin: {search.listed!r}"
    for path in search.text:
        yield from (f"{name}: {problem}" for problem in path_problems(subject.model, path))


def path_problems(model: Any, path: str) -> Iterator[str]:
    """Yield what is wrong with the way to a text that is looked in."""
    *way, last = path.split(".")
    for step in way:
        relationship = model.__mapper__.relationships.get(step)
        if relationship is None or relationship.secondary is not None:
            yield f"{model.__name__} has no relationship {step}"
            return
        owner, model = model, relationship.mapper.class_
        follows = getattr(model, "__follows__", ())
        keys = {column.name for column in relationship.remote_side}
        if not model.reads_freely and not (len(follows) == 1 and keys == set(follows)):
            yield f"not everybody who sees {owner.__name__} sees its {step}"
    if last not in model.__table__.c:
        yield f"{model.__name__} has no column {last}"


def _name_problems(plugin: Plugin) -> Iterator[str]:
    for job in plugin.jobs:
        if not job.name.startswith(f"{plugin.slug}."):
            yield f"job {job.name!r} must begin with {plugin.slug}."
    for one in plugin.series:
        if not one.name.startswith(f"{plugin.slug}."):
            yield f"series {one.name!r} must begin with {plugin.slug}."
        if not re.fullmatch(r"[A-Z]{1,6}", one.prefix):
            yield f"series {one.name!r}: {one.prefix!r} must be one to six capital letters"
    for wanted in plugin.approvals:
        if not re.fullmatch(rf"{re.escape(plugin.slug)}\.[a-z_]+", wanted.name):
            yield f"approval {wanted.name!r} must be {plugin.slug}.<noun>"
    for kind in plugin.links:
        if not kind.name.startswith(f"{plugin.slug}."):
            yield f"link {kind.name!r} must begin with {plugin.slug}."
    for kind_of_work in plugin.work_items:
        if not kind_of_work.name.startswith(f"{plugin.slug}."):
            yield f"work {kind_of_work.name!r} must begin with {plugin.slug}."
    for dates in plugin.dates:
        if not dates.name.startswith(f"{plugin.slug}."):
            yield f"dates {dates.name!r} must begin with {plugin.slug}."
    for told in plugin.notices:
        if not re.fullmatch(rf"{re.escape(plugin.slug)}\.[a-z_]+", told.name):
            yield f"notice {told.name!r} must be {plugin.slug}.<noun>_<past participle>"
        if not str(told.title):
            yield f"notice {told.name!r} has no title"
        if told.mail not in NOTICE_MAIL:
            ways = ", ".join(NOTICE_MAIL)
            yield f"notice {told.name!r}: mail {told.mail!r} is none of {ways}"
    if len({told.name for told in plugin.notices}) != len(plugin.notices):
        yield "declares a notice twice"
    for name in plugin.names:
        if not name.startswith(f"{plugin.slug}."):
            yield f"name {name!r} must begin with {plugin.slug}."
    for name in plugin.undoes:
        if not name.startswith(f"{plugin.slug}."):
            yield f"undo {name!r} must begin with {plugin.slug}."
    for name in plugin.provides:
        if not name.startswith(f"{plugin.slug}."):
            yield f"service {name!r} must begin with {plugin.slug}."
    for name in dir(plugin.hookspecs) if plugin.hookspecs else ():
        if hasattr(getattr(plugin.hookspecs, name), "kantor_spec") and not name.startswith(
            f"{plugin.slug}_"
        ):
            yield f"hook {name!r} must begin with {plugin.slug}_"


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
