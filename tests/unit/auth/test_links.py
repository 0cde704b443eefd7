"""Links for a first sign-in or a forgotten password: once, for a time, for one account."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.audit.models import AuditEntry
from portal.auth import services
from portal.auth.models import Account, AccountLink
from portal.db import unscoped
from portal.errors import Conflict
from portal.people.models import Person
from tests.unit.auth.signing import (
    OTHER,
    PASSWORD,
    account_row,
    add_account,
    change,
    copy_of,
    is_in,
    live_sessions,
    rows,
    send,
    signed_in,
)

links = AccountLink.__table__


def make(app, account, purpose=None):
    with app.app_context(), unscoped(reason="test") as tx:
        return services.make_link(tx, account, purpose)


def choose(client, token, password=OTHER, repeat=None):
    form = {"password": password, "repeat": password if repeat is None else repeat}
    return client.post(f"/sign-in/link/{token}", data=form)


def test_a_first_link_lets_its_owner_choose_a_password_and_come_in(portal_app):
    account = add_account(portal_app, password=None)
    client, token = portal_app.test_client(), make(portal_app, account)
    page = client.get(f"/sign-in/link/{token}")
    assert page.status_code == 200
    assert "Welcome, Sari" in page.text
    assert 'value="sari"' in page.text
    answer = choose(client, token)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "Your password is set" in client.get("/").text
    assert is_in(client)
    assert send(portal_app.test_client(), password=OTHER).status_code == 303


def test_looking_at_a_link_does_not_use_it_up(portal_app):
    token = make(portal_app, add_account(portal_app, password=None))
    for _ in range(3):
        assert portal_app.test_client().get(f"/sign-in/link/{token}").status_code == 200
        assert portal_app.test_client().head(f"/sign-in/link/{token}").status_code == 200
    assert choose(portal_app.test_client(), token).status_code == 303


def test_a_link_works_once(portal_app):
    token = make(portal_app, add_account(portal_app, password=None))
    assert choose(portal_app.test_client(), token).status_code == 303
    second = portal_app.test_client()
    assert second.get(f"/sign-in/link/{token}").status_code == 404
    answer = choose(second, token, PASSWORD)
    assert answer.status_code == 404
    assert "This link can no longer be used" in answer.text
    assert not is_in(second)
    assert send(portal_app.test_client(), password=OTHER).status_code == 303


def test_of_twelve_who_use_a_link_at_once_one_comes_in(portal_app):
    account = add_account(portal_app, password=None)
    token = make(portal_app, account)
    passwords = [f"{OTHER} nomor {number}" for number in range(12)]
    browsers = [portal_app.test_client() for _ in passwords]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(choose, browsers, [token] * 12, passwords))
    assert sorted(answer.status_code for answer in answers) == [303] + [404] * 11
    (winner,) = [n for n, answer in enumerate(answers) if answer.status_code == 303]
    assert [is_in(browser) for browser in browsers] == [n == winner for n in range(12)]
    assert send(portal_app.test_client(), password=passwords[winner]).status_code == 303
    table = AuditEntry.__table__
    assert len(rows(portal_app, table, table.c.action == "core.account_password_set")) == 1


@pytest.mark.parametrize(
    ("password", "lasts"), [(None, timedelta(hours=24)), (PASSWORD, timedelta(minutes=15))]
)
def test_a_first_link_lasts_a_day_and_a_reset_a_quarter_of_an_hour(portal_app, password, lasts):
    token = make(portal_app, add_account(portal_app, password=password))
    (row,) = rows(portal_app, links)
    assert row.expires_at - row.created_at == lasts
    almost = update(links).values(expires_at=row.expires_at - lasts + timedelta(seconds=30))
    change(portal_app, almost)
    assert portal_app.test_client().get(f"/sign-in/link/{token}").status_code == 200
    change(portal_app, update(links).values(expires_at=row.expires_at - lasts))
    assert portal_app.test_client().get(f"/sign-in/link/{token}").status_code == 404
    assert choose(portal_app.test_client(), token).status_code == 404


def test_a_new_link_ends_the_one_before(portal_app):
    account = add_account(portal_app, password=None)
    old, new = make(portal_app, account), make(portal_app, account)
    assert choose(portal_app.test_client(), old).status_code == 404
    assert choose(portal_app.test_client(), new).status_code == 303


def test_a_link_ends_when_the_password_is_changed_another_way(portal_app):
    account = add_account(portal_app)
    token = make(portal_app, account)
    client = signed_in(portal_app)
    form = {"current": PASSWORD, "password": OTHER, "repeat": OTHER}
    assert client.post("/account/password", data=form).status_code == 303
    assert choose(portal_app.test_client(), token).status_code == 404


def test_a_link_ends_when_the_account_is_closed(portal_app):
    account = add_account(portal_app)
    token = make(portal_app, account)
    change(portal_app, update(Account.__table__).values(active=False))
    assert portal_app.test_client().get(f"/sign-in/link/{token}").status_code == 404
    change(portal_app, update(Account.__table__).values(active=True))
    with portal_app.app_context(), unscoped(reason="test") as tx:
        services.disable(tx, account)
    assert portal_app.test_client().get(f"/sign-in/link/{token}").status_code == 404
    with portal_app.app_context(), unscoped(reason="test") as tx:
        services.enable(tx, account)
    assert choose(portal_app.test_client(), token).status_code == 404, "and stays so"


def test_no_link_is_made_for_a_closed_account(portal_app):
    account = add_account(portal_app)
    change(portal_app, update(Account.__table__).values(active=False))
    with portal_app.app_context(), unscoped(reason="test") as tx:
        closed = services.account_of(tx, account.person_id)
        with pytest.raises(Conflict):
            services.make_link(tx, closed)


def test_a_link_for_somebody_who_starts_next_month_does_not_work_yet(portal_app):
    account = add_account(portal_app, password=None)
    token = make(portal_app, account)
    people = Person.__table__
    (person,) = rows(portal_app, people, people.c.id == account.person_id)
    starts = update(people).where(people.c.id == person.id)
    change(portal_app, starts.values(active_from=person.active_from.replace(year=2999)))
    assert choose(portal_app.test_client(), token).status_code == 404


def test_an_invented_link_leads_nowhere(portal_app):
    for token in ("x", "A" * 43, "a.b", "%00", "<script>", "é" * 20):
        answer = portal_app.test_client().get(f"/sign-in/link/{token}")
        assert answer.status_code in (400, 404)
        assert "<script>" not in answer.text


def test_a_link_is_kept_as_a_hash(portal_app):
    token = make(portal_app, add_account(portal_app))
    (row,) = rows(portal_app, links)
    assert token not in map(str, row)
    assert len(token) >= 43


def test_the_link_signs_out_whoever_used_the_browser_before(portal_app):
    first = add_account(portal_app)
    second = add_account(portal_app, "dewi", password=None)
    client = signed_in(portal_app)
    assert choose(client, make(portal_app, second)).status_code == 303
    assert not live_sessions(portal_app, first)
    assert "Dewi" in client.get("/account").text


def test_a_password_that_cannot_be_taken_is_said_beside_its_field(portal_app):
    account = add_account(portal_app, password=None)
    token = make(portal_app, account)
    for password, repeat, said in (
        ("short", "short", "Use 15 characters or more"),
        ("passwordpassword", "passwordpassword", "easy to guess"),
        ("kantor sari sari", "kantor sari sari", "easy to guess"),
        (OTHER, OTHER + "!", "The two passwords differ"),
        ("", "", "Fill this in"),
        ("a" * 300, "a" * 300, "at most 256"),
    ):
        answer = choose(portal_app.test_client(), token, password, repeat)
        assert answer.status_code == 422
        assert said in answer.text
    assert account_row(portal_app, account).password_hash is None
    assert choose(portal_app.test_client(), token).status_code == 303, "the link is not used up"


def test_everything_wrong_with_a_new_password_is_said_at_once(portal_app):
    token = make(portal_app, add_account(portal_app, password=None))
    page = choose(portal_app.test_client(), token, "short", "other").text
    assert "Use 15 characters or more" in page
    assert "The two passwords differ" in page


def test_the_page_speaks_the_language_of_the_person_it_is_for(portal_app):
    account = add_account(portal_app, password=None)
    change(portal_app, update(Person.__table__).values(language="id"))
    token = make(portal_app, account)
    client = portal_app.test_client()
    assert '<html lang="id"' in client.get(f"/sign-in/link/{token}").text
    client.post("/sign-in/preferences", data={"language": "en"})
    assert '<html lang="en"' in client.get(f"/sign-in/link/{token}").text


def test_a_form_sent_twice_by_a_nervous_finger_leads_home_both_times(portal_app):
    token = make(portal_app, add_account(portal_app, password=None))
    client = portal_app.test_client()
    page = client.get(f"/sign-in/link/{token}").text
    names = ("csrf_token", "_key")
    fields = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in names}
    form = fields | {"password": OTHER, "repeat": OTHER}
    twin = copy_of(client, portal_app)
    answers = [one.post(f"/sign-in/link/{token}", data=form, raw=True) for one in (client, twin)]
    assert [answer.headers["Location"] for answer in answers] == ["/", "/"]
    assert is_in(client)


def test_who_forgot_the_password_is_told_whom_to_ask(portal_app):
    page = portal_app.test_client().get("/sign-in/forgotten")
    assert page.status_code == 200
    assert "Ask an administrator" in page.text
    assert "<input" not in page.text.split("<main")[1], "no form that would send nothing"
