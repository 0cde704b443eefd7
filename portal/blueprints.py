"""The pages of core: one blueprint per package, registered in this order."""

from __future__ import annotations

from .home.views import blueprint as home

CORE = (home,)
