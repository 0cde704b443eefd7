"""Invented data that the samples of the kit are drawn with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from werkzeug.datastructures import MultiDict

from portal.activity.story import Entry, File, Story
from portal.messages import message
from portal.subjects.own import CORE_SUBJECTS
from portal.subjects.rules import Told
from portal.subjects.services import Described
from portal.ui import formats, forms
from portal.ui.charts import bar_chart
from portal.ui.shell import HUES

ITEMS = [
    ("Ballpoint pen, blue", "WRI-0012", "Front office", 12000, "pens", "Low", "warn", 1),
    ("Copy paper A3 80 g", "PAP-0002", "Copier room", 9000, "reams", "Enough", "ok", 1),
    ("Copy paper A4 80 g", "PAP-0001", "Main store", 18500, "reams", "Low", "warn", 0),
    ("Document folder A4", "FIL-0005", "Front office", 64000, "pieces", "Enough", "ok", 4),
    ("Envelope DL, self-seal", "PAP-0020", "Front office", 0, "pieces", "Out", "bad", 9),
    ("Nitrile gloves M", "HYG-0003", "Main store", 8000, "boxes", "Low", "warn", 0),
    ("Paper clip 33 mm", "FIL-0021", "Main store", 24000, "boxes", "Too much", "info", 50),
    ("Toner black, copier K320", "PRT-0004", "Copier room", 1000, "piece", "Low", "warn", 3),
]
WEEKS = [(66, 10), (45, 30), (22, 80), (80, 0), (58, 12), (41, 9)]
WEEKS += [(26, 40), (8, 100), (92, 0), (68, 5), (45, 9), (18, 50)]
PLACES = [("main", "Main store"), ("front", "Front office"), ("copier", "Copier room")]


class FilterForm(forms.Form):
    """What a list is narrowed by."""

    place = forms.ChoiceField(message("Place"), choices=PLACES, blank=message("Any place"))
    category = forms.TextField(message("Category"))


class ItemForm(forms.Form):
    """A field of every kind."""

    version = forms.HiddenField()
    name = forms.TextField(message("Name"), [forms.required(), forms.longest(80)])
    place = forms.ChoiceField(message("Place"), [forms.required()], choices=PLACES, blank="")
    quantity = forms.QuantityField(message("Quantity"), [forms.required()])
    price = forms.MoneyField(message("Price"), [forms.optional()])
    day = forms.DateField(message("Date"), [forms.optional()])
    kind = forms.RadioField(
        message("Kind"),
        [forms.required()],
        choices=[("a", "Used up"), ("b", "Lent"), ("c", "Sold")],
    )
    days = forms.ManyField(message("Days"), choices=[("1", "Monday"), ("2", "Tuesday")])
    supplier = forms.PickField(message("Supplier"), [forms.required()])
    secret = forms.PasswordField(message("Password"), [forms.optional()])
    note = forms.AreaField(
        message("Note"), [forms.optional()], description=message("Everybody reads it.")
    )
    file = forms.FileField(message("File"), [forms.optional()])
    active = forms.BooleanField(message("In use"))


def matches(arguments: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return the suppliers whose name holds the words."""
    known = [("k", "Kertaloka", "paper"), ("t", "Tintara", "toner"), ("s", "Saniloka", "hygiene")]
    words = arguments.get("supplier_q", "").casefold()
    return [match for match in known if words in match[1].casefold()]


def a_list(rows: bool = True) -> Any:  # long: a page of a list, value by value
    """Return a page of a list as a declared Table gives it."""
    column = SimpleNamespace
    heads = [
        column(
            key="name",
            title="Item",
            kind="link",
            align="start",
            sort_url="?sort=-name",
            sorted="ascending",
            primary=True,
        ),
        column(
            key="place",
            title="Place",
            kind="text",
            align="start",
            sort_url="?sort=place",
            sorted=None,
            primary=False,
        ),
        column(
            key="on_hand",
            title="On hand",
            kind="quantity",
            align="end",
            sort_url=None,
            sorted=None,
            primary=False,
        ),
        column(
            key="state",
            title="Status",
            kind="pill",
            align="start",
            sort_url=None,
            sorted=None,
            primary=False,
        ),
        column(
            key="counted",
            title="Last counted",
            kind="date",
            align="start",
            sort_url=None,
            sorted=None,
            primary=False,
        ),
    ]
    today = date(2026, 11, 21)
    cells = [
        [
            (name, f"/record?{code}", code, None),
            (place, None, None, None),
            (formats.quantity(on_hand, "en"), None, unit, None),
            (state, None, None, tone),
            (formats.day(today - timedelta(days=days), "en", "short"), None, None, None),
        ]
        for name, code, place, on_hand, unit, state, tone, days in ITEMS
    ]
    chips = [
        SimpleNamespace(label="Place", text="Place is Main store", url="?"),
        SimpleNamespace(label="Category", text="Category is Paper", url="?"),
    ]
    link = SimpleNamespace
    return SimpleNamespace(
        name="items",
        path="/list",
        columns=heads,
        notice="",
        buttons=(),
        rows=cells if rows else [],
        next_url="?after=x",
        previous_url=None,
        count=1001,
        count_text="1,000+",
        count_label="1,000+ rows",
        filters=FilterForm(),
        search="",
        chips=chips if rows else [],
        kept=[("sort", "name")],
        tabs=[
            SimpleNamespace(title="All", url="?", current=True),
            SimpleNamespace(title="Below minimum", url="?view=below", current=False),
            SimpleNamespace(title="Not counted for 30 days", url="?view=old", current=False),
        ],
        exports=[link(label="CSV", url="?format=csv"), link(label="Excel", url="?format=xlsx")],
        exports_of_all=[link(label="CSV", url="?format=csv&columns=")],
        sorts=[head for head in heads if head.sort_url],
        arranging=SimpleNamespace(
            columns_url="/lists/inventory.items/columns",
            height_url="/lists/inventory.items/height",
            choices=[
                SimpleNamespace(key=h.key, title=h.title, shown=True, fixed=h.primary)
                for h in heads
            ],
            height="normal",
            chosen=True,
            link="?columns=name",
            place="token",
            query="",
        ),
        views=SimpleNamespace(
            url="/lists/inventory.items/views",
            opening_url="/lists/inventory.items/opening",
            current="",
            opens=True,
            saved=None,
            editable=False,
            changed=False,
            may_share=True,
            widget_url="",
            mail_url="",
            notice="",
        ),
        blanks=[],
        bulk=SimpleNamespace(
            actions=[link(label="Set status", url="/form", icon="circle-check")],
            all_label="All in this view, at most 1,000",
            ids=[row[1] for row in ITEMS],
        ),
        clear_url="?" if rows else None,
        empty=SimpleNamespace(
            title="No items yet",
            text="Bring in the spreadsheet you keep, or add the first item by hand.",
            actions=[
                link(label="Import a spreadsheet", url="/form", icon="upload"),
                link(label="Add the first item", url="/form", icon="plus"),
            ],
        ),
    )


