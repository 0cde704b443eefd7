"""Contacts that people talk about, for the tests of comments, files, watchers and links."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from sqlalchemy import select

from portal.contacts.models import Contact
from portal.guard import kernel_execute
from portal.testing import working_as


def contact(app: Any, name: str, department_id: int | None = None) -> str:
    """Add a contact, private to a department if one is given; return its public id."""
    with working_as(app) as tx:
        row = Contact(name=name, kind="organisation", department_id=department_id)
        tx.session.add(row)
        tx.session.flush()
        return str(row.public_id)


def say(browser: Any, public_id: str, text: str, **more: Any) -> Any:
    """Send a comment on a contact, with ``files`` as name -> content."""
    files = [(BytesIO(body), name) for name, body in more.pop("files", {}).items()]
    data: Mapping[str, Any] = {"text": text, **more, **({"files": files} if files else {})}
    return browser.post(
        f"/records/core.contact/{public_id}/comments",
        data=data,
        content_type="multipart/form-data",
    )


def rows(app: Any, model: Any) -> list[Any]:
    """Return every row of a table, oldest first."""
    table = model.__table__
    with working_as(app) as tx:
        return list(kernel_execute(tx.session, select(table).order_by(table.c.id)).all())
