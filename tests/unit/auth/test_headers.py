"""The headers and cookies of every answer."""

import re

import pytest

from portal.auth.models import AccountSession
from portal.db import db
from portal.testing import make_app
from tests.unit.auth.signing import PASSWORD, add_account, rows, send, signed_in

PAGES = ["/", "/account", "/account/password", "/sign-in/again"]
GUEST = ["/sign-in", "/sign-in/forgotten", "/sign-in/link/x", "/nowhere"]


@pytest.fixture
def secure(portal_template, portal_app, tmp_path):
    """Return the same portal as browsers reach it by HTTPS."""
    _, database = portal_template
    app = make_app(database.url, tmp_path, [], base_url="https://portal.example.org")
    yield app
    with app.app_context():
        db.engine.dispose()


def answers(app):
    add_account(app)
    inside, outside = signed_in(app), app.test_client()
    return [inside.get(path) for path in PAGES] + [outside.get(path) for path in GUEST]


def test_only_scripts_with_todays_nonce_run(portal_app):
    nonces = set()
    for answer in answers(portal_app):
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'nonce-")
        for part in ("base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
            assert part in policy
        assert "unsafe" not in policy
        nonce = re.search(r"'nonce-([^']+)'", policy)[1]
        scripts = re.findall(r"<script[^>]*>", answer.text)
        assert scripts
        assert all(f'nonce="{nonce}"' in script for script in scripts)
        assert not re.search(r"<script[^>]*>[^<]", answer.text), "no script in the page itself"
        assert " style=" not in answer.text
        assert not re.search(r"\son[a-z]+=", answer.text)
        nonces.add(nonce)
    assert len(nonces) == len(PAGES) + len(GUEST)


def test_no_page_is_kept_by_a_cache(portal_app):
    for answer in answers(portal_app):
        assert answer.headers["Cache-Control"] == "no-store"
        assert {"Cookie", "HX-Request"} <= set(answer.vary)


def test_the_other_headers_are_on_every_answer(portal_app):
    for answer in answers(portal_app):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in answer.headers
        assert "Server" not in answer.headers
        assert "X-Powered-By" not in answer.headers


def test_the_cookie_is_for_this_portal_and_no_script(portal_app):
    add_account(portal_app)
    (cookie,) = send(portal_app.test_client()).headers.getlist("Set-Cookie")
    assert cookie.startswith("kantor=")
    parts = {part.strip() for part in cookie.split(";")[1:]}
    assert parts == {"HttpOnly", "Path=/", "SameSite=Lax"}


def test_by_https_the_cookie_belongs_to_this_host_alone(secure):
    add_account(secure)
    client = secure.test_client()
    options = {"base_url": "https://portal.example.org"}
    form = {"username": "sari", "password": PASSWORD}
    page = client.get("/sign-in", **options)
    form["csrf_token"] = re.search(r'name="csrf_token" value="([^"]*)"', page.text)[1]
    answer = client.post("/sign-in", data=form, raw=True, **options)
    assert answer.status_code == 303
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-kantor=")
    parts = {part.strip() for part in cookie.split(";")[1:]}
    assert parts == {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"}
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_the_language_of_a_visitor_is_remembered_out_of_reach_of_scripts(portal_app):
    answer = portal_app.test_client().post("/sign-in/preferences", data={"language": "id"})
    (cookie,) = [c for c in answer.headers.getlist("Set-Cookie") if "kantor_language" in c]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=31536000" in cookie


def test_a_foreign_host_is_refused(portal_app):
    for host in ("evil.example", "localhost.evil.example", "localhost@evil", ""):
        answer = portal_app.test_client().get("/sign-in", headers={"Host": host})
        assert answer.status_code == 400
        assert "evil" not in answer.text


def test_a_forwarded_host_is_not_believed(portal_app):
    add_account(portal_app)
    headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    page = portal_app.test_client().get("/sign-in", headers=headers)
    assert page.status_code == 200
    assert "evil" not in page.text


def test_a_forwarded_address_is_not_believed_without_a_configured_proxy(portal_app):
    add_account(portal_app)
    send(portal_app.test_client(), headers={"X-Forwarded-For": "198.51.100.9"})
    (session,) = rows(portal_app, AccountSession.__table__)
    assert session.address == "127.0.0.1"
