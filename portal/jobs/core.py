"""The jobs that are the portal's own, by name."""

from __future__ import annotations

from collections.abc import Mapping

from portal.imports.running import JOB as IMPORT
from portal.imports.running import run_import

from .running import Run

JOBS: Mapping[str, Run] = {IMPORT: run_import}
