"""Every component renders, in both languages, with nothing inline and every POST protected."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from flask import Flask
from jinja2 import UndefinedError
from markupsafe import Markup

from portal.messages import message
from portal.ui import rows
from portal.ui.assets import CORE_FOLDER
from portal.ui.shell import HUES
from tests.gallery.app import ERRORS, PAGES, create_app

ADDRESSES = [
    *(f"/{page}" if page != "components" else "/" for page in PAGES),
    "/sign-in",
    *(f"/error/{code}" for code in ERRORS),
    *(f"/error/{code}?anonymous=1" for code in ERRORS),
]
HTMX = {
    "hx-get", "hx-post", "hx-target", "hx-swap", "hx-trigger", "hx-include",
    "hx-push-url", "hx-indicator",
}  # fmt: skip


class Reader(HTMLParser):
    """What a browser would make of a page, as far as these tests ask."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.forms: list[tuple[dict[str, str | None], list[str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "form":
            self.forms.append((attributes, []))
        if tag == "input" and self.forms:
            self.forms[-1][1].append(attributes.get("name"))

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def app() -> Flask:
    app = create_app()
    app.testing = True
    return app


@pytest.fixture(params=["en", "id"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def page(app: Flask, address: str, language: str = "en", **headers: str) -> str:
    mark = "&" if "?" in address else "?"
    answer = app.test_client().get(f"{address}{mark}language={language}", headers=headers)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_is_whole_and_has_nothing_inline(app, address, language):
    text = page(app, address, language)
    read = Reader(text)
    assert ("html", language) in [(tag, attributes.get("lang")) for tag, attributes in read.tags]
    assert [tag for tag, _ in read.tags].count("main") == 1
    assert [tag for tag, _ in read.tags].count("h1") == 1
    for tag, attributes in read.tags:
        assert "style" not in attributes
        assert tag != "style"
        assert not [name for name in attributes if name.startswith(("on", "hx-on"))]
        assert {name for name in attributes if name.startswith("hx-")} <= HTMX
        if tag == "script":
            assert attributes["nonce"]
            assert attributes["src"]
    assert "None" not in [word.strip() for word in read.words if address != "/record"]
    assert not re.search(r"\{[a-z]+\}|%\(", " ".join(read.words)), "a gap was left unfilled"


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_form_that_changes_something_carries_token_and_key(app, address):
    for attributes, names in Reader(page(app, address)).forms:
        if attributes.get("method") == "post":
            assert {"csrf_token", "_key"} <= set(names)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_id_stands_twice(app, address):
    ids = [
        attributes["id"]
        for _, attributes in Reader(page(app, address)).tags
        if attributes.get("id")
    ]
    assert sorted(set(ids)) == sorted(ids)


def test_an_error_stands_beside_its_field_and_in_the_summary(app):
    read = Reader(page(app, "/form"))
    by_id = {attributes["id"]: attributes for _, attributes in read.tags if "id" in attributes}
    assert by_id["name"]["aria-invalid"] == "true"
    assert by_id["name"]["aria-describedby"] == "name-error"
    assert by_id["quantity"]["aria-describedby"] == "quantity-error quantity-help"
    assert {"name-error", "quantity-error", "quantity-help"} <= set(by_id)
    links = [attributes.get("href") for tag, attributes in read.tags if tag == "a"]
    assert {"#name", "#place", "#quantity", "#supplier"} <= set(links)
    assert "4 things need another look" in read.words


def test_each_input_has_a_label(app):
    read = Reader(page(app, "/form"))
    labelled = {attributes.get("for") for tag, attributes in read.tags if tag == "label"}
    shown = {
        attributes["id"]
        for tag, attributes in read.tags
        if tag in {"input", "select", "textarea"}
        and attributes.get("type") not in {"hidden", "radio", "checkbox"}
        and "id" in attributes
    }
    assert shown <= labelled


def test_text_of_people_is_never_markup(app):
    hostile = "<script>alert(1)</script>"
    with app.test_request_context("/"):
        environment = app.jinja_env
        source = (
            '{% from "macros/layout.html" import card, facts, pill, page_header, timeline, tabs %}'
            '{% from "macros/table.html" import plain_table %}'
            "{{ page_header(x, meta=x, pill_text=x) }}{{ facts([(x, x)]) }}{{ pill(x) }}"
            '{{ tabs([(x, "/", true, x)], x) }}{{ plain_table([x], [[(x, x, x, x)]], x) }}'
            "{{ x|paragraphs }}{% call card(x, meta=x) %}{{ x }}{% endcall %}"
        )
        text = environment.from_string(source).render(x=hostile)
    assert hostile not in text
    assert "&lt;script&gt;" in text


def test_a_name_that_nobody_defined_is_an_error(app):
    with app.test_request_context("/"), pytest.raises(UndefinedError):
        app.jinja_env.from_string("{{ nothing }}").render()


def test_none_is_printed_as_nothing(app):
    assert app.jinja_env.from_string("[{{ x }}]").render(x=None) == "[]"


HTMX_REQUEST = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "main#main"}


def test_htmx_gets_the_main_part_and_the_title(app):
    text = page(app, "/list", **HTMX_REQUEST)
    assert text.startswith("<title>Items – Klinik Sinar Medika</title>")
    assert "<html" not in text
    assert "Copy paper A4" in text
    assert 'class="side"' not in text


def test_htmx_gets_the_block_named_like_its_target(app):
    template = app.jinja_env.from_string(
        '{% extends "base.html" %}{% from "macros/layout.html" import pill %}'
        "{% block main %}whole{% block rows %}{{ pill('part') }}{% endblock %}{% endblock %}"
    )
    from portal.ui import render

    with app.test_request_context("/", headers=HTMX_REQUEST | {"HX-Target": "div#rows"}):
        app.preprocess_request()
        text = render.render(template)
    assert "part" in text
    assert "whole" not in text


@pytest.mark.parametrize(
    "headers", [{}, HTMX_REQUEST | {"HX-Request-Type": "full"},
                HTMX_REQUEST | {"HX-History-Restore-Request": "true"}]
)  # fmt: skip
def test_whoever_wants_the_whole_page_gets_it(app, headers):
    assert "<html" in page(app, "/list", **headers)


def test_a_list_says_its_order_and_offers_others(app):
    read = Reader(page(app, "/list"))
    heads = [a for tag, a in read.tags if tag == "th" and a.get("class") != "sel"]
    assert [head.get("aria-sort") for head in heads] == ["ascending", None, None, None, None]
    assert "?sort=place" in [a.get("href") for tag, a in read.tags if tag == "a"]
    cells = [a for tag, a in read.tags if tag == "td" and "data-l" in a]
    assert [cell["data-l"] for cell in cells[:5]] == [
        "Item", "Place", "On hand", "Status", "Last counted"
    ]  # fmt: skip


def test_an_empty_list_says_what_to_do(app):
    words = Reader(page(app, "/empty")).words
    assert "No items yet" in words
    assert "Add the first item" in words


def test_a_chart_says_in_words_and_in_a_table_what_it_draws(app):
    text = page(app, "/record")
    assert 'role="img" aria-label="Reams in the main store' in text
    assert "Show as table" in text
    assert "<rect" in text


@pytest.mark.parametrize("hue", HUES)
def test_every_hue_has_a_class_and_a_value_for_each_theme(hue):
    sheet = (CORE_FOLDER / "kantor.css").read_text()
    assert f".m-{hue} {{ --m: var(--k-{hue}) }}" in sheet
    assert len(re.findall(rf"--k-{hue}: #[0-9a-f]{{6}}", sheet)) == 2


def test_the_pages_of_errors_say_what_to_do_next(app):
    for code in ERRORS:
        words = [word.strip() for word in Reader(page(app, f"/error/{code}")).words]
        assert any(word.endswith(".") and len(word) > 25 for word in words), code
    assert "7f3a9c1b2d4e5f60" in page(app, "/error/500")


def test_an_edit_conflict_shows_both_versions(app):
    text = page(app, "/error/409")
    assert '<mark class="diffm">Copy paper A4</mark>' in text
    assert '<mark class="diffm">Copy paper A4 80 g</mark>' in text
    assert "<dd>ream</dd>" in text


class Column:
    def __init__(self, title: str, kind: str = "text", primary: bool = False) -> None:
        self.title, self.kind, self.primary, self.align = title, kind, primary, "start"


def test_every_value_of_a_row_is_escaped_however_it_comes():
    columns = [Column("Item", primary=True), Column("<b>", "pill")]
    plain = [[("<i>", "/a?b&c", '"', None), ("low", None, None, "warn")]]
    text = str(rows.body(columns, plain))
    assert '<a href="/a?b&amp;c">&lt;i&gt;</a><small>&#34;</small>' in text
    assert 'data-l="&lt;b&gt;"><span class="pill warn">low</span></td>' in text
    split = [[("<i>\x00<u>", None, None, None), ("", None, None, "warn")]]
    assert "&lt;i&gt;\x00&lt;u&gt;" in rows.body(columns, split)
    mixed = [[(message("{n} <u>", n=1), None, None, None), (Markup("<em>"), None, None, None)]]
    assert "1 &lt;u&gt;" in rows.body(columns, mixed)
    assert "<em>" in rows.body(columns, mixed)


def test_an_empty_state_has_no_pill_around_nothing():
    assert "span" not in rows.body([Column("State", "pill")], [[("", None, None, "mute")]])


def test_the_frame_and_the_forms_speak_indonesian(app):
    text = page(app, "/form", "id")
    assert "Langsung ke isi" in text
    assert "4 hal perlu dilihat lagi" in text
    assert "“1.000” punya lebih dari satu arti. Tulis 1000 atau 1." in text
    assert "boleh kosong" in text
    assert "kemarin 19.05" in page(app, "/record", "id")
