"""A small plugin for tests of administration: a permission, a job and settings, no pages of its
own.
"""

from __future__ import annotations

from wtforms import Form

from portal.messages import message
from portal.plugin import Job, Permission, Plugin, RoleGrant
from portal.ui.forms import TextField, WholeField, longest, required


class BellSettings(Form):
    tune = TextField(message("Tune"), [required(), longest(40)], default="Westminster")
    loudness = WholeField(message("Loudness"), [required()], maximum=10, default=5)


def ring(tx, progress):
    """Do nothing, loudly."""


bells = Plugin(
    slug="bells",
    title=message("Bells"),
    package=__name__,
    permissions=(
        Permission(name="bells.bell.view", title=message("Hear the bells")),
        Permission(name="bells.bell.ring", title=message("Ring the bells"), writes=True),
    ),
    roles=(RoleGrant(role="assistant", permission="bells.bell.ring", reach="department"),),
    jobs=(Job(name="bells.ring", run=ring),),
    settings=BellSettings,
    icon="bell",
    hue="amber",
)
