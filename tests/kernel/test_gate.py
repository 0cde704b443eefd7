"""Every route times every visitor times every row, and what the gate refuses before a view runs."""

import io
import itertools

import pytest
import time_machine
from flask import Blueprint
from sqlalchemy import delete, update
from sqlalchemy.exc import OperationalError

from portal.db import db, unscoped
from portal.gate import FORM_KEY, Portal, UndeclaredRoute, policy, public
from portal.messages import message
from portal.plugin import Permission, Plugin
from portal.plugins.models import PluginActivation
from portal.roles.principals import raise_epoch
from portal.testing import make_app

from .small import goods
from .small.goods.models import Item
from .small_world import ANN, BOB, CELLAR, CY, DI, GRANTS, HANA, HOME, LAB, PLUGINS, STORES

VISITORS = (ANN, BOB, CY, DI, HANA, None)
TREE = {STORES: {STORES, CELLAR}, LAB: {LAB}}
MANAGER = {ANN: CY}
# What a URL argument stands for: (department, owner, case) of the rows with that number.
ROWS = {
    "item_id": {1: (STORES, ANN, None), 2: (LAB, None, None), 3: (CELLAR, None, None)},
    "order_id": {1: (STORES, ANN, None), 2: (LAB, None, None)},
    "leave_id": {1: (None, ANN, None), 2: (None, BOB, None)},
    "statement_id": {1: (None, None, 1), 2: (None, None, 2)},
}
CASES = {HANA: {1}}
FORMS = {"goods.issue_item": {"quantity": "1"}, "goods.rename": {"version": "1", "name": "x"}}
ISSUE = "/goods/items/1/issue"


def expected(user, permission, row):
    """Say what should happen, as naively as possible."""
    if user is None:
        return "sign in"
    if permission not in GRANTS.get(user, {}):
        return 403
    if row is None:
        return "ok"
    department, owner, case = row
    if case is not None:
        return "ok" if case in CASES.get(user, ()) else 404
    home = HOME.get(owner) if department is None else department
    reached = {
        "own": owner == user,
        "team": MANAGER.get(owner) == user,
        "department": home == HOME[user],
        "tree": home in TREE.get(HOME[user], ()),
        "all": True,
    }[GRANTS[user][permission]]
    return "ok" if reached else 404


def got(answer):
    if answer.status_code in (200, 303):
        return "sign in" if "/sign-in" in (answer.location or "") else "ok"
    return "sign in" if answer.status_code == 401 else answer.status_code


def cells(app):
    slugs = {plugin.slug for plugin in PLUGINS}
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.endpoint.partition(".")[0] in slugs:
            argument = next(iter(rule.arguments), None)
            rows = ROWS[argument].items() if argument else [(None, None)]
            methods = rule.methods - {"HEAD", "OPTIONS"}
            for user, (number, row), method in itertools.product(VISITORS, rows, methods):
                url = rule.rule.replace(f"<int:{argument}>", str(number))
                yield rule.endpoint, user, row, method, url


def test_route_matrix(app, as_user):
    browsers = {user: as_user(user) for user in VISITORS}
    count, wrong = 0, []
    for endpoint, user, row, method, url in cells(app):
        permission = app.view_functions[endpoint].__policy__
        want = expected(user, permission, row)
        data = FORMS.get(endpoint, {})
        form = {"data": {**data, "version": version_of(app, url)}} if method == "POST" else {}
        browser = browsers[user]
        answer = browser.post(url, **form) if method == "POST" else browser.get(url)
        count += 1
        if got(answer) != want:
            wrong.append((method, url, user, answer.status_code, want))
    assert not wrong
    assert count > 90


def version_of(app, url):
    number = int(url.split("/")[3]) if url.startswith("/goods/items/") else 1
    with app.app_context(), unscoped(reason="test") as tx:
        return tx.session.get(Item, number).version


# --- forms from elsewhere, forged, without a key


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none-such"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
    ],
    ids=str,
)
def test_forms_from_elsewhere_are_refused(as_user, truth, headers):
    answer = as_user(ANN).post(ISSUE, data={"quantity": "1"}, headers=headers)
    assert answer.status_code == 403
    assert truth("select quantity from goods_item where id = 1") == 5


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost"},
    ],
    ids=str,
)
def test_forms_from_here_are_taken(as_user, headers):
    answer = as_user(ANN).post(ISSUE, data={"quantity": "1"}, headers=headers)
    assert answer.status_code == 303


