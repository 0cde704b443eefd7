"""What the pages about roles share."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("roles", __name__, url_prefix="/roles")
FRESH = 600  # seconds since the password was given, for what gives rights
