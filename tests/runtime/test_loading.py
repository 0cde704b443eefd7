"""Plugins are taken in one by one: in order, whole or not at all, and never at others' cost."""

import sys

import pytest

from portal import messages
from portal.plugin import NavItem, PluginDefinitionError
from portal.runtime import Plugins

from ..kernel.small import goods, orders
from .making import plugin, portal, questions, told


def order(app):
    return list(app.extensions["kantor"].loaded)


def test_what_others_need_comes_first_then_the_alphabet(tmp_path):
    app = portal(
        tmp_path,
        plugin("zebra"),
        plugin("ant", requires=("zebra",)),
        plugin("bee"),
        plugin("cat", requires=("ant",)),
    )
    assert order(app).index("zebra") < order(app).index("ant") < order(app).index("cat")
    assert set(order(app)) == {"zebra", "ant", "bee", "cat"}
    again = portal(tmp_path, plugin("cat", requires=("ant",)), plugin("zebra"), plugin("ant"))
    assert order(again) == ["ant", "zebra", "cat"] or order(again) == ["ant", "cat", "zebra"]


def test_who_needs_what_is_missing_is_set_aside_with_those_who_need_it(tmp_path):
    app = portal(
        tmp_path,
        plugin("ant", requires=("nobody",)),
        plugin("bee", requires=("ant",)),
        plugin("cat"),
    )
    assert order(app) == ["cat"]
    assert told(app)["ant"] == ("register", "needs nobody, not loaded")
    assert told(app)["bee"] == ("register", "needs ant, not loaded")


def test_circles_are_named_and_the_rest_is_loaded(tmp_path):
    app = portal(
        tmp_path,
        plugin("ant", requires=("bee",)),
        plugin("bee", requires=("ant",)),
        plugin("cow", requires=("dog",)),
        plugin("dog", requires=("cow",)),
        plugin("elk"),
        plugin("fox", requires=("ant",)),
    )
    assert order(app) == ["elk"]
    assert {"ant", "bee", "cow", "dog"} <= told(app).keys()
    assert told(app)["ant"][1].startswith("needs itself: ")
    assert told(app)["fox"] == ("register", "needs ant, not loaded")


def test_a_second_plugin_of_a_name_is_set_aside_under_its_own(tmp_path):
    app = portal(tmp_path, plugin("ant"), plugin("ant", package="another_ant"))
    assert order(app) == ["ant"]
    assert told(app) == {"another_ant": ("register", "uses the name 'ant', which made_ant has")}


def test_a_plugin_that_is_switched_off_is_not_loaded(tmp_path):
    app = portal(tmp_path, plugin("ant"), plugin("bee"), disabled_plugins=["ant"])
    assert order(app) == ["bee"]
    assert told(app) == {}


@pytest.mark.parametrize("error", [RuntimeError("not today"), SystemExit(3)], ids=repr)
def test_a_plugin_that_does_not_get_ready_is_taken_out_again(tmp_path, error):
    def app_ready(app):
        raise error

    app = portal(
        tmp_path,
        plugin("ant", hooks={"app_ready": app_ready}, views={"page": lambda: "x"}),
        plugin("bee"),
    )
    assert order(app) == ["bee"]
    assert told(app)["ant"][0] == "ready"
    assert "ant.thing.view" not in app.extensions["kantor"].permissions


def test_app_ready_gets_the_portal(tmp_path):
    seen = []

    def app_ready(app):
        seen.append(app)

    app = portal(tmp_path, plugin("ant", hooks={"app_ready": app_ready}))
    assert seen == [app]


def test_a_refused_plugin_leaves_no_page_behind(tmp_path):
    nowhere = NavItem(endpoint="ant.nowhere", title="x", permission="ant.thing.view")
    app = portal(tmp_path, plugin("ant", views={"page": lambda: "x"}, nav=(nowhere,)))
    assert "no page" in told(app)["ant"][1]
    assert not [rule for rule in app.url_map.iter_rules() if str(rule).startswith("/ant/")]


def test_a_menu_without_pages_is_refused(tmp_path):
    nowhere = NavItem(endpoint="ant.nowhere", title="x", permission="ant.thing.view")
    app = portal(tmp_path, plugin("ant", nav=(nowhere,)))
    assert "no page" in told(app)["ant"][1]


