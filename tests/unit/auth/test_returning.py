"""Where signing in leads: to a page of the portal, whatever an address says."""

import re
import secrets
from urllib.parse import quote, unquote, urlsplit

import pytest
from flask import Blueprint
from itsdangerous import URLSafeSerializer

from portal.auth.returning import address_of, token_for_request
from portal.messages import message
from portal.plugin import Permission, Plugin, RoleGrant
from portal.testing import sign_in
from portal.web import policy
from tests.unit.auth.signing import PASSWORD, add_account, send, signed_in

PAYLOADS = [
    "https://evil.example",
    "http://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "//\tevil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "hTTps://evil.example",
    "http:\\\\evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "//evil.example@localhost",
    "//localhost@evil.example",
    "https://localhost@evil.example",
    "https://localhost.evil.example",
    "https://evil.example#localhost",
    "https://evil.example?localhost",
    "//evil%E3%80%82example",
    "//evil。example",
    "//[::1]",
    "//0x7f000001",
    "%2f%2fevil.example",
    "%5c%5cevil.example",
    "/%09/evil.example",
    "/%5cevil.example",
    "/..//evil.example",
    ".evil.example",
    "@evil.example",
    "?next=//evil.example",
    "#//evil.example",
    "/sign-out",
    "home.index",
    "WyJob21lLmluZGV4Iix7fSx7fV0",
    "WyJob21lLmluZGV4Iix7fSx7fV0.AAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "\x00//evil.example",
]
shelf = Blueprint("shelf", __name__)


@shelf.get("/things/<int:number>")
@policy("shelf.thing.view")
def thing(number):
    return f"thing {number}"


@shelf.post("/things/<int:number>")
@policy("shelf.thing.view")
def change_thing(number):
    raise AssertionError("nobody is signed in")


@shelf.post("/burn")
@policy("shelf.thing.view")
def burn():
    raise AssertionError("nobody is signed in")


PLUGINS = [
    Plugin(
        slug="shelf",
        title="Shelf",
        package=__name__,
        blueprint=shelf,
        permissions=(Permission(name="shelf.thing.view", title=message("See things")),),
        roles=(RoleGrant(role="employee", permission="shelf.thing.view", reach="all"),),
    )
]


@pytest.fixture
def portal_plugins():
    return PLUGINS


def leads_inside(location):
    parts = urlsplit(location)
    assert not parts.scheme
    assert not parts.netloc
    assert location.startswith("/")
    assert location[1:2] not in {"/", "\\"}
    assert location.isprintable()


def test_an_address_as_the_next_page_leads_home(portal_app):
    with portal_app.test_request_context():
        assert {payload: address_of(payload) for payload in PAYLOADS} == dict.fromkeys(
            PAYLOADS, "/"
        )


def test_no_address_in_the_query_or_the_form_leads_elsewhere(portal_app):
    add_account(portal_app)
    inside = signed_in(portal_app)
    for payload in PAYLOADS:
        if "\x00" in payload:
            continue  # refused by the gate, before any view
        query = f"?next={quote(payload, safe='')}"
        coming = portal_app.test_client()
        form = {"username": "sari", "password": PASSWORD, "next": payload, "back": payload}
        answers = [
            coming.post(f"/sign-in{query}", data=form),
            inside.get(f"/sign-in{query}"),
            inside.post(f"/sign-in/again{query}", data=form),
            inside.post("/account/preferences", data={"theme": "dark", "back": payload}),
            portal_app.test_client().post("/sign-in/preferences", data=form),
        ]
        for answer in answers:
            assert answer.status_code == 303
            leads_inside(answer.headers["Location"])
    assert len(PAYLOADS) >= 40


def test_signing_in_leads_back_to_the_page_one_wanted(portal_app, world):
    add_account(portal_app, person_id=world.people["employee"])
    client = portal_app.test_client()
    wanted = "/shelf/things/7?q=caf%C3%A9+%26+tea&q=two&page=2"
    asked = client.get(wanted)
    assert urlsplit(asked.headers["Location"]).path == "/sign-in"
    leads_inside(asked.headers["Location"])
    form = {"username": "sari", "password": PASSWORD}
    answer = client.post(asked.headers["Location"], data=form)
    assert answer.headers["Location"] == wanted
    assert client.get(wanted).text == "thing 7"


