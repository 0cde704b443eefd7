"""How a file is named to the browser that gets it."""

from __future__ import annotations

from urllib.parse import quote

from werkzeug.http import dump_options_header


def disposition(name: str, kind: str = "attachment") -> str:
    """Name a file twice: in plain letters for old programs, in full for all others."""
    plain = name.encode("ascii", "replace").decode().replace('"', "'").replace("?", "_")
    return dump_options_header(kind, {"filename": plain, "filename*": _encoded(name)})


def _encoded(name: str) -> str:
    return f"UTF-8''{quote(name, safe='')}"
