"""What the acts of the portal itself are called, and on what they were done."""

from __future__ import annotations

from collections import ChainMap

from portal.messages import NAMES, Message, message

_ACTIONS: dict[str, Message] = {
    "core.account_created": message("Gave an account"),
    "core.account_disabled": message("Closed an account"),
    "core.account_enabled": message("Opened an account again"),
    "core.account_link_made": message("Made a link to choose a password"),
    "core.account_password_set": message("Set a password"),
    "core.account_signed_in": message("Signed in"),
    "core.account_signed_out": message("Signed out"),
    "core.account_signed_out_everywhere": message("Signed out on every device"),
    "core.assignment_approved": message("Approved a role"),
    "core.assignment_ended": message("Ended somebody's role"),
    "core.assignment_refused": message("Closed a request for a role"),
    "core.backup_made": message("Made a backup"),
    "core.backup_verified": message("Verified a backup"),
    "core.contact_added": message("Added a contact"),
    "core.contact_changed": message("Changed a contact"),
    "core.department_added": message("Made a department"),
    "core.department_changed": message("Changed a department"),
    "core.department_closed": message("Closed a department"),
    "core.department_reopened": message("Reopened a department"),
    "core.job_retried": message("Tried background work again"),
    "core.link_retired": message("Took the code of a label out of use"),
    "core.import_undone": message("Undid an import"),
    "core.list_imported": message("Imported a list"),
    "core.membership_added": message("Put somebody into a department"),
    "core.membership_ended": message("Ended somebody's time in a department"),
    "core.person_added": message("Added a person"),
    "core.person_changed": message("Changed a person"),
    "core.person_ended": message("Noted somebody's last day"),
    "core.place_added": message("Added a place"),
    "core.place_changed": message("Changed a place"),
    "core.plugin_purged": message("Removed all data of a plugin"),
    "core.plugin_switched_off": message("Switched a plugin off"),
    "core.plugin_switched_on": message("Switched a plugin on"),
    "core.portal_changed": message("Changed what holds for the organisation"),
    "core.portal_founded": message("Founded the portal"),
    "core.role_added": message("Made a role"),
    "core.role_assigned": message("Gave a role"),
    "core.role_changed": message("Changed a role"),
    "core.role_deleted": message("Deleted a role"),
    "core.role_requested": message("Asked for a role"),
    "core.setting_changed": message("Changed settings of an app"),
    "core.setting_reset": message("Dropped a department's own settings"),
    "core.view_changed": message("Changed a shared view"),
    "core.view_deleted": message("Deleted a shared view"),
    "core.view_shared": message("Shared a view"),
}
_KINDS: dict[str, Message] = {
    "core.account": message("Account"),
    "core.contact": message("Contact"),
    "core.department": message("Department"),
    "core.job": message("Job"),
    "core.person": message("Person"),
    "core.place": message("Place"),
    "core.role": message("Role"),
    "core.setting": message("Settings"),
}
# With what the plugins that are loaded say of theirs.
ACTIONS = ChainMap(_ACTIONS, NAMES)
KINDS = ChainMap(_KINDS, NAMES)