@pytest.mark.parametrize("missing", ["csrf_token", FORM_KEY])
@pytest.mark.parametrize("value", [None, "", "x", "y" * 500])
def test_a_form_without_token_or_key_is_refused(as_user, truth, missing, value):
    ann = as_user(ANN)
    data = {"quantity": "1", "csrf_token": ann.csrf_token(), FORM_KEY: ann.form_key()}
    data[missing] = value
    answer = ann.post(ISSUE, data={k: v for k, v in data.items() if v is not None}, raw=True)
    assert answer.status_code == 400
    assert truth("select quantity from goods_item where id = 1") == 5


def test_the_token_of_another_browser_is_refused(as_user):
    ann, bob = as_user(ANN), as_user(BOB)
    data = {"quantity": "1", "csrf_token": bob.csrf_token(), FORM_KEY: ann.form_key()}
    assert ann.post(ISSUE, data=data, raw=True).status_code == 400


@pytest.mark.parametrize("where", ["/goods/items?q=%00", "/goods/items%00"])
def test_nul_in_an_address_is_refused(as_user, where):
    assert as_user(ANN).get(where).status_code in (400, 404)


def test_nul_in_a_form_is_refused(as_user):
    answer = as_user(ANN).post(ISSUE, data={"quantity": "1\0"})
    assert answer.status_code == 400


# --- a form sent twice


def test_a_form_sent_twice_is_answered_twice_and_done_once(as_user, truth):
    ann = as_user(ANN)
    for _ in range(2):
        answer = ann.post(ISSUE, data={"quantity": "1", FORM_KEY: "a-key-of-mine"})
        assert (answer.status_code, answer.location) == (303, "/goods/items/1")
    assert truth("select quantity from goods_item where id = 1") == 4
    again = ann.post(ISSUE, data={"quantity": "2", FORM_KEY: "a-key-of-mine"})
    assert again.status_code == 422
    elsewhere = ann.post(
        "/goods/items/1/rename", data={"version": "1", "name": "x", FORM_KEY: "a-key-of-mine"}
    )
    assert elsewhere.status_code == 422


def test_a_failed_form_may_be_mended_and_sent_with_its_key(as_user, truth):
    ann = as_user(ANN)
    data = {"quantity": "99", FORM_KEY: "a-key-of-mine"}
    assert ann.post(ISSUE, data=data).status_code == 409
    assert ann.post(ISSUE, data=data | {"quantity": "2"}).status_code == 303
    assert truth("select quantity from goods_item where id = 1") == 3


def test_another_file_under_the_same_name_is_another_form(app):
    from portal.gate import form_key

    def digest(content):
        data = {"list": (io.BytesIO(content), "stock.csv"), FORM_KEY: "a-key-of-mine"}
        with app.test_request_context("/goods/items/1/issue", method="POST", data=data):
            from flask import request

            request.files["list"].stream.seek(3)
            key = form_key()
            assert request.files["list"].stream.tell() == 3
            return key.digest

    assert digest(b"one;two") == digest(b"one;two") != digest(b"one;tw0")


# --- plugins that use one another


def test_a_plugin_uses_another_and_tells_of_it_in_the_same_commit(as_user, truth):
    assert as_user(ANN).post("/orders/orders/1/use-part").status_code == 303
    assert truth("select quantity from goods_item where id = 2") == 4  # Ann cannot see item 2.
    assert truth("select count(*) from outbox where subscriber = 'orders'") == 1


def test_a_plugin_works_without_the_one_it_would_use(app, as_user, truth):
    ann = as_user(ANN)
    switch_off(app, "goods")
    assert ann.post("/orders/orders/1/use-part").status_code == 303
    assert truth("select quantity from goods_item where id = 2") == 5


class Busy(Exception):
    sqlstate = "40P01"


