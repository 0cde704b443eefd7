"""Structured logs on standard error: JSON lines for machines, plain lines for people."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from .config import Config


def configure(config: Config) -> None:
    """Send every log record of the process through one formatter."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if config.log_format == "json":
        # Without local variables: tokens and secrets live in them.
        plain = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        last: list[Any] = [
            structlog.processors.ExceptionRenderer(plain),
            structlog.processors.JSONRenderer(),
        ]
    else:
        last = [
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[remove, *last]
    )
    root = logging.getLogger("kantor")
    for handler in [h for h in root.handlers if getattr(h, "kantor", False)]:
        root.removeHandler(handler)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.kantor = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(config.log_level)
    root.propagate = config.testing
