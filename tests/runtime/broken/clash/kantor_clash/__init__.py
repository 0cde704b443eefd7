"""Brings templates that would stand in for those of others."""

from flask import Blueprint

from portal.api import message
from portal.plugin import Plugin

plugin = Plugin(
    slug="clash",
    title=message("Clash"),
    package=__name__,
    blueprint=Blueprint("clash", __name__, template_folder="templates"),
)
