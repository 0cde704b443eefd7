"""What the administrator decides outside the database: one file, overridden by the environment."""

from __future__ import annotations

import os
import secrets
import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

PREFIX = "KANTOR_"
CHECKOUT = Path(__file__).resolve().parent.parent


class ConfigError(Exception):
    """A configuration the portal refuses to start with; says every fault in one line each."""


class Rates(BaseModel):
    """How often something may be tried in a minute."""

    model_config = ConfigDict(extra="forbid")

    sign_in: int = 10  # an address
    failures: int = 5  # wrong passwords for a name, before each further try has to wait
    anonymous: int = 30  # an address
    write: int = 120  # a person
    export: int = 10  # a person
    feed: int = 30  # a calendar that is followed elsewhere, or an address that follows none
    link: int = 120  # codes of labels that a person opens


class Config(BaseModel):
    """The configuration of one portal. Every field is also an environment variable
    ``KANTOR_<FIELD>``.
    """

    model_config = ConfigDict(extra="forbid", validate_default=True)

    home: Path  # where kantor.toml, the secret key, files and a SQLite database lie
    database_url: str = ""  # a SQLite file in `home` when empty
    secret_key: SecretStr = SecretStr("")  # signs cookies and forms; `secret.key` when empty
    old_secret_keys: list[SecretStr] = Field(default_factory=list)  # still accepted, newest first
    base_url: str = "http://127.0.0.1:8000"  # where browsers reach the portal
    trusted_hosts: list[str] = Field(default_factory=list)  # answered to; `base_url` when empty
    proxy_hops: int = Field(default=0, ge=0, le=5)  # web servers in front of the portal
    files_url: str = ""  # where files are kept, for fsspec; a folder in `home` when empty
    jobs_url: str = ""  # where the queue is kept; beside the database when empty
    idle_minutes: int = Field(default=60, ge=1, le=24 * 60)  # without a page, then sign in again
    absolute_hours: int = Field(default=12, ge=1, le=24 * 14)  # at most signed in
    upload_megabytes: int = Field(default=25, ge=1, le=1024)  # the largest file taken
    rates: Rates = Rates()
    mail_url: SecretStr = SecretStr("")  # the mail server; no mail is sent when empty
    mail_from: str = ""  # the address that mail comes from
    backup_days: int = Field(default=2, ge=0)  # without a backup until doctor complains; 0: never
    metrics_token: SecretStr = SecretStr("")  # bearer token for /metrics
    disabled_plugins: list[str] = Field(default_factory=list)  # slugs that are not loaded
    strict_plugins: bool = False  # stop at a broken plugin instead of setting it aside
    log_format: Literal["json", "text"] = "json"  # one JSON object a line, or text for people
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"  # what is logged
    testing: bool = False

    @field_validator("base_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ValueError("must be an origin such as https://portal.example.org")
        return value.rstrip("/")

    @field_validator("jobs_url")
    @classmethod
    def _is_queue(cls, value: str) -> str:
        from .jobs.queue import REDIS

        if value and not value.startswith((*REDIS, "sqlite:///", "postgresql")):
            raise ValueError("must be like redis://host:6379/0, or empty: beside the database")
        return value

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Config:
        from .mail.outgoing import read_address, read_url

        if url := self.mail_url.get_secret_value():
            try:
                read_url(url)
            except ValueError as error:
                raise ValueError(f"mail_url {error}") from None
            try:
                read_address(self.mail_from)
            except ValueError:
                raise ValueError(
                    "mail_from must be an address such as kantor@example.org once mail_url is set"
                ) from None
        return self

    @model_validator(mode="after")
    def _fill(self) -> Config:
        if not self.database_url:
            self.database_url = f"sqlite:///{self.home / 'kantor.db'}"
        if not self.files_url:
            self.files_url = f"file://{self.home.resolve() / 'files'}"
        if not self.trusted_hosts:
            self.trusted_hosts = sorted(
                {str(urlsplit(self.base_url).hostname), "127.0.0.1", "localhost"}
                if self.loopback
                else {str(urlsplit(self.base_url).hostname)}
            )
        key = self.secret_key.get_secret_value()
        if len(key) < 32 or len(set(key)) < 8:
            raise ValueError(
                "secret_key must be 32 random characters or more; `kantor init` makes one"
            )
        return self

    @property
    def loopback(self) -> bool:
        """Whether the portal is reached on this machine only."""
        host = str(urlsplit(self.base_url).hostname)
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def largest_file(self) -> int:
        """The bytes of the largest file taken."""
        return self.upload_megabytes * 1024 * 1024

    @property
    def secure(self) -> bool:
        """Whether browsers reach the portal by HTTPS."""
        return self.base_url.startswith("https://")

    @model_validator(mode="after")
    def _https_outside_loopback(self) -> Config:
        if not self.secure and not self.loopback:
            raise ValueError("base_url must begin with https:// unless it is on a loopback address")
        return self


def default_home() -> Path:
    """Return ``KANTOR_HOME``, in a checkout ``var/demo``, else ``~/.local/share/kantor``."""
    if given := os.environ.get("KANTOR_HOME"):
        return Path(given)
    if (CHECKOUT / "plugins").is_dir() and (CHECKOUT / "Makefile").is_file():
        return CHECKOUT / "var" / "demo"
    return Path.home() / ".local" / "share" / "kantor"


def load(home: Path | None = None, **overrides: Any) -> Config:
    """Return the configuration of ``home``: file, then environment, then ``overrides``; raise
    ConfigError.
    """
    home = home or default_home()
    file, values = home / "kantor.toml", {}
    if file.is_file():
        try:
            values = tomllib.loads(file.read_text())
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{file}: {error}") from error
    values |= _from_environment() | {"home": home} | overrides
    if not values.get("secret_key"):
        values["secret_key"] = _stored_key(home)
    try:
        return Config(**values)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, e['loc'])) or 'configuration'}: {e['msg']}" for e in error.errors()
        ]
        raise ConfigError("\n".join(faults)) from error


def _from_environment() -> dict[str, Any]:
    found: dict[str, Any] = {}
    rates: dict[str, Any] = {}
    for name, field in Config.model_fields.items():
        text = os.environ.get(PREFIX + name.upper())
        if text is not None and name != "home":
            listed = str(field.annotation).startswith("list")
            found[name] = (
                [part.strip() for part in text.split(",") if part.strip()] if listed else text
            )
    for name in Rates.model_fields:
        if (text := os.environ.get(f"{PREFIX}RATE_{name.upper()}")) is not None:
            rates[name] = text
    return found | ({"rates": rates} if rates else {})


def _stored_key(home: Path) -> str:
    """Return the key in ``home/secret.key``; refuse a file that others can read."""
    path = home / "secret.key"
    if not path.is_file():
        return ""
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"{path} can be read by others: chmod 600 it")
    return path.read_text().strip()


def make_key(home: Path) -> None:
    """Write a new random key to ``home/secret.key`` for its owner alone, unless there is one."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "secret.key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
