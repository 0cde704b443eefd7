"""Removing what a plugin has stored, by its slug alone: its package may be gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, delete, inspect, or_, select, text, update

from portal.attachments.models import Attachment
from portal.comments.models import Comment
from portal.contradictions import RESERVED, SLUG
from portal.db import db, unscoped
from portal.files.models import StoredFile, Upload
from portal.finding.following import drop_following
from portal.finding.models import RecentRecord, SearchEntry
from portal.guard import LIMITED, WRITE, kernel_execute
from portal.jobs.models import Job, Outbox
from portal.links.models import Link
from portal.lists.models import ListPreference, SavedView
from portal.migrate import made_key, version_table
from portal.orm import MODELS
from portal.reach import EVERYTHING
from portal.related.models import RecordLink
from portal.roles.models import RolePermission
from portal.roles.principals import raise_epoch
from portal.roles.services import offered_key
from portal.settings.models import PortalInfo, Setting
from portal.undo.models import UndoStep
from portal.watchers.models import Watcher
from portal.work import UnitOfWork

from .models import InstalledPlugin, PluginActivation


class NotPurged(ValueError):
    """A name that is no plugin's, so that nothing was removed."""


def purge(slug: str) -> list[str]:
    """Remove a plugin's tables and every row of core about it; return what was done, in lines.

    The audit stays. Contents of files go with the nightly cleaning, once no upload names them.
    Raises NotPurged for a name that belongs to the portal.
    """
    if not SLUG.fullmatch(slug) or slug in RESERVED:
        raise NotPurged(f"{slug!r} is not the name of a plugin")
    done = [f"table {name} removed" for name in _drop_tables(slug)]
    with unscoped(reason="a plugin is purged", realm="core") as tx:
        for what, count in _remove_rows(tx, slug):
            if count:
                done.append(f"{what}: {count} removed")
        if done:
            raise_epoch(tx.session)
            tx.audit("core.plugin_purged", slug=slug, done=done)
    return done or [f"nothing of {slug} is left here"]


def _remove_rows(tx: UnitOfWork, slug: str) -> Iterator[tuple[str, int]]:
    """Remove the rows of core that speak of a plugin; yield what and how many."""
    begins = f"{slug}."
    grants = RolePermission.__table__
    jobs, outbox, settings = Job.__table__, Outbox.__table__, Setting.__table__
    activation, installed = PluginActivation.__table__, InstalledPlugin.__table__
    steps, views = UndoStep.__table__, SavedView.__table__
    talk, watching, linked = Comment.__table__, Watcher.__table__, RecordLink.__table__
    beside = Attachment.__table__
    entries, opened = SearchEntry.__table__, RecentRecord.__table__
    facts, likings = PortalInfo.__table__, ListPreference.__table__
    for what, table, condition in (
        ("places where it was on", activation, activation.c.slug == slug),
        ("settings", settings, settings.c.slug == slug),
        (
            "permissions of roles",
            grants,
            or_(grants.c.source == slug, grants.c.permission.startswith(begins, autoescape=True)),
        ),
        ("liked columns of lists", likings, likings.c.list.startswith(begins, autoescape=True)),
        ("background jobs", jobs, jobs.c.name.startswith(begins, autoescape=True)),
        ("saved views", views, views.c.list.startswith(begins, autoescape=True)),
        ("words to find it by", entries, entries.c.kind.startswith(begins, autoescape=True)),
        ("records opened last", opened, opened.c.kind.startswith(begins, autoescape=True)),
        ("steps to undo", steps, steps.c.name.startswith(begins, autoescape=True)),
        ("events", outbox, outbox.c.subscriber == slug),
        ("files of records", beside, beside.c.kind.startswith(begins, autoescape=True)),
        ("comments", talk, talk.c.kind.startswith(begins, autoescape=True)),
        ("watchers", watching, watching.c.kind.startswith(begins, autoescape=True)),
        (
            "links between records",
            linked,
            or_(
                linked.c.kind.startswith(begins, autoescape=True),
                linked.c.other_kind.startswith(begins, autoescape=True),
            ),
        ),
        ("notes of roles", facts, facts.c.key == offered_key(slug)),
        ("notes of versions", facts, facts.c.key == made_key(slug)),
        ("notes of upgrades", installed, installed.c.slug == slug),
    ):
        yield what, kernel_execute(tx.session, delete(table).where(condition)).rowcount
    yield "files", _forget_files(tx, begins)
    yield "codes of labels", _retire_links(tx, begins)


