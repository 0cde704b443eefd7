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
    package_data={
        "portal": ["py.typed", "templates/**", "static/**", "translations/**"],
        "portal.migrations": ["script.py.mako"],
    },
)
