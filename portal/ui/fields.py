"""Form fields that read strictly, by the reader's language, and show again what was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup, escape
from wtforms import Field, SelectFieldBase, StringField, widgets
from wtforms.fields.choices import Choice

from portal import numbers
from portal.messages import Message, current_language, message, translate
from portal.numbers import NumberFormat, Unreadable
from portal.ui.checks import Check, Refusal

Match = tuple[str, str] | tuple[str, str, str]
_FORMATS = {"id": NumberFormat.COMMA, "en": NumberFormat.POINT}
_NOT_LISTED = message("Choose one of the list.")
_TYPED = {"autocomplete": "off"}
LONGEST_WORDS = 100  # letters that are looked for; SQLite refuses to look for very many
_MATCHES_SHOWN = 10


def number_format(language: str | None = None) -> NumberFormat:
    """Return how numbers are written in ``language``, the reader's unless given."""
    return _FORMATS.get(language or current_language.get(), NumberFormat.POINT)


class TextField(StringField):
    """One line of text without blanks at its ends; nothing entered gives ``empty``."""

    def __init__(
        self,
        label: Any = None,
        checks: Sequence[Check] = (),
        *,
        empty: str | None = None,
        **more: Any,
    ) -> None:
        # A field that was not sent at all is as empty as one that was sent empty.
        super().__init__(label, checks, **({"default": empty} | more))
        self.empty = empty

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            # A line cannot hold a control character; a pasted one would be invisible on the page.
            text = "".join(char if char.isprintable() else " " for char in valuelist[0])
            self.data = text.strip() or self.empty


class AreaField(TextField):
    """Several lines of text."""

    widget = widgets.TextArea()

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            text = valuelist[0].replace("\r\n", "\n").replace("\r", "\n")
            kept = "".join(char for char in text if char in "\n\t" or char.isprintable())
            self.data = kept.strip() or self.empty


class StrictField(Field):
    """Reads one kind of value strictly; a subclass says how it is read and shown."""

    widget = widgets.TextInput()
    keyboard = "text"

    def __init__(self, label: Any = None, checks: Sequence[Check] = (), **more: Any) -> None:
        drawn = _TYPED | {"inputmode": self.keyboard} | more.pop("render_kw", {})
        super().__init__(label, checks, render_kw=drawn, **more)
        self.typed: str | None = None

    def read(self, text: str) -> Any:
        """Return the value, or raise Unreadable."""
        raise NotImplementedError

    def show(self, value: Any) -> str:
        """Return a value as it stands in the field; read() gives the same value back."""
        raise NotImplementedError

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist:
            return
        self.typed, self.data = valuelist[0], None
        if not valuelist[0].strip():
            return
        try:
            self.data = self.read(valuelist[0])
        except Unreadable as unreadable:
            raise ValueError(unreadable.problem) from None

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        return "" if self.data is None else self.show(self.data)


class QuantityField(StrictField):
    """A quantity in thousandths of its unit: ``1,5`` in Indonesian, ``1.5`` in English, is 1500."""

    keyboard = "decimal"

    def __init__(
        self,
        label: Any = None,
        checks: Sequence[Check] = (),
        *,
        minimum: int | None = 0,
        **more: Any,
    ) -> None:
        super().__init__(label, checks, **more)
        self.minimum = minimum

    def read(self, text: str) -> int:
        return numbers.parse_quantity(text, number_format(), minimum=self.minimum)

    def show(self, value: int) -> str:
        return plain_number(value, numbers.QUANTITY_DIGITS, number_format())


class MoneyField(StrictField):
    """An amount in minor units of ``currency``, which the view may set when the form is made."""

    keyboard = "decimal"

    def __init__(
        self,
        label: Any = None,
        checks: Sequence[Check] = (),
        *,
        currency: str = "IDR",
        minimum: int | None = 0,
        **more: Any,
    ) -> None:
        super().__init__(label, checks, **more)
        self.currency, self.minimum = currency, minimum

    def read(self, text: str) -> int:
        return numbers.parse_money(text, number_format(), self.currency, minimum=self.minimum)

    def show(self, value: int) -> str:
        return plain_number(value, numbers.minor_digits(self.currency), number_format())


class WholeField(StrictField):
    """A whole number."""

    keyboard = "numeric"

    def __init__(
        self,
        label: Any = None,
        checks: Sequence[Check] = (),
        *,
        minimum: int | None = 0,
        maximum: int | None = None,
        **more: Any,
    ) -> None:
        super().__init__(label, checks, **more)
        self.minimum, self.maximum = minimum, maximum

    def read(self, text: str) -> int:
        value = numbers.parse_integer(text, number_format(), minimum=self.minimum)
        if self.maximum is not None and value > self.maximum:
            raise Unreadable(message("Write at most {largest}.", largest=self.maximum))
        return value

    def show(self, value: int) -> str:
        return str(value)


class DateField(StrictField):
    """A date, entered with the browser's own calendar and sent as ``2026-11-21``."""

    widget = widgets.DateInput()

    def read(self, text: str) -> date:
        return numbers.parse_date(text, None)

    def show(self, value: date) -> str:
        return value.isoformat()


class _Select(widgets.Select):
    """Writes options directly: WTForms takes ten times as long, and filters have many."""

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        attributes.setdefault("id", field.id)
        for flag in self.validation_attrs:
            if getattr(field.flags, flag, None):
                attributes.setdefault(flag, True)
        options = [
            f'<option{" selected" if choice.selected else ""} value="{escape(choice.value)}">'
            f"{escape(choice.label)}</option>"
            for choice in field.iter_choices()
        ]
        named = widgets.html_params(name=field.name, **attributes)
        # Every value in it went through escape().
        return Markup(f"<select {named}>{''.join(options)}</select>")  # noqa: S704


