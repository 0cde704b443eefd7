"""What the pages about roles share."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("roles", __name__, url_prefix="/roles")
FRESH = 600  # seconds since the password was given, to open a page that gives rights
SENT = 3600  # and to send it: nobody shall lose what they typed