def a_story(now: datetime, comment: str) -> Story:
    """Return what people said and did about a supplier; ``comment`` is the id of a comment."""
    (contact,) = (one for one in CORE_SUBJECTS if one.name == "core.contact")
    record = Described(subject=contact, id=0, public_id="sample", label="Kertaloka", number="")
    said = Told(at=now - timedelta(minutes=12), text="", person="Dewi Anggraini")
    done = Told(
        at=now - timedelta(days=2),
        text="changed a contact",
        person="Agus Nugroho",
        changes=(("Phone", "021 555 0100", "021 555 0199"),),
    )
    return Story(
        record=record,
        entries=(
            Entry(
                part="comment",
                id=2,
                at=said.at,
                told=said,
                public_id=comment,
                pieces=(("They deliver on Tuesdays now.", ""),),
            ),
            Entry(part="act", id=1, at=done.at, told=done),
        ),
        files=(File(public_id="sample", name="Prices.pdf", type="file", size=48_200),),
        watchers=(("sample", "Dewi Anggraini"),),
    )


def context(  # long: names and values, no steps
    now: datetime, today: date, *, rows: bool = True
) -> dict[str, Any]:
    """Return what the samples name; without ``rows`` the list is empty."""
    filled = ItemForm(MultiDict({"name": "", "quantity": "1.000", "kind": "a", "supplier_q": "a"}))
    filled.supplier.search = lambda words: matches({"supplier_q": words})
    filled.validate()
    return {
        "hues": HUES,
        "table": a_list(rows=rows),
        "form": filled,
        "fresh": ItemForm(prefix="fresh-"),
        "story": a_story(now, "talk"),
        "older": a_story(now, ""),
        "now": now,
        "today": today,
        "kpis": [
            {
                "label": "Below minimum",
                "value": "8",
                "hint": "2 already on order",
                "hue": "teal",
                "url": "/empty",
                "points": [10, 12, 9, 16, 18, 22, 20],
            },
            {
                "label": "Stock value",
                "value": "Rp 12.450.000",
                "hint": "in 3 places",
                "hue": "teal",
                "points": [4, 6, 5, 8, 9, 7, 9],
            },
            {
                "label": "Issued this week",
                "value": "38",
                "hint": "12 people",
                "hue": "amber",
                "url": "/list",
                "points": [3, 4, 6, 2, 7, 5, 8],
            },
            {
                "label": "Receipts",
                "value": "4",
                "hint": "last one today",
                "hue": "indigo",
                "url": "/list",
                "points": [1, 0, 2, 1, 3, 1, 4],
            },
        ],
        "weeks": bar_chart(
            [(str(36 + i), a, b) for i, (a, b) in enumerate(WEEKS)],
            names=["On hand", "On order"],
            sentence="Reams in the main store at the end of each week: 92 after the delivery in"
            " October, 18 now.",
            head="Week",
            limit=(71, "at least 71"),
        ),
        "events": [
            {
                "person": "Dewi Anggraini",
                "text": "counted 18 in Main store, 2 fewer",
                "at": now - timedelta(minutes=12),
                "detail": "Reason: taken without a note",
                "amount": "\u22122",
                "amount_meta": "18 left",
            },
            {
                "icon": "package-export",
                "person": "",
                "text": "Issued 5 reams to Front office",
                "at": now - timedelta(hours=15),
                "amount": "\u22125",
                "amount_meta": "20 left",
                "url": "/record",
            },
            {
                "person": "Rina Puspita",
                "text": "commented",
                "at": now - timedelta(days=9),
                "note": "The box below is damp.\nI moved the reams up.\n\nFacilities know.",
            },
            {
                "icon": "pencil",
                "text": "Agus Nugroho changed the item",
                "at": now - timedelta(days=26),
                "changes": [("Minimum", "60", "71"), ("Category", None, "Paper")],
            },
        ],
        "item_facts": [
            ("Code", "PAP-0001"),
            ("Category", "Paper, copy paper"),
            ("Unit", "Ream of 500 sheets"),
            ("Supplier", "Kertaloka", "/record"),
            ("Lead time", None),
            ("Last price", "Rp 275.000 a box, 26 Oct"),
        ],
    }