@pytest.mark.parametrize(
    ("hooks", "reason"),
    [
        ({"panels": lambda tx, colour: ()}, "Argument(s) {'colour'} are declared"),
        ({"nonsense": lambda tx: ()}, "nonsense() implements no known hook"),
    ],
    ids=["argument", "unknown hook"],
)
def test_hooks_fit_their_questions(tmp_path, hooks, reason):
    stage, said = told(portal(tmp_path, plugin("ant", hooks=hooks)))["ant"]
    assert stage == "register"
    assert reason in said


def test_an_answer_to_a_plugin_that_is_absent_is_no_fault(tmp_path):
    answering = plugin("ant", hooks={"hr_offboarding_items": lambda tx, person: ()})
    assert told(portal(tmp_path, answering)) == {}


def test_an_answer_that_does_not_fit_costs_who_answers_not_who_asks(tmp_path):
    asking = plugin("hr", hookspecs=questions("asks", hr_leaving=lambda tx, person: None))
    wrong = plugin("ant", hooks={"hr_leaving": lambda tx, department: ()})
    right = plugin("bee", hooks={"hr_leaving": lambda tx, person: ()})
    app = portal(tmp_path, wrong, right, asking)
    assert sorted(order(app)) == ["bee", "hr"]
    assert list(told(app)) == ["ant"]
    assert "{'department'} are declared" in told(app)["ant"][1]


def test_questions_carry_the_name_of_who_asks():
    with pytest.raises(PluginDefinitionError, match="must begin with hr_"):
        plugin("hr", hookspecs=questions("asks", leaving=lambda tx: None))


def test_questions_that_are_none_set_the_plugin_aside(tmp_path):
    app = portal(tmp_path, plugin("hr", hookspecs=sys))
    assert told(app)["hr"][0] == "register"


def test_nobody_wraps_the_answers_of_others(tmp_path):
    from portal.plugin import hookimpl

    made = plugin("ant", hooks={"panels": lambda tx, subject, slot: ()})

    def panels(tx, subject, slot):
        yield

    made.hooks.panels = hookimpl(wrapper=True)(panels)
    assert "wraps the answers" in told(portal(tmp_path, made))["ant"][1]


def test_a_strict_portal_says_the_first_fault_loudly(tmp_path):
    with pytest.raises(PluginDefinitionError, match="needs nobody"):
        portal(tmp_path, plugin("ant", requires=("nobody",)), strict_plugins=True)


def test_two_portals_in_one_process_keep_their_plugins_apart(tmp_path):
    first = portal(tmp_path, plugin("ant", views={"page": lambda: "x"}))
    second = portal(tmp_path, plugin("bee"))
    assert (order(first), order(second)) == (["ant"], ["bee"])
    again = first.extensions["kantor"].loaded["ant"]
    assert order(portal(tmp_path, again, plugin("bee"))) == ["ant", "bee"]


def test_sentences_of_a_plugin_are_spoken_once_it_is_loaded(tmp_path, monkeypatch):
    package = tmp_path / "made_ant"
    folder = package / "translations" / "id" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "The ants are coming"\nmsgstr "Semut datang"\n'
    )
    made = plugin("ant")
    monkeypatch.setattr(sys.modules["made_ant"], "__file__", str(package / "x.py"), raising=False)
    assert told(portal(tmp_path, made)) == {}
    assert messages.message("The ants are coming").in_language("id") == "Semut datang"


def test_making_a_portal_touches_no_database(tmp_path):
    portal(tmp_path, plugin("ant", views={"page": lambda: "x"}))
    assert not (tmp_path / "made.db").exists()


def raised(work):
    """Return the error that ``work`` ends with."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        work()
    return caught.value


def wrapped():
    try:
        goods.issue(None, None, 1, note="x")
    except AttributeError as error:
        raise RuntimeError("in core") from error


def test_an_error_belongs_to_the_plugin_in_whose_code_it_arose():
    registry = Plugins()
    registry.loaded |= {"goods": goods.plugin, "orders": orders.plugin}
    direct = raised(lambda: goods.issue(None, None, 1, note="x"))
    assert registry.culprit(direct) == "goods"
    assert registry.culprit(raised(wrapped)) == "goods"
    assert registry.culprit(raised(lambda: 1 / 0)) is None
