"""How a person signs in, and what the portal remembers of it: all of it core's own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly, Versioned


class Account(Versioned, CoreOnly, CoreBase):
    """A user name and a password, one per person; without a password only a link signs in."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="RESTRICT"), unique=True
    )
    username: Mapped[str] = mapped_column(String(100), unique=True)  # casefolded
    password_hash: Mapped[str | None]
    password_at: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    demo: Mapped[bool] = mapped_column(default=False)  # works on a loopback address only
    theme: Mapped[str] = mapped_column(String(8), default="system")
    sidebar: Mapped[str] = mapped_column(String(8), default="open")  # or narrow
    single_keys: Mapped[str] = mapped_column(
        String(8), default="on"
    )  # whether one key alone does things
    created_at: Mapped[datetime]


class AccountSession(CoreOnly, CoreBase):
    """One signed-in device; revoked by one UPDATE."""

    __tablename__ = "account_session"
    __table_args__ = (Index("ix_account_session_account_id", "account_id", "revoked_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(String(12), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    proved_at: Mapped[datetime]  # when the password was last given
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]


class AccountViewing(CoreOnly, CoreBase):
    """Whose eyes a signed-in device looks through, for half an hour at most."""

    __tablename__ = "account_viewing"

    session_id: Mapped[int] = mapped_column(
        ForeignKey("account_session.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    since: Mapped[datetime]
    pages: Mapped[int] = mapped_column(default=0)  # that were looked at


class AccountLink(CoreOnly, CoreBase):
    """A single-use link for the first sign-in or a new password; only its hash is kept."""

    __tablename__ = "account_link"
    __table_args__ = (CheckConstraint("purpose IN ('first_sign_in', 'reset')", name="purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    purpose: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AccountFactor(CoreOnly, CoreBase):
    """The second step of an account: the secret it shares with an app, sealed."""

    __tablename__ = "account_factor"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    seed: Mapped[str]
    step: Mapped[int] = mapped_column(BigInteger)  # the half minute whose code was used last
    short: Mapped[bool] = mapped_column(default=False)  # the password is too short to stand alone
    since: Mapped[datetime]


class AccountRecovery(CoreOnly, CoreBase):
    """A code that stands in for a lost device, once; only its hash is kept."""

    __tablename__ = "account_recovery"
    __table_args__ = (UniqueConstraint("account_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account_factor.account_id", ondelete="CASCADE")
    )
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class Throttle(CoreOnly, CoreBase):
    """How often ``who`` (an address, an account, a person) tried something in this window."""

    __tablename__ = "throttle"
    __table_args__ = (UniqueConstraint("rate_class", "who"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rate_class: Mapped[str] = mapped_column(String(20))
    who: Mapped[str] = mapped_column(String(120))
    window_start: Mapped[datetime] = mapped_column(index=True)
    count: Mapped[int] = mapped_column(default=0)


class Idempotency(CoreOnly, CoreBase):
    """The answer that a form with this key has had; owner 0 is a visitor not signed in."""

    __tablename__ = "idempotency"
    __table_args__ = (
        UniqueConstraint("owner", "key"),
        Index("ix_idempotency_owner", "owner", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[int]
    key: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(index=True)
