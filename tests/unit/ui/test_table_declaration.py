"""A list that contradicts itself says everything that is wrong with it when it is declared."""

import pytest
from sqlalchemy import func, select
from wtforms import Form, StringField

from portal.contacts.models import Contact
from portal.people.models import Person
from portal.ui.table import Column, Table, TableDefinitionError, View, Withheld

NAME = Column("name", "Name", sort=(Contact.name_key, Contact.id))


def problems(**changed):
    declared = {"columns": (NAME,), "default_sort": "name"} | changed
    with pytest.raises(TableDefinitionError) as refused:
        Table("test", "core.contact.view", lambda tx: select(Contact.name), **declared)
    return refused.value.problems


def test_all_contradictions_are_listed_at_once():
    columns = (NAME, NAME, Column("x", "X", kind="colour", shown=False, export=False))
    found = problems(
        columns=columns, default_sort="-size", views=(View(key="v", title="V", sort="z"),)
    )
    assert found == [
        "name is there twice",
        "x: no kind 'colour'",
        "x is neither shown nor exported",
        "no column sorts by -size",
        "no column sorts by z",
    ]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ((Contact.name_key,), "no column of the order is unique"),
        ((Contact.department_id, Contact.id), "may be NULL"),
        ((func.lower(Contact.name), Contact.id), "not a mapped column"),
        ((Person.email, Person.id), "may be NULL"),
    ],
    ids=["not unique", "nullable", "an expression", "nullable text"],
)
def test_an_order_must_be_total_and_served_by_an_index(columns, reason):
    assert reason in problems(columns=(NAME, Column("x", "X", sort=columns)))[0]


def test_any_unique_column_makes_an_order_total():
    column = Column("public_id", "Id", sort=(Contact.public_id,))
    Table("t", "core.contact.view", lambda tx: None, columns=(column,), default_sort="public_id")


def test_the_default_order_is_one_that_everybody_sees():
    hidden = Column("name", "Name", sort=(Contact.name_key, Contact.id), permission="core.x.y")
    assert problems(columns=(hidden,)) == ["name is the default order, so everybody must see it"]


def test_a_filter_may_not_take_the_name_of_another_parameter():
    class Filters(Form):
        sort = StringField()
        q = StringField()

    assert problems(filters=Filters) == [
        "the filter q has a reserved name",
        "the filter sort has a reserved name",
    ]


def withheld(**more):
    return Withheld(rows=lambda actor: None, notice=lambda tx: "", **more)


def test_only_columns_of_the_list_are_withheld():
    assert problems(withheld=withheld(columns=("name", "size"))) == ["no column size to withhold"]


@pytest.mark.parametrize(
    ("more", "order", "criteria", "left_out"),
    [
        ({"columns": ("size",), "filters": ("state",)}, "name", (), False),
        ({"columns": ("size",), "filters": ("state",)}, "size", (), True),
        ({"columns": ("size",), "filters": ("state",)}, "name", ("place", "state"), True),
        ({"columns": ("size",), "filters": ("state",)}, "name", ("place",), False),
        ({}, "name", (), True),
    ],
)
def test_rows_are_left_out_where_their_place_would_tell(more, order, criteria, left_out):
    assert withheld(**more).leaves_out(order, criteria) is left_out


def test_a_view_holds_plain_values():
    assert problems(views=(View(key="v", title="V", criteria={"kinds": ["a"]}),)) == [
        "the view v has a criterion that cannot be kept"
    ]
