"""The pages of core: one blueprint per package, registered in this order."""

from __future__ import annotations

from .absences.views import blueprint as absences
from .activity.views import blueprint as activity
from .approvals.views import blueprint as approvals
from .attachments.views import blueprint as attachments
from .audit.views import blueprint as audit
from .auth.views import account, sign
from .comments.views import blueprint as comments
from .contacts.views import blueprint as contacts
from .dates.views import blueprint as dates
from .delegation.views import blueprint as delegation
from .files.views import blueprint as files
from .finding.views import blueprint as finding
from .health.views import blueprint as health
from .home.views import blueprint as home
from .jobs.views import blueprint as jobs
from .kit.views import blueprint as kit
from .links.views import blueprint as links
from .lists.mail_views import blueprint as lists
from .mywork.views import blueprint as mywork
from .notices.views import blueprint as notices
from .people.views import blueprint as people
from .places.views import blueprint as places
from .plugins.views import blueprint as plugins
from .related.views import blueprint as related
from .removed.views import blueprint as removed
from .roles.views import blueprint as roles
from .scanning.views import blueprint as scanning
from .settings.views import blueprint as settings
from .undo.views import blueprint as undo
from .watchers.views import blueprint as watchers
from .worktime.views import blueprint as worktime

CORE = (
    home,
    finding,
    sign,
    account,
    health,
    files,
    links,
    people,
    absences,
    delegation,
    mywork,
    dates,
    approvals,
    roles,
    places,
    contacts,
    worktime,
    plugins,
    settings,
    audit,
    jobs,
    lists,
    notices,
    scanning,
    undo,
    removed,
    kit,
    activity,
    comments,
    attachments,
    watchers,
    related,
)
