"""A model says whose rows it holds; a plugin hears all that is wrong with it at once."""

import sys
import types

import pytest
from sqlalchemy import Column, ForeignKey, Integer, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import admission, messages
from portal.api import Department, Person, message
from portal.contradictions import RESERVED
from portal.db import db
from portal.orm import (
    MODELS,
    Confidential,
    CoreOnly,
    Follows,
    Global,
    Owned,
    Scoped,
    UndeclaredModel,
    declarative_base,
    metadata,
)
from portal.plugin import NavItem, Permission, Plugin, PluginDefinitionError, RoleGrant
from portal.runtime import refuse_undeclared_tables
from portal.testing import make_app

from .small import cases


@pytest.fixture(autouse=True)
def tidy():
    before = set(metadata.tables)
    yield
    for name in set(metadata.tables) - before:
        metadata.remove(metadata.tables[name])
        MODELS.pop(name, None)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function: files (path -> text) -> the name of a package with them."""

    def made(**files):
        module = types.ModuleType("kantor_toys")
        module.__file__ = str(tmp_path / "__init__.py")
        monkeypatch.setitem(sys.modules, "kantor_toys", module)
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return "kantor_toys"

    return made


def model(base, name, *kinds, columns=None, **options):
    fields = {"id": mapped_column(Integer, primary_key=True), **(columns or {})}
    body = {"__tablename__": name, "__module__": __name__, **fields}
    return type(name.title(), (*kinds, base), body, **options)


def toys(package="tests.kernel.small", **given):
    return Plugin(slug="toys", title=message("Toys"), package=package, **given)


def view(noun):
    return (Permission(name=f"toys.{noun}.view", title=message("See toys")),)


@pytest.mark.parametrize(
    ("kinds", "options", "reason"),
    [
        ((), {}, "must be one of"),
        ((Scoped, Owned), {}, "must be one of"),
        ((Global,), {}, "needs a reason"),
        ((Follows,), {}, "say which columns it follows"),
        ((CoreOnly,), {}, "for the portal's own tables"),
    ],
    ids=["undeclared", "twice", "no reason", "follows nothing", "core only"],
)
def test_undeclared_models_are_refused_at_class_creation(kinds, options, reason):
    with pytest.raises(UndeclaredModel, match=reason):
        model(declarative_base("toys"), "toys_x", *kinds, **options)


def test_a_foreign_prefix_is_refused():
    with pytest.raises(UndeclaredModel, match="must start with"):
        model(declarative_base("toys"), "goods_x", Owned)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Table("toys_bare", metadata, Column("id", Integer, primary_key=True)),
        lambda: type(
            "Loose",
            (db.Model,),
            {"__tablename__": "toys_loose", "id": Column(Integer, primary_key=True)},
        ),
    ],
    ids=["Table", "db.Model"],
)
def test_tables_from_elsewhere_stop_the_portal(make):
    make()
    with pytest.raises(UndeclaredModel, match="toys_"):
        refuse_undeclared_tables()
    refuse_undeclared_tables(aside=["toys"])  # set aside, nobody uses them


def test_a_bare_table_costs_its_plugin_not_the_portal(tmp_path):
    Table("toys_bare", metadata, Column("id", Integer, primary_key=True))
    app = make_app(f"sqlite:///{tmp_path}/x.db", tmp_path, [toys(), cases.plugin])
    (failure,) = app.extensions["kantor"].failures
    assert "toys_bare is no declared class" in failure.reason
    assert list(app.extensions["kantor"].loaded) == ["cases"]


def reasons(plugin):
    return list(admission.problems(plugin))


def test_a_noun_without_permission_is_refused():
    base = declarative_base("toys")
    model(base, "toys_box", Owned)
    assert reasons(toys(models=base)) == [
        "no permission on toys.box: nobody could ever reach Toys_Box"
    ]
    assert reasons(toys(models=base, permissions=view("box"))) == []


def test_an_association_table_is_refused():
    base = declarative_base("toys")
    model(base, "toys_box", Owned)
    Table(
        "toys_pair",
        metadata,
        Column("a", ForeignKey("toys_box.id"), primary_key=True),
        Column("b", ForeignKey("toys_box.id"), primary_key=True),
    )
    assert "toys_pair is no declared class" in reasons(toys(models=base))[0]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("nowhere.id", "which does not exist"),
        ("department.nothing", "which does not exist"),
        ("goods_item.id", "another plugin's row"),
        ("account.id", "for the portal itself"),
        ("contact.public_id", "not the primary key"),
    ],
)
def test_a_foreign_key_leads_to_core_or_stays_at_home(target, reason):
    base = declarative_base("toys")
    columns = {"other_id": mapped_column(Integer, ForeignKey(target))}
    model(base, "toys_box", Owned, columns=columns)
    (said,) = reasons(toys(models=base, permissions=view("box")))
    assert said.startswith("toys_box.other_id points at ")
    assert reason in said


@pytest.mark.parametrize("target", ["person", "department", "place", "contact", "toys_chest"])
def test_a_foreign_key_may_lead_to_what_everybody_shares(target):
    base = declarative_base("toys")
    model(base, "toys_chest", Global, reason="a chest", noun="box")
    columns = {"other_id": mapped_column(Integer, ForeignKey(f"{target}.id"))}
    model(base, "toys_box", Owned, columns=columns)
    assert reasons(toys(models=base, permissions=view("box"))) == []


def test_rows_cannot_follow_what_is_everybodys():
    base = declarative_base("toys")
    model(base, "toys_chest", Global, reason="a chest", noun="box")
    columns = {"chest_id": mapped_column(Integer, ForeignKey("toys_chest.id"))}
    model(base, "toys_box", Follows, columns=columns, follows=("chest_id",))
    (said,) = reasons(toys(models=base, permissions=view("box")))
    assert said == "Toys_Box follows Toys_Chest, whose rows are everybody's"


@pytest.mark.parametrize("target", ["person", "department", "place", "contact"])
def test_rows_may_follow_what_belongs_to_somebody(target):
    base = declarative_base("toys")
    columns = {"other_id": mapped_column(Integer, ForeignKey(f"{target}.id"))}
    model(base, "toys_box", Follows, columns=columns, follows=("other_id",))
    assert reasons(toys(models=base, permissions=view("box"))) == []


def test_rows_cannot_follow_a_number():
    base = declarative_base("toys")
    columns = {"other_id": mapped_column(Integer)}
    model(base, "toys_box", Follows, columns=columns, follows=("other_id", "missing"))
    assert [said.split(",")[0] for said in reasons(toys(models=base, permissions=view("box")))] == [
        "Toys_Box follows 'other_id'",
        "Toys_Box follows 'missing'",
    ]


def test_a_broken_mapper_costs_one_plugin(tmp_path):
    base = declarative_base("toys")

    class Toy(Owned, base):
        __tablename__ = "toys_toy"
        id: Mapped[int] = mapped_column(primary_key=True)
        other = relationship("Item")

    plugin = toys(models=base, permissions=view("toy"))
    app = make_app(f"sqlite:///{tmp_path}/x.db", tmp_path, [plugin, cases.plugin])
    assert [f.slug for f in app.extensions["kantor"].failures] == ["toys"]
    assert list(app.extensions["kantor"].loaded) == ["cases"]
    base.registry.dispose()


def test_a_class_of_another_registry_is_named_as_a_class():
    base = declarative_base("toys")
    keeper = relationship(Person, foreign_keys="Toys_Box.owner_id")
    box = model(base, "toys_box", Owned, columns={"keeper": keeper})
    base.registry.configure(cascade=True)
    assert box.keeper.property.mapper.class_ is Person
    assert Department.__noun__ == "core.department"
    base.registry.dispose()


def test_a_contradictory_plugin_lists_every_problem():
    with pytest.raises(PluginDefinitionError) as caught:
        Plugin(
            slug="Toy Box",
            title="Toys",
            package="x",
            api=(2, 0),
            hue="pink",
            permissions=(Permission(name="other.x", title=message("x")),),
            roles=(RoleGrant(role="boss", permission="toys.a.b", reach="far"),),
            nav=(NavItem(endpoint="goods.items", title="Goods", permission="toys.a.b"),),
            provides={"stock": object()},
        )
    said = "\n".join(caught.value.problems)
    parts = ("must match", "interface 2.0", "hue", "must be", "not declared", "role 'boss'")
    assert all(part in said for part in (*parts, "reach 'far'", "outside the plugin", "service"))
    assert len(caught.value.problems) >= 9


@pytest.mark.parametrize("api", [(0, 9), (1, 1), (2, 0)])
def test_a_plugin_for_another_interface_is_refused(api):
    with pytest.raises(PluginDefinitionError, match="interface"):
        toys(api=api)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"templates/index.html": ""}, "template index.html must lie in templates/toys/"),
        ({"templates/goods/items.html": ""}, "template goods/items.html must lie in"),
        ({"templates/base.html": ""}, "template base.html must lie in"),
        ({"templates/toys/mail.txt": ""}, "template toys/mail.txt must end in .html"),
        ({"templates/toys/list.html.j2": ""}, "must end in .html"),
        ({"translations/id/LC_MESSAGES/messages.mo": b"not a catalogue"}, "cannot be read"),
        ({"translations/id/LC_MESSAGES/messages.po": b"\xff\xfe\x00"}, "cannot be read"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_templates_and_catalogues_are_looked_at_when_the_plugin_loads(package, files, reason):
    (said,) = reasons(toys(package(**files)))
    assert reason in said


def test_good_templates_and_catalogues_pass(package):
    catalogue = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
    files = {
        "templates/toys/index.html": "x",
        "templates/toys/parts/row.html": "x",
        "translations/id/LC_MESSAGES/messages.po": catalogue,
    }
    assert reasons(toys(package(**files))) == []


def test_templates_elsewhere_in_the_package_are_refused(package, tmp_path):
    from flask import Blueprint

    package(**{"pages/base.html": "mine"})
    blueprint = Blueprint("toys", "kantor_toys", root_path=str(tmp_path), template_folder="pages")
    (said,) = reasons(toys("kantor_toys", blueprint=blueprint))
    assert "not in templates/toys/" in said


def test_a_package_that_nobody_imported_is_refused():
    assert "say __name__" in reasons(toys("nowhere.at.all"))[0]


def test_a_name_of_core_is_no_name_for_a_plugin(tmp_path):
    """Purging drops tables by the plugin's name: no table or address of core may begin with it."""
    app = make_app(f"sqlite:///{tmp_path}/x.db", tmp_path, [])
    tables = {name.split("_")[0] for name, found in MODELS.items() if found.__slug__ == "core"}
    addresses = {str(rule).split("/")[1] for rule in app.url_map.iter_rules()}
    taken = tables | {address for address in addresses if address.isalnum()} | set(app.blueprints)
    assert taken <= RESERVED
    with pytest.raises(PluginDefinitionError, match="the portal's own"):
        Plugin(slug="case", title="Cases", package="x")


def test_confidential_rows_name_their_case():
    base = declarative_base("toys")
    box = model(base, "toys_box", Confidential)
    assert {key.target_fullname for key in box.__table__.c.case_id.foreign_keys} == {"case_file.id"}


def test_a_sentence_whose_translation_lost_a_gap_is_said_in_english(monkeypatch):
    class Wrong:
        def gettext(self, text):
            return "Halo {nama}"

    monkeypatch.setattr(messages, "translations", lambda language: Wrong())
    assert message("Hello {name}", name="Sari").in_language("id") == "Hello Sari"


def test_an_in_memory_database_is_refused(tmp_path):
    with pytest.raises(ValueError, match="use a file"):
        make_app("sqlite://", tmp_path, [])
