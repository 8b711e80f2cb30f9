"""Lines are drawn where the values are, and a column of the screen is the moment that it shows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rich.cells import cell_len

from replay.material import Mark, Severity
from replay.viewer.drawing.chart import Chart, chart_rows
from replay.viewer.drawing.curve import BLANK, Range, braille, column_of, dots, range_of, step_of
from replay.viewer.panels.timeline import marks_row, seconds_row
from replay.viewer.timeline import timeline_of
from tui.dashboard.drawing.rows import width_of

UNIT = Range(0.0, 1.0)
MAX = 2000


def text_of(values: list[float], width: int, height: int) -> list[str]:
    """A line from its first step to its last."""
    line = np.array(values)
    codes = braille(dots(line, (0, len(line) - 1), UNIT, width, height))
    return ["".join(chr(BLANK + code) for code in row) for row in codes.tolist()]


def test_a_line_is_drawn_where_it_is() -> None:
    assert text_of([1.0] * 4, 2, 1) == ["⠉⠉"]
    assert text_of([0.0] * 4, 2, 1) == ["⣀⣀"]
    assert text_of([0.0, 1 / 3, 2 / 3, 1.0], 2, 1) == ["⡠⠊"]


def test_a_steep_line_has_no_gaps() -> None:
    drawn = dots(np.array([0.0, 0.0, 1.0, 1.0]), (0, 3), UNIT, 2, 4)
    assert drawn.any(axis=1).all()


def test_many_steps_in_a_column_leave_their_extremes() -> None:
    values = np.zeros(1000)
    values[503] = 1.0
    drawn = dots(values, (0, 999), UNIT, 10, 3)
    assert drawn[0].any()
    assert drawn[-1].all()


@given(
    arrays(np.float64, st.integers(1, 60), elements=st.floats(allow_nan=True)),
    st.integers(1, 30),
    st.integers(1, 6),
    st.data(),
)
def test_any_values_make_rows_of_that_size(
    values: np.ndarray, width: int, height: int, data: st.DataObject
) -> None:
    last = data.draw(st.integers(0, len(values) - 1))
    first = data.draw(st.integers(0, last))
    step = data.draw(st.integers(first, last))
    series = dict.fromkeys(("leader", "command", "follower"), values)
    chart = Chart(series, range_of(values), (first, last), step)
    rows = chart_rows(chart, width, height, letters=True)
    assert [width_of(row) for row in rows] == [width] * height
    assert sum(style.endswith("now") for row in rows for _, style in row) == height


@given(st.integers(0, MAX), st.integers(0, MAX), st.integers(1, 300), st.data())
def test_a_click_goes_to_what_is_drawn_there(
    first: int, length: int, width: int, data: st.DataObject
) -> None:
    window = first, first + length
    column = data.draw(st.integers(0, width - 1))
    step = step_of(column, window, width)
    assert first <= step <= first + length
    if length + 1 >= width:  # else not every column has a step
        assert column_of(step, window, width) == column


marks = st.builds(
    lambda first, length, severity: Mark(first, min(first + length, 99), severity, "stale", "text"),
    st.integers(0, 99),
    st.integers(0, 99),
    st.sampled_from(("reject", "warn", "event")),
)


@given(st.lists(marks, max_size=8), st.integers(1, 150))
def test_any_marks_make_a_row_of_that_width(some: list[Mark], width: int) -> None:
    assert width_of(marks_row(some, 99, width)) == width


@pytest.mark.parametrize("severity", ["warn", "event"])
def test_what_is_short_or_bad_is_not_covered(severity: Severity) -> None:
    whole = Mark(0, 99, "reject", "skew", "all of it")
    long = Mark(20, 59, "warn", "stale", "long")
    bad = Mark(30, 39, "reject", "stale", "bad")
    other = Mark(80, 80, severity, "stale", "short")
    row = marks_row([bad, other, long, whole], 99, 100)
    text = "".join(text for text, _ in row)
    assert text[:20] == "─" * 20
    assert text[20:60] == "▄" * 10 + "█" * 10 + "▄" * 20
    assert text[80] == {"warn": "▄", "event": "◆"}[severity]


@given(st.integers(1, 50_000), st.integers(20, 190))
def test_seconds_stand_apart(steps: int, width: int) -> None:
    text = seconds_row(timeline_of(steps, 50, None), width)
    assert cell_len(text) == width
    numbers = text.replace(" s", "").split()
    assert numbers == sorted(numbers, key=float)
    assert len(numbers) <= width // 5
