"""The one thing pyproject.toml cannot say: the packages found in portal/ plus the migrations.

The core migrations lie at the top level, beside the plugins, because they are read far more often
than they are packed; an installed portal carries them as ``portal.migrations``.
"""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["portal", "portal.*"]),
        "portal.migrations",
        "portal.migrations.versions",
    ],
    package_dir={"portal.migrations": "migrations"},
    # Only what is named: guessing by folder takes every folder of templates for a lost package.
    include_package_data=False,
    package_data={
        "": ["py.typed", "*.txt"],
        "portal": ["templates/**", "static/**", "translations/**"],
        "portal.migrations": ["script.py.mako"],
        "portal.checking": ["vendor/**"],
        "portal.scaffold": ["files/**"],
    },
)
