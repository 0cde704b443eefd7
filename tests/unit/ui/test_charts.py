"""Charts: what stands where, and what is refused."""

from datetime import date
from itertools import pairwise

import pytest

from portal.messages import current_language
from portal.ui.charts import bar_chart, line_step, row_chart
from tests.gallery.app import create_app


def drawn(*bars, **how):
    names = ["On hand", "On order"][: len(bars[0]) - 1] if bars else ["On hand"]
    return bar_chart(bars, names=names, sentence="Said in words.", **how)


@pytest.mark.parametrize(
    ("highest", "step"),
    [(0, 1), (1, 1), (3, 1), (4, 2), (10, 4), (75, 30), (90, 30), (91, 40), (2999, 1000)],
)
def test_the_lines_are_round_and_reach_the_highest_bar(highest, step):
    assert line_step(highest) == step


def test_a_chart_of_quantities_has_no_line_at_half_a_pen():
    assert [value for value, _ in drawn(("Mon", 1000), quantities=True).ticks] == [
        0, 1000, 2000, 3000
    ]  # fmt: skip


def test_a_bar_stands_on_the_ground_and_is_as_high_as_its_value():
    chart = drawn(("Mon", 30), ("Tue", 15), ("Wed", 0))
    blocks = [bar.blocks[0] for bar in chart.bars]
    assert [block.height for block in blocks] == [150, 75, 0]
    assert {block.y + block.height for block in blocks} == {170}
    assert chart.ticks[-1] == (30, 20)


def test_two_values_stand_side_by_side_and_touch_no_neighbour():
    chart = drawn(*((str(number), number, number) for number in range(12)))
    edges = [(b.x, b.x + b.width) for bar in chart.bars for b in bar.blocks]
    assert all(before[1] <= after[0] for before, after in pairwise(edges))
    assert edges[0][0] >= 40
    assert edges[-1][1] <= 716


def test_a_limit_above_all_bars_is_in_the_picture():
    chart = drawn(("Mon", 2), limit=(90, "at least 90"))
    assert chart.limit == (20, "at least 90")


def test_the_newest_bar_is_labelled_however_many_there_are():
    for number in (1, 5, 12, 13, 14, 40, 60):
        bars = drawn(*((str(i), i) for i in range(number))).bars
        assert bars[-1].labelled
        assert bars[-1].sparsely
        assert sum(bar.labelled for bar in bars) <= 13
        assert sum(bar.sparsely for bar in bars) <= 5
        assert all(bar.labelled for bar in bars if bar.sparsely)


def test_nothing_is_drawn_of_nothing():
    assert drawn().bars == ()


@pytest.mark.parametrize(
    "bars",
    [
        [("Mon", -1)],
        [("Mon",)],
        [("Mon", 1, 2, 3)],
        [("Mon", 1), ("Tue", 1, 2)],
        [(str(number), number) for number in range(61)],
    ],
)
def test_what_cannot_be_drawn_is_refused(bars):
    with pytest.raises(ValueError, match="bar"):
        bar_chart(bars, names=["a", "b", "c"][: len(bars[0]) - 1], sentence="")


@pytest.mark.parametrize(
    ("language", "near", "full"),
    [("en", "31 Aug", "31 Aug 2026"), ("id", "31 Agu", "31 Agu 2026")],
)
def test_a_day_is_written_in_the_readers_language(language, near, full):
    app, chart = create_app(), drawn((date(2026, 8, 31), 2500), quantities=True)
    spoken = current_language.set(language)
    try:
        with app.test_request_context():
            text = str(app.jinja_env.get_template("macros/chart.html").module.chart(chart))
    finally:
        current_language.reset(spoken)
    assert f">{near}</text>" in text
    assert f"<td>{full}</td>" in text
    assert f'<td class="num">{"2,5" if language == "id" else "2.5"}</td>' in text
    assert 'role="img" aria-label="Said in words."' in text
    assert "style=" not in text


def shown(chart, language="en"):
    app, spoken = create_app(), current_language.set(language)
    try:
        with app.test_request_context():
            return str(app.jinja_env.get_template("macros/chart.html").module.chart(chart))
    finally:
        current_language.reset(spoken)


def test_names_lie_under_each_other_and_the_longest_bar_is_the_whole_width():
    chart = row_chart(
        [("Nursing", 200, 50), ("Finance", 100, 0)],
        names=["Now", "Before"],
        sentence="Said in words.",
    )
    assert [row.shares for row in chart.rows] == [(100.0, 25.0), (50.0, 0.0)]
    text = shown(chart)
    assert 'role="img" aria-label="Said in words."' in text
    assert text.index("Nursing") < text.index("Finance")
    assert '<td class="num">50</td>' in text
    assert "style=" not in text


def test_rows_of_nothing_are_as_long_as_nothing():
    chart = row_chart([("Nursing", 0)], names=["Now"], sentence="")
    assert chart.rows[0].shares == (0.0,)
    assert row_chart([], names=["Now"], sentence="").rows == ()


@pytest.mark.parametrize(
    "rows", [[("a", -1)], [("a",)], [("a", 1, 2, 3)], [(str(n), n) for n in range(61)]]
)
def test_rows_that_cannot_be_drawn_are_refused(rows):
    with pytest.raises(ValueError, match="bar"):
        row_chart(rows, names=["a", "b", "c"][: len(rows[0]) - 1], sentence="")


@pytest.mark.parametrize(
    ("language", "near", "full", "amount"),
    [
        ("en", "Aug 26", "August 2026", "Rp 45,000,000"),
        ("id", "Agu 26", "Agustus 2026", "Rp 45.000.000"),
    ],
)
def test_a_line_of_amounts_by_month_has_few_signs_beside_it_and_all_in_the_table(
    language, near, full, amount
):
    chart = bar_chart(
        [(date(2026, 7, 1), 0), (date(2026, 8, 1), 4_500_000_000)],
        names=["Value"],
        sentence="Said in words.",
        money=True,
        line=True,
        months=True,
    )
    text = shown(chart, language)
    assert f">{near}</text>" in text
    assert f"<td>{full}</td>" in text
    assert f'<td class="num">{amount}</td>' in text
    assert f">60{'M' if language == 'en' else ' jt'}</text>" in text.replace("\xa0", " ")
    assert text.count("<polyline") == 1
    assert "<rect" not in text