def test_the_way_back_survives_a_wrong_password(portal_app):
    add_account(portal_app)
    client = portal_app.test_client()
    asked = client.get("/shelf/things/7").headers["Location"]
    page = client.post(asked, data={"username": "sari", "password": "wrong"})
    assert f'action="{asked}"' in page.text


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(portal_app):
    client = portal_app.test_client()
    asked = client.post("/shelf/things/7", data={"note": "typed"}).headers["Location"]
    add_account(portal_app)
    form = {"username": "sari", "password": PASSWORD}
    assert client.post(asked, data=form).headers["Location"] == "/shelf/things/7"


def test_a_form_without_a_page_of_its_own_leads_home(portal_app):
    add_account(portal_app)
    client = portal_app.test_client()
    asked = client.post("/shelf/burn").headers["Location"]
    form = {"username": "sari", "password": PASSWORD}
    assert client.post(asked, data=form).headers["Location"] == "/"


def test_what_a_visitor_adds_to_an_address_stays_a_query(portal_app):
    add_account(portal_app)
    form = {"username": "sari", "password": PASSWORD}
    for query in ("_external=1", "_scheme=javascript", "_anchor=x", "_method=POST", "number=8"):
        client = portal_app.test_client()
        asked = client.get(f"/shelf/things/7?{query}").headers["Location"]
        assert client.post(asked, data=form).headers["Location"] == f"/shelf/things/7?{query}"


def test_a_token_of_another_kind_is_no_way_back(portal_app):
    page = ["shelf.thing", {"number": 7}, {}]
    with portal_app.test_request_context():
        for salt in ("kantor-form-key", "kantor-toast", "wtf-csrf-token", ""):
            forged = URLSafeSerializer(portal_app.secret_key, salt=salt).dumps(page)
            assert address_of(forged) == "/"
        for key in ("", "x" * 32):
            forged = URLSafeSerializer(key, salt="kantor-next").dumps(page)
            assert address_of(forged) == "/"


def test_a_token_for_a_page_that_is_gone_leads_home(portal_app):
    gone = [["gone.page", {}, {}], ["shelf.thing", {}, {}]]
    with portal_app.test_request_context():
        for content in (None, 7, "x", [], [1, 2, 3], {"a": 1}, *gone):
            signer = URLSafeSerializer(portal_app.secret_key, salt="kantor-next")
            assert address_of(signer.dumps(content)) == "/"


def test_a_very_long_address_is_not_worth_a_token(portal_app):
    with portal_app.test_request_context(f"/shelf/things/7?q={secrets.token_hex(1500)}"):
        assert token_for_request() == ""


def test_the_sign_in_page_never_leads_to_itself(portal_app, world):
    client = sign_in(portal_app, world.people["employee"])
    page = portal_app.test_client().get("/sign-in?next=x").text
    back = re.search(r'name="back" value="([^"]*)"', page)[1]
    answer = client.get(f"/sign-in?next={back}")
    assert answer.status_code == 303
    followed = client.get(answer.headers["Location"])
    assert followed.headers["Location"] == "/"


def test_htmx_is_told_to_load_the_sign_in_page_whole(portal_app):
    answer = portal_app.test_client().get("/shelf/things/7", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in?next=")


def test_a_part_of_a_page_leads_back_to_the_whole_page(portal_app):
    shown = "http://localhost/shelf/things/7?view=low"
    came = {"HX-Request": "true", "HX-Current-URL": shown}
    answer = portal_app.test_client().get("/shelf/things/8?typed=17", headers=came)
    token = answer.headers["HX-Redirect"].partition("next=")[2]
    with portal_app.test_request_context():
        assert address_of(unquote(token)) == "/shelf/things/7?view=low"


@pytest.mark.parametrize(
    "shown", ["http://elsewhere.example/shelf/things/7", "http://[", "http://localhost/nowhere", ""]
)
def test_a_part_of_no_page_of_ours_leads_back_to_itself(portal_app, shown):
    came = {"HX-Request": "true", "HX-Current-URL": shown}
    answer = portal_app.test_client().get("/shelf/things/8", headers=came)
    token = answer.headers["HX-Redirect"].partition("next=")[2]
    with portal_app.test_request_context():
        assert address_of(unquote(token)) == "/shelf/things/8"


def test_a_program_gets_an_answer_instead_of_a_page(portal_app):
    answer = portal_app.test_client().get("/shelf/things/7?format=json")
    assert answer.status_code == 401
    assert answer.json == {"error": "Unauthorized", "message": "Sign in to go on."}


def test_sending_the_form_without_any_next_leads_home(portal_app):
    add_account(portal_app)
    assert send(portal_app.test_client()).headers["Location"] == "/"
