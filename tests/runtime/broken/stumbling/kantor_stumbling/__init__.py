"""Loads well and fails whenever it is asked for something."""

from portal.api import message
from portal.plugin import Plugin

from . import hooks

plugin = Plugin(slug="stumbling", title=message("Stumbling"), package=__name__, hooks=hooks)
