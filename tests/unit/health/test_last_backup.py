"""What administrators read about backups on the page of background work."""

import re
from datetime import timedelta

import pytest

from portal.backup import keeping
from portal.db import looking, unscoped
from portal.settings.services import write_facts

MADE = {"archive": "kantor-20261129T013000Z.tar", "seal": "abc", "lost": 0}


@pytest.fixture
def backups(portal_app, world, as_role):
    """Return a function that lets a backup have been made some days ago, and shows the page."""

    def after(days, *, kind="real", verified="", **changes):
        with portal_app.app_context(), unscoped(reason="test data") as tx:
            write_facts(tx, kind=kind)
            at = (tx.now - timedelta(days=days)).isoformat()
            keeping.note_end(tx, "run", MADE | {"made_at": at} | changes)
            if verified:
                keeping.note_verified(tx, archive=MADE["archive"], seal=verified)
        return page(as_role("administrator"))

    return after


def page(client):
    answer = client.get("/jobs")
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_the_last_backup_is_named_with_its_day_and_not_verified_yet(backups):
    said = backups(1)
    assert "Last backup Made" in said
    assert MADE["archive"] in said
    assert "Verified not yet" in said
    assert "There has been no backup" not in said


def test_one_that_was_found_whole_says_when(backups):
    assert "Verified not yet" not in backups(1, verified="abc")


def test_an_older_archive_that_was_verified_says_nothing_of_the_last(backups):
    assert "Verified not yet" in backups(1, verified="another seal")


@pytest.mark.parametrize(("days", "warned"), [(2, False), (3, True)])
def test_after_two_days_it_warns(backups, days, warned):
    assert ("There has been no backup for 3 days" in backups(days)) is warned


def test_a_demo_is_not_warned_about(backups):
    assert "There has been no backup" not in backups(30, kind="demo")


def test_lost_files_are_told(backups):
    assert "2 files were lost or damaged" in backups(0, lost=2)


def test_who_looks_after_nothing_but_their_own_jobs_reads_nothing_of_backups(backups, as_role):
    backups(9)
    answer = as_role("employee").get("/jobs")
    assert "Last backup" not in answer.text


def test_without_any_backup_it_says_so(portal_app, world, as_role):
    assert "Made never" in page(as_role("administrator"))
    with portal_app.app_context(), looking(reason="test") as tx:
        assert keeping.last(tx) is None
