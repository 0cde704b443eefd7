"""Addresses are built once and kept; where the portal lies and what is asked for counts."""

from __future__ import annotations

from flask import url_for

from portal.gate import LONGEST_KEPT, Portal, public


def portal():
    app = Portal(__name__)

    @app.get("/things/<name>")
    @public("a page of a test")
    def thing(name):
        return name

    return app


def test_an_address_is_the_same_the_second_time_and_follows_what_is_asked():
    with portal().test_request_context("/"):
        for _ in range(2):
            assert url_for("thing", name="a b") == "/things/a%20b"
            assert url_for("thing", name="a b", q="x&y") == "/things/a%20b?q=x%26y"
            assert url_for("thing", name="1") == url_for("thing", name=1) == "/things/1"
            assert url_for("thing", name="a", _external=True) == "http://localhost/things/a"


def test_an_address_lies_below_the_road_on_which_the_portal_is_asked():
    app = portal()
    for road in ("/kantor", "", "/kantor"):
        with app.test_request_context("/", base_url=f"http://localhost{road}"):
            assert url_for("thing", name="a") == f"{road}/things/a"


def test_what_somebody_typed_at_length_is_not_kept():
    app = portal()
    with app.test_request_context("/"):
        assert url_for("thing", name="x" * LONGEST_KEPT).endswith("x")
        assert app._addresses == {}
