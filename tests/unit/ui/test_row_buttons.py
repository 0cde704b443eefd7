"""Buttons at the end of a row: each leads where its row says; no value gets out of its place."""

from __future__ import annotations

from portal.ui.rows import PlainColumn, body
from portal.ui.table.page import Button

COLUMNS = [PlainColumn("Key"), PlainColumn("Name", primary=True)]
ROW = [("K-1", None, None, None), ('Front "door" <b>', None, None, None)]


def test_a_button_says_of_which_row_it_is_and_belongs_to_the_form_of_the_list():
    shown = body(COLUMNS, [ROW], buttons=[[Button("Lend", "/keys/1?a=1&b=2", True)]], row_form="f")
    assert 'aria-label="Lend: Front &#34;door&#34; &lt;b&gt;"' in shown
    assert '<button class="b s"' in shown
    assert 'form="f" formaction="/keys/1?a=1&amp;b=2"' in shown


def test_what_only_leads_elsewhere_is_a_link():
    shown = body(COLUMNS, [ROW], buttons=[[Button("Show", "/keys/1", False)]])
    assert '<a class="b s" aria-label="Show: Front' in shown
    assert "formaction" not in shown


def test_a_row_without_buttons_keeps_its_empty_cell():
    shown = body(COLUMNS, [ROW, ROW], buttons=[[], [Button("Show", "/keys/1", False)]])
    assert shown.count('<td role="cell" class="do">') == 2
    assert '<td role="cell" class="do"></td>' in shown


def test_without_buttons_there_is_no_cell_for_them():
    assert "do" not in body(COLUMNS, [[("K-1", None, None, None), ("Gate", None, None, None)]])


def test_a_thing_to_do_in_a_row_has_no_label_before_it_on_a_phone():
    columns = [PlainColumn("Item", primary=True), PlainColumn("Ask", export=False)]
    rows = body(columns, [[("Pens", None, None, None), ("Ask for this", "/ask", None, None)]])
    assert '<td role="cell" class="to"><a href="/ask">Ask for this</a></td>' in rows
