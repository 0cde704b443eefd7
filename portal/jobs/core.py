"""The jobs that are the portal's own, by name."""

from __future__ import annotations

from collections.abc import Mapping

from portal.imports.running import JOB as IMPORT
from portal.imports.running import run_import
from portal.imports.undoing import JOB as UNDO
from portal.imports.undoing import run_undo

from .running import Run

JOBS: Mapping[str, Run] = {IMPORT: run_import, UNDO: run_undo}