def test_a_busy_database_runs_the_view_again(as_user, monkeypatch, truth):
    calls, real = [], goods.issue

    def busy_once(tx, item, quantity, *, note):
        real(tx, item, quantity, note=note)
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("x", {}, Busy())

    monkeypatch.setattr(goods, "issue", busy_once)
    assert as_user(ANN).post(ISSUE, data={"quantity": "1"}).status_code == 303
    assert len(calls) == 2
    assert truth("select quantity from goods_item where id = 1") == 4


def test_a_database_that_stays_busy_is_said_to_be(as_user, monkeypatch, truth):
    def busy(tx, item, quantity, *, note):
        raise OperationalError("x", {}, Busy())

    monkeypatch.setattr(goods, "issue", busy)
    assert as_user(ANN).post(ISSUE, data={"quantity": "1"}).status_code == 503
    assert truth("select count(*) from idempotency") == 0


# --- plugins that are off


def switch_off(app, slug):
    with app.app_context(), unscoped(reason="test") as tx:
        tx.session.execute(delete(PluginActivation).where(PluginActivation.slug == slug))
        raise_epoch(tx.session)


def test_a_plugin_that_is_off_is_not_there(app, as_user):
    ann = as_user(ANN)
    assert ann.get("/cases/leave/1").status_code == 200
    switch_off(app, "cases")
    assert ann.get("/cases/leave/1").status_code == 404
    assert ann.get("/cases/nowhere").status_code == 404
    assert ann.get("/goods/items").status_code == 200


def test_a_plugin_that_failed_to_load_is_not_there(app, as_user, monkeypatch):
    ann = as_user(ANN)
    loaded = app.extensions["kantor"].loaded
    monkeypatch.delitem(loaded, "cases")
    app.extensions["kantor_visitors"]._principals.clear()
    assert ann.get("/cases/leave/1").status_code == 404


# --- routes that declare too little


class Small:
    """A portal with one plugin made from a blueprint, on a database of its own."""

    def __init__(self, home, build, *names):
        self.blueprint = Blueprint("extra", __name__)
        build(self.blueprint)
        self.app = make_app(f"sqlite:///{home}/x.db", home, [self.plugin(*names)])

    def plugin(self, *names):
        permissions = tuple(Permission(name=n, title=message("x")) for n in names)
        return Plugin(
            slug="extra",
            title="Extra",
            package="tests.kernel.small",
            blueprint=self.blueprint,
            permissions=permissions,
        )

    @property
    def reasons(self):
        return [failure.reason for failure in self.app.extensions["kantor"].failures]


def test_a_bare_route_refuses_core():
    with pytest.raises(UndeclaredRoute, match="/bare"):
        Portal("core").get("/bare")(lambda: "x")


def rule(address, **options):
    return lambda b: b.add_url_rule(address, **options)


