"""The pages of core: one blueprint per package, registered in this order."""

from __future__ import annotations

from .files.views import blueprint as files
from .home.views import blueprint as home

CORE = (home, files)
