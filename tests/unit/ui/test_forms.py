"""Forms read strictly, say what is wrong in the reader's language, and make commands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from werkzeug.datastructures import MultiDict

from portal.messages import current_language, message
from portal.ui import forms

SUPPLIERS = [("k", "Kertaloka", "paper"), ("t", "Tintara"), ("n", "Tintara Nusa")]


class ReceiptForm(forms.Form):
    name = forms.TextField("Name", [forms.required(), forms.longest(10)])
    quantity = forms.QuantityField("Quantity", [forms.required()])
    price = forms.MoneyField("Price", [forms.optional()])
    number = forms.WholeField("Packs", [forms.optional()], maximum=99)
    day = forms.DateField("Day", [forms.optional()])
    until = forms.DateField("Until", [forms.not_before("day", message("Not before the day."))])
    place = forms.ChoiceField(
        "Place", [forms.required()], choices=[(1, "Store"), (2, "Office")], coerce=int, blank=""
    )
    days = forms.ManyField("Days", choices=[("mo", "Monday"), ("tu", "Tuesday")])
    note = forms.AreaField("Note")
    mail = forms.TextField("E-mail", [forms.email()])


class PickForm(forms.Form):
    supplier = forms.PickField("Supplier", [forms.required()])


@dataclass(frozen=True)
class Receive:
    name: str
    quantity: int
    item_id: int


@pytest.fixture(params=["en", "id"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    token = current_language.set(request.param)
    yield request.param
    current_language.reset(token)


def filled(**values: str) -> ReceiptForm:
    good = {"name": "Paper", "quantity": "2", "place": "1"}
    form = ReceiptForm(MultiDict(good | values))
    form.validate()
    return form


def said(form: forms.Form, name: str) -> list[str]:
    return [str(error) for error in form[name].errors]


def test_a_good_form_has_no_errors_and_typed_values():
    form = filled(price="1500", number="3", day="2026-11-21", until="2026-11-21", days="mo")
    assert form.errors == {}
    assert (form.quantity.data, form.price.data, form.number.data) == (2000, 150_000, 3)
    assert (form.day.data, form.place.data, form.days.data) == (date(2026, 11, 21), 1, ["mo"])


@pytest.mark.parametrize(
    ("typed", "en", "id_"),
    [
        ("1.5", 1500, None),
        ("1,5", None, 1500),
        ("0.125", 125, None),
        ("0,125", None, 125),
        ("1000", 1_000_000, 1_000_000),
        ("1,000.5", 1_000_500, None),
        ("1.000,5", None, 1_000_500),
        ("1.000", None, None),
        ("1,000", None, None),
        ("1.2345", None, None),
        ("1,2345", None, None),
        ("3.01043E+13", None, None),
        ("-1", None, None),
        ("one", None, None),
        ("½", None, None),
        ("٣", None, None),
        ("1 000", 1_000_000, 1_000_000),
        (" 7 ", 7000, 7000),
    ],
)
def test_a_quantity_has_one_meaning_in_the_readers_language_or_is_refused(language, typed, en, id_):
    expected = en if language == "en" else id_
    form = filled(quantity=typed)
    assert form.quantity.data == expected
    assert bool(form.quantity.errors) == (expected is None)
    assert form.quantity._value() == typed, "what was typed stays for mending"


def test_one_separator_with_three_digits_is_not_guessed(language):
    form = filled(quantity="1.000")
    assert "1.000" in said(form, "quantity")[0]
    assert "1000" in said(form, "quantity")[0]


def test_nothing_entered_says_so_once():
    form = filled(name="   ", quantity="")
    assert said(form, "name") == ["Fill this in."]
    assert said(form, "quantity") == ["Fill this in."]


def test_what_cannot_be_read_is_not_called_missing():
    assert len(said(filled(quantity="abc"), "quantity")) == 1
    assert "abc" in said(filled(quantity="abc"), "quantity")[0]


def test_zero_is_an_answer():
    assert filled(quantity="0").errors == {}


def test_limits_are_said_with_their_number():
    assert said(filled(name="x" * 11), "name") == ["Write at most 10 characters."]
    assert said(filled(number="100"), "number") == ["Write at most 99."]
    assert said(filled(day="2026-11-21", until="2026-11-20"), "until") == ["Not before the day."]
    assert said(filled(mail="nobody"), "mail")[0].startswith("Write an e-mail address")
    assert filled(mail="a@b.example").errors == {}


@pytest.mark.parametrize("crafted", ["3", "x", "0", "-1", "1; drop table"])
def test_a_choice_outside_the_list_is_refused(crafted):
    assert said(filled(place=crafted), "place") == ["Choose one of the list."]


def test_several_choices_outside_the_list_are_refused():
    assert said(filled(days="fr"), "days") == ["Choose one of the list."]


def test_text_loses_blanks_and_what_cannot_be_seen():
    form = filled(name=" A4\u0000\u200b ", note=" one\r\ntwo\u0007 ")
    assert form.name.data == "A4"
    assert form.note.data == "one\ntwo"
    assert filled(note="  ").note.data is None


def test_unknown_fields_are_ignored():
    form = filled(is_administrator="1")
    assert form.errors == {}
    assert "is_administrator" not in form.data


def test_a_command_is_made_of_the_fields_it_names():
    command = filled().command(Receive, item_id=7)
    assert command == Receive(name="Paper", quantity=2000, item_id=7)


def test_a_command_that_wants_more_is_a_programming_error():
    with pytest.raises(TypeError):
        filled().command(Receive)


def test_what_a_service_refused_stands_beside_its_field():
    form = filled()
    form.add_errors({"name": message("There is one already."), "stock": message("Too little.")})
    assert said(form, "name") == ["There is one already."]
    assert [str(error) for error in form.form_errors] == ["Too little."]
    assert [field.name for field in forms.fields_with_errors(form)] == ["name"]


def test_stored_values_are_shown_in_the_readers_language(language):
    form = ReceiptForm(data={"quantity": 1_125, "price": 245_000_050, "day": date(2026, 11, 21)})
    shown = {"en": ("01.125", "2450000.5"), "id": ("01,125", "2450000,5")}[language]
    assert (form.quantity._value(), form.price._value()) == shown
    assert form.day._value() == "2026-11-21"


def picked(**values: str) -> PickForm:
    form = PickForm(MultiDict(values))
    form.supplier.search = lambda words: [m for m in SUPPLIERS if words.lower() in m[1].lower()]
    form.supplier.title = lambda key: next((m[1] for m in SUPPLIERS if m[0] == key), None)
    form.validate()
    return form


def test_a_picked_row_is_taken():
    form = picked(supplier="k", supplier_q="Kertaloka")
    assert (form.errors, form.supplier.data, form.supplier.shown) == ({}, "k", "Kertaloka")


def test_words_alone_find_the_only_match():
    assert picked(supplier_q="kerta").supplier.data == "k"


def test_words_that_are_a_whole_name_find_it_among_longer_ones():
    assert picked(supplier_q="tintara").supplier.data == "t"


def test_several_matches_are_offered():
    form = picked(supplier_q="ta")
    assert said(form, "supplier") == ["Choose one of the list."]
    assert [match[0] for match in form.supplier.matches] == ["k", "t", "n"]
    assert form.supplier.shown == "ta"


def test_a_match_that_was_ticked_answers_the_words():
    assert picked(supplier_q="ta", supplier_pick="n").supplier.data == "n"


def test_a_name_typed_over_counts_more_than_what_was_picked_before():
    assert picked(supplier="k", supplier_q="Tintara Nusa").supplier.data == "n"


def test_a_row_that_may_not_be_picked_is_refused():
    form = picked(supplier="secret", supplier_q="")
    assert said(form, "supplier") == ["Choose one of the list."]
    assert form.supplier.data is None


def test_nothing_picked_says_so():
    assert said(picked(supplier_q=""), "supplier") == ["Fill this in."]


def test_choices_are_asked_for_once_and_only_when_something_is_chosen_or_shown():
    asked = []

    class RoomForm(forms.Form):
        room = forms.ChoiceField("Room", [forms.optional()], blank="None")

    def rooms():
        asked.append("rooms")
        return [("a", "Archive")]

    def sent(value):
        form = RoomForm(MultiDict({"room": value}))
        form.room.choices = rooms
        return form

    assert sent("").validate()
    assert asked == []
    form = sent("a")
    assert form.validate()
    assert "Archive" in str(form.room())
    assert asked == ["rooms"]
    assert not sent("b").validate()


def test_a_choice_of_nothing_but_spaces_is_the_blank_line():
    class Chosen(forms.Form):
        room = forms.ChoiceField("Room", [forms.optional()], choices=[("a", "A")], blank="None")

    form = Chosen(MultiDict({"room": "\t\r\n"}))
    assert form.validate()
    assert form.room.data is None


def test_ticks_of_nothing_but_spaces_are_no_ticks():
    class Ticked(forms.Form):
        rooms = forms.ManyField("Rooms", [forms.optional()], choices=[("a", "A")])

    form = Ticked(MultiDict([("rooms", " \t"), ("rooms", "a")]))
    assert form.validate()
    assert form.rooms.data == ["a"]


def test_of_very_many_words_typed_into_a_picker_the_first_are_looked_for():
    class Picked(forms.Form):
        supplier = forms.PickField("Supplier", [forms.optional()])

    asked = []
    form = Picked(MultiDict({"supplier_q": "é" * 40_000}))
    form.supplier.search = lambda words: asked.append(words) or ()
    assert not form.validate()
    assert asked == ["é" * 100]
