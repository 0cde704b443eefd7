"""Documents on paper: the same template as PDF and as a page to print; codes that cameras read."""

import re
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from portal import pdf as renderer
from portal.commands.doctor import examine
from portal.db import db
from portal.messages import current_language
from portal.testing import codes_of, make_app, pdf_pages, require_pdf, sign_in
from portal.ui.qr import qr
from portal.web import pdf, print_view

LETTER = """{% extends "paper.html" %}{% block title %}Handover{% endblock %}
{% block sheet %}<h1>Handover</h1><p>{{ words }}</p>{{ more }}{% endblock %}"""
ADDRESS = "HTTPS://PORTAL.EXAMPLE.ORG/E/7K3M9QX2"


@pytest.fixture
def app(portal_app):
    return portal_app


def letter(app, *, how=pdf, query="format=pdf", more="", words="Three keys."):
    """Return the answer, made as inside a request."""
    with app.test_request_context(f"/letter?{query}", base_url="http://localhost"):
        page = app.jinja_env.from_string(LETTER)
        names = ("handover.pdf",) if how is pdf else ()
        return how(page, *names, words=words, more=Markup(more))


def test_a_pdf_says_what_the_template_says_under_the_name_of_the_organisation(app):
    require_pdf()
    made = letter(app)
    assert made.mimetype == "application/pdf"
    assert made.headers["Content-Disposition"].startswith("inline; filename=handover.pdf")
    (page,) = pdf_pages(made.data)
    assert "Three keys." in page
    assert "Kantor Handover ·" in page
    assert "Page 1 of 1" in page


def test_every_page_has_its_number_and_the_head_of_the_table_again(app):
    require_pdf()
    rows = "".join(f"<tr><td>Row {number}</td></tr>" for number in range(120))
    pages = pdf_pages(letter(app, more=f"<table><thead><tr><th>What</th></tr></thead>{rows}").data)
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert "What" in page


def test_the_foot_speaks_the_language_of_the_reader(app):
    require_pdf()
    with app.test_request_context("/letter?format=pdf", base_url="http://localhost"):
        current_language.set("id")
        page = app.jinja_env.from_string(LETTER)
        (text,) = pdf_pages(pdf(page, "x.pdf", words="", more="").data)
    assert "Halaman 1 dari 1" in text


def test_markup_in_a_name_stays_text(app):
    require_pdf()
    (page,) = pdf_pages(letter(app, words="<script>alert(1)</script> & Co").data)
    assert "<script>alert(1)</script> & Co" in page


def test_the_renderer_reads_nothing_but_what_is_packaged(app, tmp_path):
    require_pdf()
    asked = []

    class Bait(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Bait)
    Thread(target=server.serve_forever, daemon=True).start()
    secret = tmp_path / "secret.txt"
    secret.write_text("the safe opens with 4711")
    bait = f"http://127.0.0.1:{server.server_port}"
    baits = (
        f'<img src="{bait}/a.png" alt=""><link rel="stylesheet" href="{bait}/b.css">'
        f'<img src="file://{secret}" alt="no picture"><object data="file://{secret}"></object>'
        f'<link rel="attachment" href="file://{secret}"><style>@import "{bait}/c.css";'
        f"@font-face {{ font-family: x; src: url({bait}/d.woff2) }}</style>"
        f'<svg><image href="{bait}/e.png"/><use href="{bait}/f.svg#x"/></svg>'
        f'<img src="/static/../../pyproject.toml" alt=""><img src="http://localhost/audit" alt="">'
    )
    try:
        made = letter(app, more=baits).data
    finally:
        server.shutdown()
        server.server_close()
    assert asked == []
    assert b"4711" not in made
    assert "4711" not in "".join(pdf_pages(made))


def test_no_address_outside_the_portal_is_opened(app, monkeypatch):
    require_pdf()
    letter(app)  # what it imports is imported now

    def refuse(*_):
        raise AssertionError("a document opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert letter(app, more='<img src="https://example.org/x.png" alt="">').status_code == 200


def test_the_print_view_offers_the_pdf_and_prints_without_headers(app):
    page = letter(app, how=print_view, query="what=keys&what=doors")
    assert "Three keys." in page
    assert "data-print" in page
    assert "Page " not in page
    if not renderer.missing():
        assert 'href="/letter?what=keys&amp;what=doors&amp;format=pdf"' in page
    assert not re.search(r"\sstyle=|<script(?![^>]*nonce)", page)


def test_without_the_libraries_the_print_view_says_so(app, monkeypatch):
    monkeypatch.setattr(renderer, "missing", lambda: "cannot load library 'libpango'")
    answer = letter(app)
    assert answer.mimetype == "text/html"
    assert "cannot make PDF files yet" in answer.get_data(as_text=True)
    assert "Three keys." in answer.get_data(as_text=True)
    assert "As PDF" not in answer.get_data(as_text=True)
    with pytest.raises(renderer.PdfMissing):
        renderer.document("<p>", address="http://localhost", packaged=lambda _: None)


def test_doctor_says_which_library_is_missing(app, monkeypatch):
    monkeypatch.setattr(renderer, "missing", lambda: "cannot load library 'libpango'")
    (found,) = (p for p in examine(app) if "No PDF" in str(p.title))
    assert "libpango" in str(found.title)
    assert "apt install" in str(found.remedy)
    assert not found.severe


def test_pdfs_are_counted_as_exports(portal_template, tmp_path, world):
    _, database = portal_template
    strict = make_app(database.url, tmp_path, [], rates={"export": 2, "write": 100})
    client = sign_in(strict, world.people["administrator"])
    answers = [client.get("/?format=pdf").status_code for _ in range(3)]
    with strict.app_context():
        db.engine.dispose()
    assert answers == [200, 200, 429]


def test_a_code_is_read_back_and_named():
    drawn = str(qr(ADDRESS, "Opens the shelf"))
    assert 'role="img" aria-label="Opens the shelf"' in drawn
    require_pdf()
    assert codes_of(drawn) == [ADDRESS]


def test_a_code_beside_its_text_is_passed_over_by_screen_readers():
    assert 'aria-hidden="true"' in qr(ADDRESS, None)
    assert "aria-label" not in qr(ADDRESS, None)


def test_an_upper_case_address_makes_a_smaller_code():
    size = [
        int(re.search(r"viewBox=\"0 0 (\d+)", qr(text))[1]) for text in (ADDRESS, ADDRESS.lower())
    ]
    assert size[0] < size[1]


@given(st.text(min_size=1, max_size=40).filter(lambda t: t.isprintable() and t.strip()))
@settings(max_examples=20)
def test_any_text_is_drawn_and_nothing_of_it_becomes_markup(text):
    drawn = str(qr(text))
    assert re.fullmatch(r"<svg [^<>]*><rect [^<>]*/><path [^<>]*/></svg>", drawn)
