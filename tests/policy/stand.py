"""A portal with a world in it that comes back after every write, and browsers that cost nothing."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import create_engine, event, inspect, text, update

from portal import migrate
from portal.auth.models import Account, AccountSession
from portal.db import db, unscoped
from portal.gate import FORM_KEY
from portal.guard import kernel_execute
from portal.orm import metadata
from portal.testing import KEY, make_app
from portal.testing_databases import Database

WRITES = re.compile(
    r'^\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE
)
PASSWORD = "four red bicycles in the rain"


class Stand(ExitStack):
    """One portal on one kind of database; ``keep()`` remembers the world, ``restore()`` returns."""

    def __init__(self, kind: str, folder: Path, plugins: list[Any]) -> None:
        super().__init__()
        self.kind = kind
        self.database = self.enter_context(Database.made(kind, folder))
        self.app: Flask = make_app(self.database.url, folder, plugins)
        self.touched: set[str] = set()
        self.cookies: dict[str | None, tuple[str, str]] = {}
        with self.app.app_context():
            migrate.upgrade(self.app.extensions["kantor"])
            self.engine = db.engine
        self.callback(self.engine.dispose)
        failures = self.app.extensions["kantor"].failures
        assert not failures, [(f.slug, f.stage, f.reason) for f in failures]
        event.listen(self.engine, "before_cursor_execute", self._note)
        self._children = self._followers()

    def _note(self, connection: Any, cursor: Any, sql: str, *rest: Any) -> None:
        if found := WRITES.match(sql):
            self.touched.add(found[1])
            if sql.lstrip().upper().startswith("DELETE"):
                self.touched |= self._children.get(found[1], set())

    def _followers(self) -> dict[str, set[str]]:
        """Return table -> the tables whose rows change by themselves when its rows are deleted."""
        found: dict[str, set[str]] = {}
        for table in metadata.tables.values():
            for key in table.foreign_keys:
                if key.ondelete in ("CASCADE", "SET NULL"):
                    found.setdefault(key.column.table.name, set()).add(table.name)
        return found

    @contextmanager
    def building(self) -> Iterator[Any]:
        """Yield a unit that may write everything, for making the world."""
        with self.app.app_context(), unscoped(reason="test data") as tx:
            yield tx

    def keep(self) -> None:
        """Remember the present rows as those to come back to."""
        self.engine.dispose()
        if self.database.file is not None:
            shutil.copyfile(self.database.file, self._kept_file())
        else:
            self._admin = create_engine(self.database.url)
            self.callback(self._admin.dispose)
            with self._admin.begin() as connection:
                connection.execute(text("CREATE SCHEMA kept"))
                for table in inspect(connection).get_table_names():
                    connection.execute(text(f'CREATE TABLE kept."{table}" AS TABLE "{table}"'))
        self.touched.clear()

    def _kept_file(self) -> Path:
        assert self.database.file is not None
        return self.database.file.with_suffix(".kept")

    def restore(self) -> None:
        """Put back what was written since; nothing was written: nothing is done."""
        if not self.touched:
            return
        touched, self.touched = self.touched, set()
        if self.database.file is not None:
            self.engine.dispose()
            for suffix in ("-wal", "-shm"):
                Path(f"{self.database.file}{suffix}").unlink(missing_ok=True)
            shutil.copyfile(self._kept_file(), self.database.file)
        else:
            with self._admin.begin() as connection:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                for table in sorted(touched):
                    connection.execute(text(f'DELETE FROM "{table}"'))
                    connection.execute(text(f'INSERT INTO "{table}" SELECT * FROM kept."{table}"'))
        if "person" in touched:  # Epochs went back: what was compiled under the later ones is void.
            self.app.extensions["kantor_visitors"]._principals.clear()
        if touched & {"portal_info", "setting"}:
            self.app.extensions["kantor_facts"].forget()

    def sign_in(self, name: str, person_id: int, password_hash: str) -> None:
        """Give somebody an account and a cookie that stays good; asked for by ``name`` later."""
        accounts, sessions = Account.__table__, AccountSession.__table__
        with self.building() as tx:
            row = {
                "person_id": person_id,
                "username": f"user-{name.replace('_', '-')}",
                "password_hash": password_hash,
                "version": 1,
                "created_at": tx.now,
                "active": True,
            }
            made = accounts.insert().values(row).returning(accounts.c.id)
            account_id = kernel_execute(tx.session, made).scalar_one()
        with self.app.app_context():
            visitors = self.app.extensions["kantor_visitors"]
            token = visitors.sign_in(account_id, device="policy", address="127.0.0.1")
        with self.building() as tx:
            later = tx.now + timedelta(hours=6)  # The whole matrix runs on one proof.
            lasting = {"proved_at": later, "seen_at": later, "expires_at": later}
            kernel_execute(
                tx.session,
                update(sessions).where(sessions.c.account_id == account_id).values(lasting),
            )
        self.cookies[name] = self._cookie({"_user_id": token, "_fresh": True})

    def _cookie(self, content: dict[str, Any]) -> tuple[str, str]:
        """Return a Cookie header and the CSRF token that belongs to it."""
        secret = secrets.token_hex(20)
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        value = serializer.dumps(content | {"csrf_token": secret})
        token = str(URLSafeTimedSerializer(KEY, salt="wtf-csrf-token").dumps(secret))
        return f"{self.app.config['SESSION_COOKIE_NAME']}={value}", token

    def ask(
        self,
        visitor: str | None,
        method: str,
        path: str,
        *,
        form: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the answer to one request of a visitor (None: nobody is signed in)."""
        if visitor not in self.cookies:
            assert visitor is None, visitor
            self.cookies[None] = self._cookie({})
        cookie, token = self.cookies[visitor]
        data = None
        if method not in ("GET", "HEAD", "OPTIONS"):
            key: Any = secrets.token_urlsafe(12)
            if visitor is None:
                key = URLSafeTimedSerializer(KEY, salt="kantor-form-key").dumps(key)
            data = {"csrf_token": token, FORM_KEY: key, **(form or {})}
        client = self.app.test_client(use_cookies=False)
        return client.open(
            path, method=method, data=data, headers={"Cookie": cookie, **(headers or {})}
        )


def outcome(answer: Any) -> str:
    """Return what an answer amounts to: in, sign-in, or its status."""
    target = answer.headers.get("Location", "")
    if answer.status_code in (302, 303) and "/sign-in" in target and "next=" in target:
        return "sign-in"
    return "in" if answer.status_code in (200, 303) else str(answer.status_code)
