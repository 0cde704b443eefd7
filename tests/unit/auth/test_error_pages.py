"""What people see when something does not work: each problem in words, in their language."""

import re

import pytest
from flask import Blueprint, abort, request
from sqlalchemy import delete
from sqlalchemy.exc import OperationalError

from portal import errors
from portal.db import unscoped
from portal.guard import kernel_execute
from portal.messages import message
from portal.plugin import Permission, Plugin, RoleGrant
from portal.plugins.models import PluginActivation
from portal.roles.principals import raise_epoch
from portal.testing import sign_in
from portal.web import policy, public
from tests.unit.auth.signing import add_account

faulty = Blueprint("faulty", __name__)
RAISED = {
    400: errors.BadRequest,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    422: errors.KeyReused,
    429: errors.TooMany,
    503: errors.Unavailable,
}


@faulty.get("/<int:status>")
@public("for a test")
def fail(status):
    if status in RAISED:
        raise RAISED[status]()
    if status == 500:
        raise RuntimeError("the secret is 4711")
    abort(status)


@faulty.post("/upload")
@public("for a test", key=False)
def upload():
    return str(len(request.get_data()))


@faulty.get("/gone")
@public("for a test")
def gone():
    raise OperationalError("SELECT 4711", {}, Exception("connection refused"))


@faulty.get("/locked")
@policy("faulty.thing.see")
def locked():
    return "inside"


PLUGINS = [
    Plugin(
        slug="faulty",
        title="Faulty",
        package=__name__,
        blueprint=faulty,
        permissions=(Permission(name="faulty.thing.see", title=message("See things")),),
        roles=(RoleGrant(role="administrator", permission="faulty.thing.see", reach="all"),),
    )
]
ENGLISH = {
    400: "could not be read",
    403: "You may not do this",
    404: "Not found",
    405: "This page cannot be used that way",
    409: "This has changed in the meantime",
    413: "The file is too large",
    422: "This form was already used",
    429: "Too many tries",
    500: "Something broke here",
    503: "The database does not answer",
}
STATUSES = sorted(ENGLISH)


@pytest.fixture
def portal_plugins():
    return PLUGINS


def call(client, status, **more):
    if status == 405:
        return client.post("/account", **more)
    if status == 413:
        too_much = 26 * 1024 * 1024
        return client.post("/faulty/upload", raw=True, content_length=too_much, **more)
    return client.get(f"/faulty/{status}", **more)


@pytest.fixture(params=["a visitor", "somebody"])
def client(request, portal_app, world):
    if request.param == "a visitor":
        return portal_app.test_client()
    return sign_in(portal_app, world.people["employee"])


def test_every_problem_has_a_page_with_a_way_on(client):
    for status in STATUSES:
        answer = call(client, status)
        assert answer.status_code == status
        assert answer.mimetype == "text/html"
        assert re.search(r"<h1[^>]*>\s*\S", answer.text)
        assert 'href="/"' in answer.text
        assert "Traceback" not in answer.text
        assert "4711" not in answer.text
        assert answer.headers["Content-Security-Policy"]


def test_what_has_changed_meanwhile_is_opened_again_where_one_came_from(client):
    came = {"Referer": "http://localhost/faulty/list?view=open"}
    assert 'href="/faulty/list?view=open"' in client.get("/faulty/409", headers=came).text


@pytest.mark.parametrize(
    "came", ["http://elsewhere.example/", "http://localhost//elsewhere.example", "http://[", ""]
)
def test_nobody_is_sent_to_another_site_or_to_the_same_page_again(client, came):
    page = client.get("/faulty/409", headers={"Referer": came})
    assert page.status_code == 409
    assert "elsewhere" not in page.text
    again = client.get("/faulty/409", headers={"Referer": "http://localhost/faulty/409"})
    assert "Open it again" not in again.text


def test_a_program_gets_the_same_as_json(client):
    for status in STATUSES:
        answer = call(client, status, headers={"Accept": "application/json"})
        assert answer.status_code == status
        assert set(answer.json) >= {"error", "message"}
        assert answer.json["message"]
        assert "4711" not in answer.text


def test_every_problem_is_said_in_the_language_of_the_visitor(portal_app, world):
    client = portal_app.test_client()
    for language in ("en", "id"):
        client.post("/sign-in/preferences", data={"language": language})
        for status in STATUSES:
            page = call(client, status).text
            assert f'<html lang="{language}"' in page
            assert (ENGLISH[status] in page) == (language == "en"), (language, status)


def test_every_problem_is_said_in_the_language_of_the_person(portal_app, world):
    client = sign_in(portal_app, world.people["employee"])
    for language in ("en", "id"):
        client.post("/account/preferences", data={"language": language})
        for status in STATUSES:
            page = call(client, status).text
            assert f'<html lang="{language}"' in page
            assert (ENGLISH[status] in page) == (language == "en"), (language, status)


def test_a_fault_shows_a_number_that_is_in_the_log(client, caplog):
    answer = call(client, 500)
    number = re.search(r'class="mono">([0-9a-f]+)<', answer.text)[1]
    assert number in caplog.text
    assert answer.headers["X-Request-Id"] == number
    as_json = call(client, 500, headers={"Accept": "application/json"})
    assert as_json.json["id"] == as_json.headers["X-Request-Id"]


def test_too_often_and_gone_say_when_to_come_back(client):
    assert call(client, 429).headers["Retry-After"] == "60"
    assert call(client, 503).headers["Retry-After"] == "30"


def test_a_method_that_is_none_names_those_that_are(client):
    assert "GET" in call(client, 405).headers["Allow"]


def test_a_database_that_does_not_answer_is_said_so(portal_app, client):
    answer = client.get("/faulty/gone")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "4711" not in answer.text
    assert client.get("/sign-in").status_code in (200, 303), "and the next page works again"


def test_not_signed_in_is_a_page_for_people_and_401_for_programs(portal_app, world):
    client = portal_app.test_client()
    assert client.get("/faulty/locked").headers["Location"].startswith("/sign-in?next=")
    answer = client.get("/faulty/locked", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["error"]) == (401, "Unauthorized")


def test_without_the_permission_the_answer_is_403_and_without_the_plugin_404(portal_app, world):

    client = sign_in(portal_app, world.people["employee"])
    assert client.get("/faulty/locked").status_code == 403
    with portal_app.app_context(), unscoped(reason="test") as tx:
        kernel_execute(tx.session, delete(PluginActivation.__table__))
        raise_epoch(tx.session)
    assert client.get("/faulty/locked").status_code == 404


def test_a_form_may_not_be_endless(portal_app):
    add_account(portal_app)
    form = {"username": "sari", "password": "x" * (3 * 1024 * 1024)}
    assert portal_app.test_client().post("/sign-in", data=form).status_code == 413
