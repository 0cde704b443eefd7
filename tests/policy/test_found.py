"""What is found, offered, completed or told leads to pages that are theirs, and names no other."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from sqlalchemy import insert, select

from portal.contacts.models import Contact
from portal.finding.models import RecentRecord
from portal.guard import kernel_execute
from portal.notices.models import Notice
from portal.subjects.services import subjects
from portal.watchers.models import Watcher
from portal.watchers.services import tell
from tests.policy.canaries import SIGN
from tests.policy.test_canaries import marks_in
from tests.policy.test_elsewhere import leaked, readers

__all__ = ["readers"]  # a fixture
RECORDS = re.compile(r'href="(/[a-z/]+/[2-9a-z]{12})"')
OFFERED = re.compile(r'<div id="palette-list".*', re.DOTALL)
# Letters with which names and numbers of the world begin; the palette shows four of a kind, so it
# is the search that is asked for all of them.
WORDS = (SIGN, "fi", "ag", "wa", "co", "or", "re", "pl", "po", "p", "p-", "t-9", "common", "above")
PAGES = ("/search?q=", "/search/palette?q=", "/search?kind=core.contact&q=")


def closed(stand, role, text, asked):
    """Return which records are led to that the visitor may not open, beside those already asked."""
    found = set(RECORDS.findall(text)) - asked.keys()
    asked |= {path: stand.ask(role, "GET", path).status_code for path in found}
    return [(role, path) for path in found if asked[path] != 200]


def test_what_is_found_can_be_opened_and_is_counted_as_it_is_shown(stand, made_world):
    led, wrong = 0, []
    for role in made_world.actors:
        asked: dict[str, int] = {}
        for page in PAGES:
            for words in (*WORDS, *(f"@{w}" for w in WORDS), *(f"#{w}" for w in WORDS)):
                answer = stand.ask(role, "GET", page + quote(words))
                assert answer.status_code == 200
                shown = answer.text
                part = OFFERED.search(shown) if "palette" in page else None
                wrong += closed(stand, role, part[0] if part else _main(shown), asked)
        led += len(asked)
    assert led > 200
    assert wrong == []


def _main(page):
    """Return what was found on a page, without the frame around it."""
    return page.partition('<div class="found">')[2]


def test_a_count_is_of_what_may_be_seen(stand, made_world):
    counted = 0
    for role in made_world.actors:
        page = _main(stand.ask(role, "GET", f"/search?kind=core.contact&q={SIGN}").text)
        rows = len(set(RECORDS.findall(page)))
        assert not rows or f">{rows}<" in page, (role, rows)
        counted += rows
    assert counted


def test_what_was_opened_once_is_offered_only_as_far_as_it_opens_still(stand, made_world):
    with stand.building() as tx:
        for actor in made_world.actors.values():
            for kind, subject in subjects(tx).items():
                some = select(subject.model.id).order_by(subject.model.id.desc()).limit(4)
                for number in tx.session.scalars(some).all():
                    row = {"person_id": actor["id"], "kind": kind, "record_id": number}
                    opened = insert(RecentRecord.__table__).values(row | {"opened_at": tx.now})
                    kernel_execute(tx.session, opened)
    led, wrong = 0, []
    for role in made_world.actors:
        asked: dict[str, int] = {}
        part = stand.ask(role, "GET", "/search/palette").text
        wrong += closed(stand, role, part, asked)
        led += len(asked)
    assert led > len(made_world.actors)
    assert wrong == []


def test_watchers_are_told_of_what_they_may_see_and_nobody_else(stand, made_world, readers):
    """Everybody watches all private firms; what happens to one is told to who may see it."""
    said = dict.fromkeys(made_world.actors, "")
    with stand.building() as tx:
        tell(tx)  # What was before is no news.
        private = [v for k, v in made_world.common.items() if k.startswith("private_contact_")]
        firms = tx.session.scalars(select(Contact).where(Contact.public_id.in_(private))).all()
        for firm in firms:
            for actor in made_world.actors.values():
                row = {"kind": "core.contact", "record_id": firm.id, "person_id": actor["id"]}
                row |= {"active": True, "since": tx.now}
                kernel_execute(tx.session, insert(Watcher.__table__).values(row))
            tx.audit("core.comment_written", firm)
    with stand.building() as tx:
        for _ in range(5):
            tell(tx)
        roles = {actor["id"]: role for role, actor in made_world.actors.items()}
        for row in tx.session.scalars(select(Notice).where(Notice.kind == "core.record_commented")):
            if row.owner_id in roles:
                said[roles[row.owner_id]] += f"{row.text}\n"
    heard = {role for role, text in said.items() if marks_in(text) & readers.keys()}
    assert heard
    assert heard < made_world.actors.keys()
    assert leaked(readers, said) == []


@pytest.mark.parametrize("path", ["/records/mentions?q=", "/people/pick?q="])
def test_names_are_completed_with_people_and_with_nothing_else(stand, made_world, readers, path):
    said = {role: stand.ask(role, "GET", path + SIGN).text for role in made_world.actors}
    assert leaked(readers, said) == []
