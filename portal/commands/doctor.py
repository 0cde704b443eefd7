"""``kantor doctor``: everything that could be wrong, each with what to do."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from portal.messages import message
from portal.plugin import Problem


def examine(app: Any) -> list[Problem]:
    """Return every problem found; a database that does not answer hides the later ones."""
    from sqlalchemy.exc import DBAPIError

    found = [*_package(), *_paper(), *_files(app)]
    with app.app_context():
        try:
            found += _database(app)
        except DBAPIError as error:
            found.append(
                Problem(
                    title=message(
                        "The database does not answer: {error}", error=str(error.orig)[:200]
                    ),
                    remedy=message("Start it, or mend database_url in kantor.toml."),
                )
            )
    # Asked last: a plugin may fail while it is asked.
    return [*_plugins(app), *_notable(app), *found]


def _package() -> Iterator[Problem]:
    spec = importlib.util.find_spec("portal")
    if spec is None or Path(str(spec.origin)).parent != Path(__file__).parent.parent:
        yield Problem(
            title=message("Another package called portal hides this one."),
            remedy=message("Uninstall it: pip uninstall portal"),
        )


def _paper() -> Iterator[Problem]:
    """Look for the libraries that PDF is made with."""
    from portal.pdf import missing

    if reason := missing():
        yield Problem(
            title=message("No PDF can be made on this machine: {reason}", reason=reason),
            remedy=message(
                "Install Pango (on Debian: apt install libpango-1.0-0 libpangoft2-1.0-0"
                " libharfbuzz-subset0) and start the portal again. Until then pages offer a view"
                " to print."
            ),
            severe=False,
        )


def _plugins(app: Any) -> Iterator[Problem]:
    for failure in app.extensions["kantor"].failures:
        yield Problem(
            title=message(
                "Plugin {slug} was set aside at {stage}: {reason}",
                slug=failure.slug,
                stage=failure.stage,
                reason=failure.reason,
            ),
            remedy=message("Tell its author, or remove it; the others are not affected."),
        )


def _notable(app: Any) -> Iterator[Problem]:
    """Say what the files of plugins do that an administrator should know of."""
    from portal.checking import notable

    loaded = app.extensions["kantor"].loaded
    for slug in loaded:
        for says, file, line in notable.told(notable.of_slug(slug, loaded)):
            yield Problem(
                title=message(
                    "Plugin {slug}: {says} {file}, line {line}",
                    slug=slug,
                    says=says,
                    file=file,
                    line=line,
                ),
                remedy=message("Ask its maker why."),
                severe=False,
            )


def _files(app: Any) -> Iterator[Problem]:
    from portal.engine import database_url

    config = app.extensions["kantor_config"]
    if database_url(config.database_url).startswith("sqlite"):
        mounts = Path("/proc/mounts")
        for line in mounts.read_text().splitlines() if mounts.exists() else ():
            _device, point, kind, *_ = line.split()
            if kind in {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"} and str(
                config.home.resolve()
            ).startswith(point):
                yield Problem(
                    title=message(
                        "The SQLite database lies on a network file system ({kind}).", kind=kind
                    ),
                    remedy=message(
                        "Move it to a local disk, or use PostgreSQL: it will be damaged there."
                    ),
                )


def _database(app: Any) -> Iterator[Problem]:
    from portal import migrate
    from portal.db import db, looking
    from portal.plugins.fitting import misfits

    if migrate.is_empty(db.engine):
        yield Problem(
            title=message("The database is empty."),
            remedy=message("Make a portal with `kantor init`, or a demo with `kantor demo run`."),
        )
        return
    registry = app.extensions["kantor"]
    with looking(reason="doctor") as tx:
        unfit = misfits(tx, registry)
    for difference in migrate.differences(registry, without=unfit):
        yield Problem(
            title=message(
                "The tables are not up to date: {difference}", difference=difference[:300]
            ),
            remedy=message("Make a backup and run `kantor db upgrade`."),
        )
    yield from _queue(app)
    with looking(reason="doctor") as tx:
        yield from _postgresql(tx)
        yield from _stored_plugins(tx, registry, unfit)
        yield from _audit(tx)
        yield from _background(tx)
        yield from _deciding(tx)
        yield from _mail(tx)
        yield from _backup(tx, app.extensions["kantor_config"].backup_days)
        for _slug, problem in registry.collect("checks", tx):
            yield problem


def _queue(app: Any) -> Iterator[Problem]:
    """Ask the queue through which jobs reach the worker."""
    queue = app.extensions["kantor_queue"]
    file = queue.url.removeprefix("sqlite:///")
    if file != queue.url and not Path(file).exists():
        return  # The portal makes it, as the user that it runs as.
    if why := queue.trouble():
        yield Problem(
            title=message("The queue of background work does not answer: {error}", error=why[:200]),
            remedy=message(
                "Start it, or mend jobs_url in kantor.toml; no job is lost, but none runs."
            ),
        )


def _postgresql(tx: Any) -> Iterator[Problem]:
    from sqlalchemy import text

    from portal.db import db
    from portal.guard import kernel_execute

    if db.engine.dialect.name != "postgresql":
        return
    has = text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")
    if not kernel_execute(tx.session, has).scalar():
        yield Problem(
            title=message("PostgreSQL lacks the extension pg_trgm."),
            remedy=message(
                "Run CREATE EXTENSION pg_trgm as its owner; searching is slow without it."
            ),
        )


def _stored_plugins(tx: Any, registry: Any, unfit: Mapping[str, Any]) -> Iterator[Problem]:
    """Compare what the last upgrade made of each plugin with what is loaded now."""
    from portal.plugins.fitting import noted

    failed_now = {failure.slug for failure in registry.failures}
    for slug, row in noted(tx).items():
        if slug in unfit and (row.state != "failed" or unfit[slug].newer):
            yield Problem(
                title=message("Plugin {slug} rests: {why}", slug=slug, why=unfit[slug].says),
                remedy=unfit[slug].remedy,
            )
        elif row.state == "failed":
            yield Problem(
                title=message(
                    "The migration of plugin {slug} failed: {reason}", slug=slug, reason=row.reason
                ),
                remedy=message("Install a version that works and run `kantor db upgrade` again."),
            )
        elif slug not in registry.loaded and slug not in failed_now:
            yield Problem(
                title=message("Plugin {slug} has data here, but its package is gone.", slug=slug),
                remedy=message(
                    "Install it again, or remove its data with `kantor plugin purge {slug}`.",
                    slug=slug,
                ),
                severe=False,
            )


def _audit(tx: Any) -> Iterator[Problem]:
    from portal.audit.services import broken

    for number in broken(tx.session):
        yield Problem(
            title=message("Audit entry {number} does not fit the one before it.", number=number),
            remedy=message("Somebody changed the audit outside the portal: compare with a backup."),
        )


def _background(tx: Any) -> Iterator[Problem]:
    """Look for jobs that nobody does and events that cannot be handed over."""
    from sqlalchemy import func, select

    from portal.guard import kernel_execute
    from portal.jobs.models import Job, Outbox
    from portal.plugins.fitting import of_others

    jobs, events = Job.__table__, Outbox.__table__
    late = tx.now - timedelta(minutes=5)
    waiting = select(func.count()).where(jobs.c.state == "waiting", jobs.c.created_at < late)
    waiting = waiting.where(of_others(tx, jobs.c.name))
    if count := kernel_execute(tx.session, waiting).scalar():
        yield Problem(
            title=message("{count} jobs have waited for more than five minutes.", count=count),
            remedy=message("Start the worker: `kantor worker`."),
        )
    stuck = select(func.count()).where(events.c.attempts >= 5)
    if count := kernel_execute(tx.session, stuck).scalar():
        yield Problem(
            title=message("{count} events could not be delivered.", count=count),
            remedy=message("Look at the page Background work: it names the plugin and the error."),
        )


def _deciding(tx: Any) -> Iterator[Problem]:
    """Say when nobody, or one person alone, decides what nobody else can."""
    from portal.delegation.resolving import organisation

    now = organisation(tx, tx.now)
    last = len(now.fallback & now.active)
    if last < 2:
        yield Problem(
            title=message("Fewer than two people decide what nobody else can."),
            remedy=message(
                'Give two people the right "Decide what nobody else can decide": nobody decides'
                " what they ask for themselves."
            ),
            severe=last == 0,
        )


def _mail(tx: Any) -> Iterator[Problem]:
    """Say when no mail goes out, or some was given up."""
    from portal.mail import services
    from portal.mail.outgoing import mail_ready

    if not mail_ready():
        yield Problem(
            title=message("No mail server is set up; notices are read in the portal alone."),
            remedy=message("Set mail_url and mail_from, then try `kantor mail test ADDRESS`."),
            severe=False,
        )
    if services.any_given_up(tx):
        yield Problem(
            title=message("Some mails could not be sent and were given up."),
            remedy=message("Look at the page Background work, Given up: it says why."),
        )


def _backup(tx: Any, days: int) -> Iterator[Problem]:
    """Say when a real portal was backed up last, and complain when that is too long ago."""
    from portal.backup import keeping
    from portal.settings.services import facts

    if facts(tx)["kind"] != "real" or not days:
        return
    known = keeping.last(tx)
    if late := keeping.days_without(tx, days):
        yield Problem(
            title=message("There has been no backup for {count} days.", count=late),
            remedy=message("Make one every night: `kantor backup FOLDER --keep 14`."),
        )
    if known is not None and known.lost:
        yield Problem(
            title=message(
                "{count} files were lost or damaged when the last backup was made.",
                count=known.lost,
            ),
            remedy=message("`kantor backup --verify` names them: look for them in older archives."),
        )
    if known is not None:
        yield Problem(
            title=message(
                "The last good backup is {archive}, made {moment} UTC.",
                archive=known.archive,
                moment=f"{known.made_at:%Y-%m-%d %H:%M}",
            ),
            remedy=message("`kantor backup --verify` checks it; restore one now and then to try."),
            severe=False,
        )