REFUSED = {
    "bare": (lambda b: b.get("/bare")(lambda: "x"), "neither @policy nor @public"),
    "calls itself static": (
        lambda b: b.get("/x", endpoint="static")(lambda: "x"),
        "neither @policy nor @public",
    ),
    "view given later": (
        lambda b: (rule("/x", endpoint="later")(b), b.endpoint("later")(lambda: "x")),
        "neither @policy nor @public",
    ),
    "no view at all": (rule("/x", endpoint="never"), "neither @policy nor @public"),
    "undeclared permission": (
        lambda b: b.get("/x")(policy("extra.thing.burn")(lambda: "x")),
        "does not declare",
    ),
    "permission of another": (
        lambda b: b.get("/x")(policy("goods.item.view")(lambda: "x")),
        "does not declare",
    ),
    "permission of core": (
        lambda b: b.get("/x")(policy("core.portal.use")(lambda: "x")),
        "does not declare",
    ),
    "elsewhere, bare": (
        lambda b: b.record(lambda s: s.app.add_url_rule("/elsewhere", "e", lambda: "x")),
        "neither",
    ),
    "elsewhere": (
        lambda b: b.record(
            lambda s: s.app.add_url_rule("/elsewhere", "e", public("x")(lambda: "x"))
        ),
        "outside /extra/",
    ),
    "beside the blueprint": (
        lambda b: b.record(lambda s: s.app.add_url_rule("/extra/x", "e", public("x")(lambda: "x"))),
        "not added through the blueprint",
    ),
    "runs before every page": (
        lambda b: b.before_app_request(lambda: None),
        "before_app_request",
    ),
    "runs after every page": (lambda b: b.after_app_request(lambda r: r), "after_app_request"),
    "answers every error": (
        lambda b: b.app_errorhandler(404)(lambda error: "mine"),
        "app_errorhandler",
    ),
    "speaks in every template": (
        lambda b: b.app_context_processor(lambda: {"shell": None}),
        "app_context_processor",
    ),
    "its own filter everywhere": (
        lambda b: b.app_template_filter("money")(str),
        "app_template_filter money",
    ),
    "replaces a global": (
        lambda b: b.app_template_global("url_for")(str),
        "app_template_global url_for",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_plugin_that_declares_too_little_is_not_mounted(tmp_path, name):
    build, reason = REFUSED[name]
    small = Small(tmp_path, build, "extra.thing.view")
    (said,) = small.reasons
    assert reason in said
    assert not [r for r in small.app.url_map.iter_rules() if "extra" in r.rule or "else" in r.rule]


def test_every_problem_of_a_plugin_is_said_at_once(tmp_path):
    def build(blueprint):
        blueprint.get("/x")(policy("extra.thing.burn")(lambda: "x"))
        blueprint.get("/y", endpoint="y")(policy("extra.thing.eat")(lambda: "y"))
        blueprint.before_app_request(lambda: None)

    (said,) = Small(tmp_path, build, "extra.thing.view").reasons
    assert all(part in said for part in ("burn", "eat", "before_app_request"))


@pytest.mark.parametrize(
    "build",
    [
        lambda b: b.get("/x")(policy("extra.thing.view")(lambda: "x")),
        lambda b: policy("extra.thing.view")(b.get("/x")(lambda: "x")),
    ],
    ids=["route above", "policy above"],
)
def test_the_decorators_may_stand_in_either_order(tmp_path, build):
    assert Small(tmp_path, build, "extra.thing.view").reasons == []


def test_a_view_that_calls_itself_static_still_needs_its_permission(as_user):
    assert got(as_user(None).get("/goods/as-static")) == "sign in"
    assert as_user(DI).get("/goods/as-static").status_code == 403
    assert as_user(ANN).get("/goods/as-static").status_code == 200


def test_code_that_runs_before_the_gate_sees_nothing(app, as_user, monkeypatch):
    ann, seen = as_user(ANN), []

    def peek(endpoint, values):
        seen.append(db.session.get(Item, 1))

    monkeypatch.setitem(app.url_value_preprocessors, None, [peek])
    assert ann.get("/goods/items").status_code == 500
    assert seen == []


def test_too_many_writes_in_a_minute_are_refused(app, as_user, monkeypatch):
    rates = app.extensions["kantor_config"].rates
    monkeypatch.setattr(rates, "write", 3)
    ann, bob = as_user(ANN), as_user(BOB)
    with time_machine.travel("2026-03-10T08:00:00Z", tick=False):
        ann = as_user(ANN)
        answers = [ann.post(ISSUE, data={"quantity": "1"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert bob.get("/goods/items").status_code == 200
    with time_machine.travel("2026-03-10T08:01:01Z", tick=False):
        assert ann.post(ISSUE, data={"quantity": "1"}).status_code == 303


def test_rights_taken_away_are_gone_on_the_next_request(app, as_user):
    from portal.roles.models import RolePermission

    bob = as_user(BOB)
    assert bob.get("/goods/items/1").status_code == 200
    with app.app_context(), unscoped(reason="test") as tx:
        mine = RolePermission.permission == "goods.item.view"
        tx.session.execute(update(RolePermission).where(mine).values(reach="department"))
        raise_epoch(tx.session)
    assert bob.get("/goods/items/1").status_code == 404


def test_all_small_plugins_load_alone_where_they_can(tmp_path):
    for plugin in PLUGINS:
        app = make_app(f"sqlite:///{tmp_path}/x.db", tmp_path, [plugin])
        failed = [failure.slug for failure in app.extensions["kantor"].failures]
        assert failed == (["orders"] if plugin.requires else [])
