"""Made for a portal that does not exist yet."""

from portal.api import message
from portal.plugin import Plugin

plugin = Plugin(slug="future", title=message("Future"), package=__name__, api=(2, 0))
