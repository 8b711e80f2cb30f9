"""Leader, command and follower of a joint in one picture of cells."""

from collections.abc import Mapping
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from replay.material import Motion
from replay.viewer.drawing.curve import BLANK, LARGEST, Range, braille, column_of, dots, range_of
from tui.dashboard.drawing.rows import Row

NAMES: Final = ("leader", "command", "follower")
"""What is drawn later covers what was drawn before."""
LETTERS: Final = {"leader": "L", "command": "C", "follower": "F"}
EVERY: Final = 36
"""Columns from a line's letter to its next one; the lines take turns."""
GRIPPER: Final = Range(-0.05, 1.05)

Floats = npt.NDArray[np.float64]


class Chart(NamedTuple):
    """What a chart is drawn from. `window`: first and last step; `step`: the position."""

    series: Mapping[str, Floats]
    axis: Range
    window: tuple[int, int]
    step: int


def chart_of(motion: Motion, joint: int, window: tuple[int, int], step: int) -> Chart:
    """The chart of a joint; its axis is the same wherever the window is."""
    series = series_of(motion, joint)
    axis = range_of(*series.values())
    if motion.joint_names[joint].endswith("gripper"):
        axis = Range(min(axis.low, GRIPPER.low), max(axis.high, GRIPPER.high))
    return Chart(series, axis, window, step)


def series_of(motion: Motion, joint: int) -> dict[str, Floats]:
    """(T,) each."""
    arrays = (motion.leader, motion.action, motion.qpos)
    return {name: each[:, joint] for name, each in zip(NAMES, arrays, strict=True)}


def chart_rows(chart: Chart, width: int, height: int, letters: bool) -> list[Row]:
    """The lines, with the position as a vertical line."""
    codes = np.zeros((height, width), np.int64)
    above = np.full((height, width), -1)
    for number, name in enumerate(NAMES):
        cells = braille(dots(chart.series[name], chart.window, chart.axis, width, height))
        codes |= cells
        above[cells > 0] = number
    now = column_of(chart.step, chart.window, width)
    written = _letters(chart, width, height) if letters else {}
    return [_row(codes[y], above[y], y, now, written) for y in range(height)]


def _letters(chart: Chart, width: int, height: int) -> dict[tuple[int, int], str]:
    """Where each line's letter stands, by row and column: names of lines."""
    first, last = chart.window
    places = {}
    for number, name in enumerate(NAMES):
        for column in range(EVERY // 6 + number * EVERY // 3, width, EVERY):
            step = first + column * (last - first + 1) // width
            value = float(chart.series[name][step])
            if abs(value) < LARGEST:
                share = (chart.axis.high - value) / (chart.axis.high - chart.axis.low)
                places[round(share * (4 * height - 1)) // 4, column] = name
    return places


def _row(
    codes: npt.NDArray[np.int64],
    above: npt.NDArray[np.int64],
    y: int,
    now: int,
    letters: Mapping[tuple[int, int], str],
) -> Row:
    cells = []
    for x, (code, number) in enumerate(zip(codes.tolist(), above.tolist(), strict=True)):
        suffix = ".now" if x == now else ""
        if (name := letters.get((y, x))) is not None:
            cells.append((LETTERS[name], f"line.{name}{suffix}"))
        elif code:
            cells.append((chr(BLANK + code), f"line.{NAMES[number]}{suffix}"))
        else:
            cells.append(("│", "now") if suffix else (" ", "ink"))
    return [
        ("".join(text for text, _ in run), style)
        for style, run in groupby(cells, key=lambda cell: cell[1])
    ]
