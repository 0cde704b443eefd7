"""What of the configuration belongs into a backup: the decisions, no secret and no address."""

from __future__ import annotations

import json
from typing import Any

from pydantic import SecretStr

from portal.config import Config

# Of one machine: where things lie there, and how they are reached with a password.
OF_THE_MACHINE = {"home", "database_url", "files_url", "jobs_url", "testing"}


def as_toml(config: Config) -> bytes:
    """Return the values that differ from those a new portal has, as ``kantor.toml``."""
    lines, tables = [], []
    plain = Config(home=config.home, secret_key=config.secret_key, base_url=config.base_url)
    for name, about in Config.model_fields.items():
        value = getattr(config, name)
        if name in OF_THE_MACHINE or "Secret" in str(about.annotation):
            continue
        if name == "base_url" or value != getattr(plain, name):
            if hasattr(value, "model_dump"):
                tables += [f"[{name}]", *_lines(value.model_dump())]
            else:
                lines += _lines({name: value})
    return "".join(f"{line}\n" for line in [*lines, *tables]).encode()


def _lines(values: dict[str, Any]) -> list[str]:
    """Return one line for each value; numbers, truths, texts and lists of them read as in JSON."""
    assert not any(isinstance(value, SecretStr) for value in values.values())
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
