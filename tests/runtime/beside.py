"""Run by ``test_broken.py`` beside other suites: the broken plugins are really there."""

from __future__ import annotations

from .installing import BROKEN


def test_the_portal_of_this_process_has_the_broken_plugins_beside_it(portal_app):
    registry = portal_app.extensions["kantor"]
    met = {failure.slug.removeprefix("kantor-") for failure in registry.failures}
    there = {folder.name for folder in BROKEN.iterdir() if folder.is_dir()}
    assert met | {"stumbling"} == there  # That one fails only when it is asked for something.
    assert {"inventory", "keys", "stumbling"} <= set(registry.loaded)
