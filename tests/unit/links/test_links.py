"""Short links: codes on labels that lead whoever may see the thing to its page, and nobody else."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from portal.api import known_codes, link_codes, message, retire_link
from portal.db import db, looking
from portal.errors import NotFound, Refused
from portal.guard import kernel_execute
from portal.links import rules, services
from portal.links.models import Link
from portal.people.models import Person
from portal.plugin import Destination, LinkKind, PluginDefinitionError
from portal.plugins.models import PluginActivation
from portal.plugins.purging import purge
from portal.roles.principals import raise_epoch
from portal.testing import counting_statements, make_app, sign_in, working_as
from portal.web import short_url
from tests.runtime.making import plugin
from tests.unit.granting import give, make_role

table = Link.__table__


def nest(tx, target):
    """Lead to a nest; one called hidden is for nobody."""
    if target == "hidden":
        raise NotFound
    if target == "gone":
        return None
    return Destination(
        title=message("Nest {name}", name=target), endpoint="owl.look", values={"nest": target}
    )


def look():
    return "here it is"


NEST = LinkKind(name="owl.nest", title=message("Nest"), permission="owl.thing.view", resolve=nest)
OWL = plugin("owl", views={"look": look}, links=(NEST,))


@pytest.fixture(scope="session")
def portal_plugins():
    return [OWL]


@pytest.fixture
def another(portal_template, tmp_path):
    """Return a function that makes a second portal on the same database, with other settings."""
    made = []

    def make(plugins, **settings):
        made.append(make_app(portal_template[1].url, tmp_path, plugins, **settings))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def finder(portal_app, world):
    """Return the person id of somebody who may look at nests."""
    with working_as(portal_app) as tx:
        who = world.people["assistant"]
        give(tx, who, make_role(tx, "finder", owl__thing__view="all"), world.departments["office"])
        return who


def code_of(app, target, kind="owl.nest"):
    with working_as(app) as tx:
        return link_codes(tx, kind, [target])[target]


def followed(app, person_id, code, path="/e/"):
    return sign_in(app, person_id).get(f"{path}{code}")


def test_a_code_leads_to_its_page(portal_app, finder):
    answer = followed(portal_app, finder, code_of(portal_app, "oak"))
    assert (answer.status_code, answer.location) == (303, "/owl/look?nest=oak")


@pytest.mark.parametrize("path", ["/e/", "/E/"])
@pytest.mark.parametrize("written", [str.lower, str.upper, rules.in_groups])
def test_a_code_reads_the_same_however_it_is_written(portal_app, finder, path, written):
    code = code_of(portal_app, "oak")
    assert followed(portal_app, finder, written(code), path).location == "/owl/look?nest=oak"


def test_who_is_not_signed_in_signs_in_and_lands_there(portal_app, finder, anonymous):
    code = code_of(portal_app, "oak")
    answer = anonymous.get(f"/e/{code}")
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in?next=")
    signed = sign_in(portal_app, finder).get(answer.location)
    assert signed.location == f"/e/{code}"


def test_unknown_forbidden_and_gone_are_answered_alike(portal_app, finder, world):
    oak, hidden, gone = (code_of(portal_app, name) for name in ("oak", "hidden", "gone"))
    unknown = next(c for c in iter(rules.new_code, "") if c not in {oak, hidden, gone})
    answers = [
        followed(portal_app, finder, code) for code in (unknown, hidden, gone, "nonsense", "x" * 99)
    ]
    answers.append(followed(portal_app, world.people["employee"], oak))  # may not look at nests
    assert {answer.status_code for answer in answers} == {404}
    plain = {answer.text.partition("<main")[2] for answer in answers[:5]}
    assert len({text.partition("csrf")[0] for text in plain}) == 1


def test_a_code_of_a_plugin_that_is_off_is_not_there(portal_app, finder):
    code = code_of(portal_app, "oak")
    with working_as(portal_app) as tx:
        kernel_execute(tx.session, delete(PluginActivation.__table__))
        raise_epoch(tx.session)
    assert followed(portal_app, finder, code).status_code == 404


def test_a_thing_has_one_code_however_often_it_is_asked_for(portal_app):
    assert code_of(portal_app, "oak") == code_of(portal_app, "oak")
    with portal_app.app_context(), looking(reason="test") as tx:
        assert set(known_codes(tx, "owl.nest", ["oak", "elm"])) == {"oak"}


def test_two_who_print_the_same_label_at_once_get_the_same_code(portal_app):
    with ThreadPoolExecutor(4) as pool:
        codes = set(pool.map(lambda _: code_of(portal_app, "oak"), range(8)))
    assert len(codes) == 1
    with portal_app.app_context(), looking(reason="test") as tx:
        assert kernel_execute(tx.session, select(func.count()).select_from(table)).scalar() == 1


def test_a_thousand_labels_take_a_few_statements(portal_app):
    names = [f"nest-{number}" for number in range(1000)]
    with counting_statements(portal_app) as seen, working_as(portal_app) as tx:
        codes = link_codes(tx, "owl.nest", names)
    assert len(set(codes.values())) == 1000
    assert len(seen) <= 6


def test_a_code_that_is_taken_is_not_given_again(portal_app, monkeypatch):
    drawn = iter(["22222222", "22222222", "33333333"])
    monkeypatch.setattr(services, "new_code", lambda: next(drawn))
    assert code_of(portal_app, "oak") == "22222222"
    assert code_of(portal_app, "elm") == "33333333"


def test_a_retired_label_says_so_to_those_who_may_see_the_thing_alone(portal_app, finder, world):
    old = code_of(portal_app, "oak")
    with working_as(portal_app, finder) as tx:
        assert retire_link(tx, "owl.nest", "oak") is True
        assert retire_link(tx, "owl.nest", "oak") is False
    new = code_of(portal_app, "oak")
    assert new != old
    said = followed(portal_app, finder, old)
    assert said.status_code == 410
    assert "This label was replaced by a new one. It stood for Nest oak." in said.text
    assert followed(portal_app, finder, new).status_code == 303
    stranger = followed(portal_app, world.people["employee"], old)
    assert stranger.status_code == 404
    assert "oak" not in stranger.text


def test_retiring_is_in_the_audit(portal_app, finder, as_role):
    code = code_of(portal_app, "oak")
    with working_as(portal_app, finder) as tx:
        retire_link(tx, "owl.nest", "oak")
    page = as_role("administrator").get("/audit").text
    assert "Took the code of a label out of use" in page
    assert code not in page or code in page


def test_too_many_codes_in_a_minute_are_refused(another, finder):
    strict = another([OWL], rates={"link": 3})
    client = sign_in(strict, finder)
    assert [client.get(f"/e/{rules.new_code()}").status_code for _ in range(5)] == [404] * 3 + [
        429
    ] * 2
    assert client.get("/").status_code == 200


def test_a_purged_plugin_leaves_its_codes_taken_and_without_meaning(portal_app, finder):
    code = code_of(portal_app, "oak")
    with portal_app.app_context():
        assert "codes of labels: 1 removed" in purge("owl")
    assert followed(portal_app, finder, code).status_code == 404
    with portal_app.app_context(), looking(reason="test") as tx:
        rows = kernel_execute(tx.session, select(table.c.code, table.c.target)).all()
    assert [tuple(row) for row in rows] == [(code, "")]


def test_codes_are_made_only_for_declared_kinds_and_only_while_writing(portal_app):
    with working_as(portal_app) as tx, pytest.raises(LookupError):
        link_codes(tx, "owl.egg", ["oak"])
    with working_as(portal_app) as tx, pytest.raises(ValueError, match="1 to 80"):
        link_codes(tx, "owl.nest", ["x" * 81])
    with portal_app.app_context(), looking(reason="test") as tx, pytest.raises(Refused):
        link_codes(tx, "owl.nest", ["oak"])


def test_a_plugin_reads_and_changes_no_codes_by_itself(portal_app, finder):
    code_of(portal_app, "oak")
    with working_as(portal_app, finder) as tx:
        assert tx.session.scalars(select(Link)).all() == []
        tx.session.execute(update(Link).values(target="elm"))
    with portal_app.app_context(), looking(reason="test") as tx:
        assert kernel_execute(tx.session, select(table.c.target)).scalar_one() == "oak"


def test_a_kind_must_be_of_the_plugin_and_name_a_permission_of_it():
    with pytest.raises(PluginDefinitionError) as found:
        plugin(
            "ant",
            links=(
                LinkKind(
                    name="bee.hive",
                    title=message("Hive"),
                    permission="bee.hive.view",
                    resolve=lambda tx, target: None,
                ),
            ),
        )
    assert len(found.value.problems) == 2


def test_the_address_on_a_label_comes_from_the_configuration(another):
    app = another([], base_url="https://portal.example.org")
    with app.test_request_context("/", base_url="https://portal.example.org"):
        assert short_url("7K3M9QX2") == "HTTPS://PORTAL.EXAMPLE.ORG/E/7K3M9QX2"


def test_codes_have_no_letters_that_are_mistaken_for_one_another():
    drawn = {letter for _ in range(200) for letter in rules.new_code()}
    assert drawn <= set(rules.LETTERS)
    assert not set("01ILOU") & set(rules.LETTERS)


@given(st.text(rules.LETTERS, min_size=8, max_size=8), st.sampled_from(["", " ", "-"]))
def test_a_code_is_found_in_whatever_a_scanner_gives(code, gap):
    spaced = f"{code[:4]}{gap}{code[4:]}"
    for text in (
        code,
        code.lower(),
        spaced,
        f" https://portal.example.org/e/{code.lower()}\n",
        f"HTTPS://PORTAL.EXAMPLE.ORG/E/{code}",
        f"/e/{code}",
    ):
        assert rules.code_in(text) == code


@given(st.text())
def test_no_text_at_all_breaks_the_reading_of_codes(text):
    assert rules.code_in(text) is None or len(rules.code_in(text)) == 8


def test_a_person_who_left_no_trace_elsewhere_still_made_the_code(portal_app, finder):
    with working_as(portal_app, finder) as tx:
        link_codes(tx, "owl.nest", ["elm"])
        assert tx.session.get(Person, finder) is not None
    with portal_app.app_context(), looking(reason="test") as tx:
        made = kernel_execute(tx.session, select(table.c.created_by_id)).scalar_one()
    assert made == finder