def _retire_links(tx: UnitOfWork, begins: str) -> int:
    """Forget what the codes on a plugin's labels stood for; the codes stay taken."""
    links = Link.__table__
    mine = links.c.kind.startswith(begins, autoescape=True)
    ended = update(links).where(mine, links.c.target != "")
    ended = ended.values(target="", active=False, retired_at=tx.now)
    return int(kernel_execute(tx.session, ended).rowcount)


def _forget_files(tx: UnitOfWork, begins: str) -> int:
    """Remove the uploads of a plugin, and what they held unless somebody else sent it too."""
    uploads, stored = Upload.__table__, StoredFile.__table__
    purposes = (begins, f"import {begins}")
    of_it = [uploads.c.purpose.startswith(start, autoescape=True) for start in purposes]
    mine = delete(uploads).where(or_(*of_it))
    held = kernel_execute(tx.session, mine.returning(uploads.c.file_id)).scalars().all()
    unused = ~select(uploads.c.id).where(uploads.c.file_id == stored.c.id).exists()
    kernel_execute(tx.session, delete(stored).where(stored.c.id.in_(set(held)), unused))
    return len(held)


def _drop_tables(slug: str) -> list[str]:
    """Drop ``<slug>_*``, the version table, and on PostgreSQL functions of that prefix."""
    options = {WRITE: True, LIMITED: EVERYTHING}
    with db.engine.connect().execution_options(**options) as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        if on_sqlite:
            _driver(connection).execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                drop_following(connection, slug)  # They name tables that are about to go.
                names = _tables(connection, slug)
                for name in names:
                    cascade = "" if on_sqlite else " CASCADE"
                    connection.execute(text(f'DROP TABLE "{name}"{cascade}'))
                if not on_sqlite:
                    _drop_functions(connection, slug)
        finally:
            if on_sqlite:
                _driver(connection).execute("PRAGMA foreign_keys=ON")
    return names


def _tables(connection: Connection, slug: str) -> list[str]:
    core = {name for name, model in MODELS.items() if model.__slug__ == "core"}
    names = [
        name
        for name in inspect(connection).get_table_names()
        if (name.startswith(f"{slug}_") or name == version_table(slug)) and name not in core
    ]
    if connection.dialect.name != "sqlite":
        return names
    # A search table brings shadow tables of its own, which go with it.
    made = text("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'")
    virtual = connection.execute(made).scalars().all()
    shadows = {n for n in names for v in virtual if n != v and re.match(rf"{re.escape(v)}_", n)}
    return [name for name in names if name not in shadows]


def _driver(connection: Connection) -> Any:
    """Return SQLite's own connection: it hears of foreign keys only outside a transaction."""
    return connection.connection.driver_connection


def _drop_functions(connection: Connection, slug: str) -> None:
    """Drop the trigger functions of a plugin, which PostgreSQL keeps apart from their tables."""
    functions = text(
        "SELECT p.oid::regprocedure::text FROM pg_proc p"
        " WHERE p.pronamespace = current_schema()::regnamespace AND starts_with(p.proname, :prefix)"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
    )
    for name in connection.execute(functions, {"prefix": f"{slug}_"}).scalars().all():
        connection.execute(text(f"DROP FUNCTION {name} CASCADE"))
