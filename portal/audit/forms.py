"""Filters of the audit."""

from __future__ import annotations

from portal.messages import message
from portal.ui.forms import DateField, Form, TextField, longest, optional


class AuditFilter(Form):
    """Narrow the audit by act, by who acted and by day."""

    action = TextField(message("Act begins with"), [optional(), longest(80)])
    actor = TextField(message("Who"), [optional(), longest(200)])
    since = DateField(message("From"), [optional()])
    until = DateField(message("Until"), [optional()])
