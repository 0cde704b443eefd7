"""Small plugins made in a test, without a package on disk."""

from __future__ import annotations

import sys
import types

from flask import Blueprint

from portal.api import message
from portal.gate import policy
from portal.plugin import Permission, Plugin, hookimpl, hookspec
from portal.testing import make_app


def module_of(name, **functions):
    """Return a module with these functions as implementations of hooks."""
    module = types.ModuleType(name)
    for hook, function in functions.items():
        function.__name__ = function.__qualname__ = hook
        marked = hookimpl(optionalhook=True)(function) if "_" in hook else hookimpl(function)
        setattr(module, hook, marked)
    return module


def questions(name, **functions):
    """Return a module with these functions as hooks that a plugin offers to others."""
    module = types.ModuleType(name)
    for hook, function in functions.items():
        function.__name__ = function.__qualname__ = hook
        setattr(module, hook, hookspec(function))
    return module


def plugin(slug, *, hooks=None, views=None, **given):
    """Return a plugin; ``views`` are functions, each a page under its own name for every holder."""
    blueprint = None
    if views:
        blueprint = Blueprint(slug, __name__)
        for name, view in views.items():
            guarded = policy(f"{slug}.thing.view")(view)
            blueprint.add_url_rule(f"/{name}", name, guarded, methods=["GET", "POST"])
    package = given.pop("package", f"made_{slug}")
    sys.modules.setdefault(package, types.ModuleType(package))
    return Plugin(
        slug=slug,
        title=given.pop("title", message(slug.title())),
        package=package,
        blueprint=blueprint,
        permissions=(Permission(name=f"{slug}.thing.view", title=message("See things")),),
        hooks=module_of(f"hooks_{slug}", **hooks) if hooks else None,
        **given,
    )


def portal(home, *plugins, **settings):
    """Return a portal with these plugins, on a database of its own without tables."""
    return make_app(f"sqlite:///{home}/made.db", home, list(plugins), **settings)


def told(app):
    """Return what went wrong, as slug -> (stage, reason)."""
    return {f.slug: (f.stage, f.reason) for f in app.extensions["kantor"].failures}