class ChoiceField(SelectFieldBase):
    """One of a short list of (value, title); ``blank`` titles a first line that means none.

    ``choices`` may be set to a function that returns the list: it is asked for when first needed,
    which a form that is sent with the blank line never does.
    """

    widget = _Select()
    _choices: Any = ()

    def __init__(
        self,
        label: Any = None,
        checks: Sequence[Check] = (),
        *,
        choices: Iterable[tuple[Any, Message | str]] = (),
        coerce: Callable[[Any], Any] = str,
        blank: Message | str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(label, checks, **more)
        self.choices, self.coerce, self.blank = list(choices), coerce, blank

    @property
    def choices(self) -> Sequence[tuple[Any, Message | str]]:
        """What is offered, as (value, title)."""
        if callable(self._choices):
            self._choices = self._choices()
        offered: Sequence[tuple[Any, Message | str]] = self._choices
        return offered

    @choices.setter
    def choices(self, offered: Any) -> None:
        self._choices = offered

    def iter_choices(self) -> Iterator[Choice]:
        if self.blank is not None:
            yield Choice("", translate(self.blank), self.data is None, {})
        language, nothing = current_language.get(), self.data is None
        for value, title in self.choices:
            shown = title if type(title) is str else translate(title, language)
            yield Choice(value, shown, False if nothing else self.chosen(value), {})

    def chosen(self, value: Any) -> bool:
        """Return whether ``value`` is what was chosen."""
        return self.data is not None and bool(self.coerce(value) == self.data)

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist:
            return
        if not valuelist[0].strip():  # The blank line, or a crafted request: the checks decide.
            self.data = None
            return
        try:
            self.data = self.coerce(valuelist[0])
        except (TypeError, ValueError):
            self.data = None
            raise ValueError(_NOT_LISTED) from None

    def pre_validate(self, form: Any) -> None:
        if self.data is not None and not any(self.chosen(value) for value, _ in self.choices):
            raise Refusal(_NOT_LISTED)


class RadioField(ChoiceField):
    """One of two to five choices, all in view."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.RadioInput()


class ManyField(ChoiceField):
    """Any number of a short list, as check boxes; ``data`` is a list."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def chosen(self, value: Any) -> bool:
        return self.coerce(value) in (self.data or ())

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = []
        try:
            self.data = [self.coerce(value) for value in valuelist if value.strip()]
        except (TypeError, ValueError):
            raise ValueError(_NOT_LISTED) from None

    def pre_validate(self, form: Any) -> None:
        if not set(self.data or ()) <= {self.coerce(value) for value, _ in self.choices}:
            raise Refusal(_NOT_LISTED)


class PickField(Field):
    """One of many, found by typing; ``data`` is its public id.

    The view gives it ``search`` (words -> matches) and ``title`` (public id -> what is shown, or
    None). Without script the words are sent: a single match is taken, several are ``matches``.
    """

    widget = widgets.TextInput()

    def __init__(self, label: Any = None, checks: Sequence[Check] = (), **more: Any) -> None:
        super().__init__(label, checks, **more)
        self.search: Callable[[str], Sequence[Match]] = lambda words: ()
        self.title: Callable[[str], str | None] = lambda value: None
        self.matches: Sequence[Match] = ()
        self.words = ""

    @property
    def shown(self) -> str:
        """What stands in the text field: the words typed, else the title of what is chosen."""
        return self.words or (self.title(self.data) or "" if self.data else "")

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        super().process(formdata, *args, **kwargs)
        if formdata:
            # A match that was ticked answers the words; what was picked before only if they agree.
            ticked = formdata.get(f"{self.name}_pick")
            typed = formdata.get(f"{self.name}_q", "").strip()[:LONGEST_WORDS]
            self.words = "" if ticked else typed
            self.data = ticked or formdata.get(self.name) or None
            if self.words:  # Not empty: words that fit nothing are wrong in an optional field too.
                self.raw_data = [self.words]

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Leave it to process(), which sees the words as well."""

    def pre_validate(self, form: Any) -> None:
        title = self.title(self.data) if self.data else None
        if self.data and title is None:
            self.data = None
            raise Refusal(_NOT_LISTED)
        if title is not None and self.words.casefold() in ("", title.casefold()):
            self.words = ""
            return
        self.data = None
        if self.words:
            self._find_by_words()

    def _find_by_words(self) -> None:
        found = tuple(self.search(self.words))[:_MATCHES_SHOWN]
        same = [match for match in found if match[1].casefold() == self.words.casefold()]
        if len(same or found) != 1:
            self.matches = found
            raise Refusal(_NOT_LISTED)
        self.data, self.words = (same or found)[0][0], ""


def plain_number(scaled: int, digits: int, written: NumberFormat) -> str:
    """Return a number as a form shows it: ungrouped, and read back as the same value."""
    whole, rest = divmod(abs(scaled), 10**digits)
    shown = str(whole)
    if rest:
        decimals = f"{rest:0{digits}d}".rstrip("0")
        # Exactly three decimals could be read as a group of thousands; a leading 0 rules that out.
        lead = "0" if len(decimals) == 3 and 0 < whole < 1000 else ""
        shown = f"{lead}{shown}{written.decimal}{decimals}"
    return f"-{shown}" if scaled < 0 else shown
