"""The time line: what was found where, the position, and the seconds."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from replay.material import Mark
from replay.viewer.arrangement import MARGIN
from replay.viewer.drawing.curve import column_of
from replay.viewer.timeline import Timeline
from replay.viewer.view import View
from tui.dashboard.drawing.rows import Row, cell, fit

GLYPHS: Final = {"reject": "█", "warn": "▄", "event": "◆"}
WHOLE: Final = "─"
"""What is about all of the episode."""
ORDER: Final = ("warn", "reject", "event")
"""What is drawn later covers what was drawn before: an event is one column only."""
STEPS_S: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
APART: Final = 10
"""Columns, at least, between numbers of seconds."""


def timeline_rows(view: View, width: int, height: int) -> list[Row]:
    """Marks, position, seconds."""
    timeline, across = view.loaded.timeline, width - MARGIN
    now = column_of(view.step, (0, timeline.last), across)
    marks = marks_row(view.loaded.marks, timeline.last, across)
    played: Row = [("━" * now, "counts"), ("●", "now"), ("─" * (across - now - 1), "dim")]
    rows: list[Row] = [
        [(cell(" marks", MARGIN), "dim"), *marks],
        [(cell(" time", MARGIN), "dim"), *played],
        [(" " * MARGIN, "dim"), (seconds_row(timeline, across), "dim")],
    ]
    return [fit(row, width) for row in rows[:height]]


def marks_row(marks: Sequence[Mark], last: int, width: int) -> Row:
    """Marks as stretches of glyphs."""
    cells: list[tuple[str, str]] = [(" ", "ink")] * width
    for mark in sorted(marks, key=lambda each: (not _is_whole(each, last), _order(each))):
        glyph = WHOLE if _is_whole(mark, last) else GLYPHS[mark.severity]
        begin, end = (column_of(step, (0, last), width) for step in (mark.first, mark.last))
        cells[begin : end + 1] = [(glyph, f"mark.{mark.severity}")] * (end + 1 - begin)
    return [
        ("".join(text for text, _ in run), style)
        for style, run in groupby(cells, key=lambda each: each[1])
    ]


def seconds_row(timeline: Timeline, width: int) -> str:
    """Numbers of seconds below where they are."""
    per_column = timeline.end_s / width
    every = next((each for each in STEPS_S if each >= APART * per_column), STEPS_S[-1])
    row = [" "] * width
    for number in range(int(timeline.end_s / every) + 1):
        text = f"{number * every:g} s" if number == 0 else f"{number * every:g}"
        at = column_of(timeline.step_at(number * every), (0, timeline.last), width)
        if at + len(text) <= width:
            row[at : at + len(text)] = text
    return "".join(row)


def _is_whole(mark: Mark, last: int) -> bool:
    return mark.severity != "event" and (mark.first, mark.last) == (0, last)


def _order(mark: Mark) -> int:
    return ORDER.index(mark.severity)
