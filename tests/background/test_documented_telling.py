"""What the page for plugin authors shows of mail and notices, run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select

import portal.api
import portal.plugin
from portal.notices.models import Notice
from portal.testing import run_jobs, sign_in, working_as
from tests.unit.granting import person

PAGE = Path(__file__).parents[2] / "docs" / "plugin-authors" / "background.md"
TEXT = PAGE.read_text(encoding="utf-8")


def code_under(heading):
    (part,) = re.findall(rf"## {heading}\n(.*?)(?:\n## |\Z)", TEXT, re.DOTALL)
    return re.findall(r"```python\n(.*?)```", part, re.DOTALL)[0]


def run(code, **known):
    names = {
        name: getattr(module, name)
        for module in (portal.api, portal.plugin)
        for name in module.__all__
    }
    made = names | known
    exec(compile(code, PAGE.name, "exec"), made)
    return made


def test_the_mail_of_the_page_arrives_with_what_is_attached(portal_app, world, portal_mail):
    with working_as(portal_app) as tx:
        run(code_under("Mail"), tx=tx, content=b"%PDF-1.7")
    run_jobs(portal_app)
    (taken,) = portal_mail.taken
    assert taken.recipients == ["toko@jaya.example"]
    assert taken.message["Subject"] == "Order PO-2026-0007"
    assert [part.get_content() for part in taken.message.iter_attachments()] == [b"%PDF-1.7"]


@pytest.fixture
def declared(portal_app, monkeypatch):
    """Let the kind of the page be known, as the plugin of the page would make it."""
    code = code_under("Notices").split("notify(")[0]
    made = run(
        code.replace("    ...,\n", '    slug="keys", title="Keys", package="kantor_keys",\n')
    )
    kinds = {kind.name: kind for kind in made["plugin"].notices}
    monkeypatch.setattr(portal_app.extensions["kantor"], "notices", lambda: kinds)
    return kinds


def test_the_notice_of_the_page_is_told(portal_app, world, declared):
    who = world.people["employee"]
    sign_in(portal_app, who)
    code = "notify(" + code_under("Notices").split("notify(")[1]
    with working_as(portal_app) as tx:
        key = SimpleNamespace(code="A-7", public_id="abc")
        run(code, tx=tx, person=person(tx, who), key=key)
    with working_as(portal_app) as tx:
        (told,) = tx.session.scalars(select(Notice).where(Notice.owner_id == who))
        assert str(told.text) == "You have the key A-7"
