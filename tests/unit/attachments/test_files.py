"""Files that lie with records: pictures drawn anew, the rest downloads, programs refused."""

from __future__ import annotations

import io
import os
import re
import struct
import tempfile
import zlib

import pytest
from PIL import Image

from portal.attachments.models import Attachment
from portal.attachments.photos import drawn_anew
from portal.attachments.rules import picture_kind, refusal
from portal.files.models import StoredFile
from portal.testing import sign_in, working_as
from tests.unit.talking import contact, rows, say

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
INERT = {
    "Content-Type": "application/octet-stream",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def jpeg(size=(300, 200), **more):
    target = io.BytesIO()
    Image.new("RGB", size, (200, 90, 30)).save(target, "JPEG", **more)
    return target.getvalue()


def with_gps():
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[1] = "S"
    exif.get_ifd(0x8825)[2] = (6.0, 10.0, 30.0)
    return jpeg(exif=exif.tobytes(), comment=b"SecretPlace")


def flood(width=60_000, height=60_000):
    """Return a small PNG that says it has 3.6 thousand million pixels."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.fixture
def assistant(portal_app, world):
    return sign_in(portal_app, world.people["assistant"])


@pytest.fixture
def firm(portal_app, world):
    return contact(portal_app, "Jaya")


def attach(app, browser, firm, name, body):
    """Return the row of a file that was attached."""
    answer = say(browser, firm, "", files={name: body})
    assert answer.status_code == 303, re.search(r'id="talk-error".*?</div>', answer.text, re.DOTALL)
    return rows(app, Attachment)[-1]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("x.svg", SVG),
        ("x.png", SVG),
        ("x.html", HTML),
        ("x.xhtml", HTML),
        ("x.xml", b"<?xml version='1.0'?>" + SVG),
        ("x.jpg.html", HTML),
        ("x.pdf", b"%PDF-1.4 /OpenAction /JS (app.alert(1))"),
        ("x", b"plain"),
        ("x.gif", b"GIF" + HTML),
    ],
)
def test_what_is_no_picture_is_a_download_that_no_browser_runs(
    portal_app, assistant, firm, name, body
):
    row = attach(portal_app, assistant, firm, name, body)
    assert (row.type, row.name) == ("file", name)
    answer = assistant.get(f"/attachments/{row.public_id}")
    assert answer.data == body
    assert {key: answer.headers[key] for key in INERT} == INERT
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    for way in ("picture", "preview"):
        assert assistant.get(f"/attachments/{row.public_id}/{way}").status_code == 404
    assert f"/attachments/{row.public_id}/preview" not in assistant.get(f"/contacts/{firm}").text


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "a" * 300 + ".txt",
        "\u202egnp.exe.txt",
        "a\u0007\u2028b.txt",
        'q"uote;x.txt',
        "<img src=x onerror=alert(1)>.txt",
        "{{7*7}}.txt",
        "laporan bulan November 2026 \u2013 r\u00e9sum\u00e9 \u4e2d.txt",
    ],
)
def test_a_name_is_only_a_name(portal_app, assistant, firm, name):
    row = attach(portal_app, assistant, firm, name, b"text")
    assert len(row.name) <= 255
    assert not set(row.name) & set("/\\\r\n\u202e")
    answer = assistant.get(f"/attachments/{row.public_id}")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    shown = assistant.get(f"/contacts/{firm}").text
    assert "<img src=x" not in shown
    assert "49.txt" not in shown


def test_a_photo_is_drawn_anew_without_its_place_and_the_right_way_up(portal_app, assistant, firm):
    row = attach(portal_app, assistant, firm, "foto.JPG", with_gps())
    assert (row.type, row.name, row.width, row.height) == ("jpeg", "foto.JPG", 200, 300)
    for way, kind in (("picture", "image/jpeg"), ("preview", "image/jpeg"), ("", None)):
        answer = assistant.get(f"/attachments/{row.public_id}/{way}".rstrip("/"))
        assert kind is None or answer.mimetype == kind
        assert b"Secret" not in answer.data
        drawn = Image.open(io.BytesIO(answer.data))
        assert not dict(drawn.getexif())
    assert (
        max(
            Image.open(io.BytesIO(assistant.get(f"/attachments/{row.public_id}/preview").data)).size
        )
        <= 320
    )


def noise(width, height):
    target = io.BytesIO()
    Image.frombytes("RGB", (width, height), os.urandom(width * height * 3)).save(target, "JPEG")
    return target.getvalue()


def test_a_photo_as_large_as_phones_make_them_is_drawn_smaller():
    """From 500 kB on what is sent lies in a file, not in memory."""
    with tempfile.TemporaryFile() as sent:
        sent.write(noise(3_000, 1_500))
        sent.seek(0)
        sent.read(32)
        with drawn_anew(sent, "large.jpg") as picture:
            assert (picture.kind, picture.width, picture.height) == ("jpeg", 2_560, 1_280)
            assert Image.open(io.BytesIO(picture.body.read())).size == (2_560, 1_280)
            assert Image.open(io.BytesIO(picture.preview.read())).size == (320, 160)


def test_a_picture_that_is_a_page_as_well_is_only_a_picture_afterwards(portal_app, assistant, firm):
    row = attach(portal_app, assistant, firm, "x.html", jpeg() + HTML)
    assert (row.type, row.name) == ("jpeg", "x.jpg")
    answer = assistant.get(f"/attachments/{row.public_id}/picture")
    assert b"<script>" not in answer.data
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    again = assistant.get(
        f"/attachments/{row.public_id}/picture", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("flood.png", flood(), "more than 40 million pixels"),
        ("wide.png", flood(40_000_001, 1), "more than 40 million pixels"),
        ("cut.jpg", jpeg((800, 800))[:2_000], "cannot be read"),
        ("broken.png", b"\x89PNG\r\n\x1a\n" + b"nonsense", "cannot be read"),
        ("x.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "Save it as JPEG"),
        ("setup.exe", b"MZ\x90\0", "Programs cannot be attached"),
        ("notes.txt", b"MZ\x90\0", "Programs cannot be attached"),
        ("run.sh", b"#!/bin/sh", "Programs cannot be attached"),
        ("macro.VBS", b"MsgBox 1", "Programs cannot be attached"),
        ("trick.bat. ", b"echo", "Programs cannot be attached"),
        ("nothing.txt", b"", "is empty"),
    ],
)
def test_what_is_not_taken_is_said_with_the_words_kept(
    portal_app, assistant, firm, name, body, why
):
    answer = say(assistant, firm, "Words that stay", files={"good.txt": b"good", name: body})
    assert answer.status_code == 422
    assert why in answer.text
    assert "Words that stay</textarea>" in answer.text
    assert rows(portal_app, Attachment) == []


def test_a_large_photo_is_made_smaller(portal_app, assistant, firm):
    row = attach(portal_app, assistant, firm, "large.jpg", jpeg((5_000, 4_000)))
    assert (row.width, row.height) == (2560, 2048)


def test_a_transparent_picture_stays_transparent(portal_app, assistant, firm):
    target = io.BytesIO()
    Image.new("RGBA", (20, 10), (0, 0, 0, 0)).save(target, "WEBP")
    row = attach(portal_app, assistant, firm, "logo.webp", target.getvalue())
    assert (row.type, row.name) == ("png", "logo.png")


def test_at_most_twenty_files_at_once(portal_app, assistant, firm):
    many = {f"{number}.txt": b"x" for number in range(21)}
    answer = say(assistant, firm, "", files=many)
    assert answer.status_code == 422
    assert "at most 20 files" in answer.text


def test_a_file_is_taken_away_and_put_back(portal_app, assistant, firm):
    row = attach(portal_app, assistant, firm, "a.txt", b"a")
    removed = assistant.post(f"/attachments/{row.public_id}/remove")
    assert removed.status_code == 303
    shown = assistant.get(removed.location).text
    assert assistant.get(f"/attachments/{row.public_id}").status_code == 404
    assert assistant.post(re.search(r'action="(/undo/\w+)"', shown)[1]).status_code == 303
    assert assistant.get(f"/attachments/{row.public_id}").data == b"a"


def test_a_content_that_a_file_names_is_not_cleaned_away(portal_app, assistant, firm):
    from datetime import timedelta

    from portal.files import services as files

    row = attach(portal_app, assistant, firm, "a.txt", b"a")
    with working_as(portal_app) as tx:
        tx.now += timedelta(days=3)
        files.expire(tx)
        unused = files.unused_contents(tx, portal_app.extensions["kantor_files"])
    kept = rows(portal_app, StoredFile)
    assert {stored.id for stored in kept} == {row.file_id}
    assert kept[0].sha256 not in unused


def test_a_month_after_it_was_removed_a_file_is_forgotten(portal_app, assistant, firm):
    from datetime import timedelta

    from portal.attachments.services import forget_removed

    row = attach(portal_app, assistant, firm, "a.txt", b"a")
    assistant.post(f"/attachments/{row.public_id}/remove")
    with working_as(portal_app) as tx:
        forget_removed(tx, tx.now + timedelta(days=29))
    assert len(rows(portal_app, Attachment)) == 1
    with working_as(portal_app) as tx:
        forget_removed(tx, tx.now + timedelta(days=31))
    assert rows(portal_app, Attachment) == []


def test_kinds_are_told_by_the_first_bytes():
    assert picture_kind(b"RIFF\0\0\0\0WEBPVP8 ") == "webp"
    assert picture_kind(b"\0\0\0\x1cftypavif") == "avif"
    assert picture_kind(b"BM\0\0\0\0\0\0\0\0") == "bmp"
    assert picture_kind(b"BMW is a car, not a picture") == ""
    assert picture_kind(b"GIF87a") == "gif"
    assert refusal("a.txt", b"hello") is None
    assert refusal("exe", b"hello") is None
