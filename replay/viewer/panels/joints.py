"""The joints: one large plot, all of them in small ones, or numbers."""

from itertools import zip_longest
from typing import Final

import numpy as np

from replay.material import Motion
from replay.viewer.arrangement import MARGIN
from replay.viewer.drawing.chart import LETTERS, NAMES, chart_of, chart_rows, series_of
from replay.viewer.drawing.curve import column_of
from replay.viewer.state import LAYOUTS
from replay.viewer.view import View
from teleop.joints import GRIPPER
from teleop.tick import Limited
from tui.dashboard.drawing.rows import Row, beside, cell, cut, fit, lines_of, title, width_of

LIMIT_WORDS: Final = {
    Limited.POSITION: "position",
    Limited.VELOCITY: "velocity",
    Limited.STEP: "step",
    Limited.NOT_FINITE: "not finite",
}
LEGEND: Final = "  ".join(f"{LETTERS[name]} {name}" for name in NAMES)
LABEL: Final = 15
"""Columns of a joint's name in the grid and in the numbers."""
GUTTER: Final = 2


def joints_rows(view: View, width: int, height: int) -> list[Row]:
    """In the layout that was chosen."""
    motion = view.loaded.motion
    if motion is None:
        fault = view.loaded.faults.get("joints") or view.loaded.fault or "nothing is known of them"
        lines = lines_of(fault, width - 2, height - 1)
        return [title("JOINTS", "", width, warn=True), *([(f" {line}", "warn")] for line in lines)]
    match LAYOUTS[view.state.layout]:
        case "plot":
            return _plot(view, motion, width, height)
        case "grid":
            return _grid(view, motion, width, height)
        case _:
            return _numbers(view, motion, width, height)


# ---- one joint -----------------------------------------------------------------------------------


def _plot(view: View, motion: Motion, width: int, height: int) -> list[Row]:
    joint = view.state.joint
    of = f"{motion.joint_names[joint]}  {joint + 1}/{len(motion.joint_names)}"
    rows = [title(of, _stretch(view), width), *_values(view, motion, width)]
    chart = chart_of(motion, joint, view.window, view.step)
    limits = _limits_row(view, motion, width)
    room, across = height - len(rows) - len(limits), width - MARGIN
    drawn = chart_rows(chart, across, max(room, 1), letters=True)
    labels = {0: chart.axis.high, room - 1: chart.axis.low}
    if room >= 7:
        labels[room // 2] = chart.axis.high + (chart.axis.low - chart.axis.high) * (
            (room // 2) / (room - 1)
        )
    for y, row in enumerate(drawn):
        label = f"{labels[y]:.2f}" if y in labels else ""
        rows.append([(f"{cut(label, MARGIN - 2):>{MARGIN - 2}} ", "dim"), ("▏", "axis"), *row])
    return [*rows, *limits]


def _stretch(view: View) -> str:
    """Which part of the time is plotted."""
    first, last = view.window
    timeline = view.loaded.timeline
    whole = "all: " if (first, last) == (0, timeline.last) else ""
    return f"{whole}{timeline.at(first):.1f}-{timeline.at(last):.1f} s"


def _values(view: View, motion: Motion, width: int) -> list[Row]:
    """The legend, with the numbers of the step; in a narrow panel below each other."""
    joint, step = view.state.joint, view.step
    parts: list[Row] = [
        [
            (f" {LETTERS[name]} ", f"letter.{name}"),
            (f" {name:<8}", "dim"),
            (f" {_number(values[step])}  ", "strong"),
        ]
        for name, values in series_of(motion, joint).items()
    ]
    parts.append([(unit_of(motion.joint_names[joint]), "dim")])
    if limits := limits_of(int(motion.limited[step, joint])):
        parts.append([(f"  limited: {limits}", "warn")])
    rows: list[Row] = [[(" ", "ink")]]
    for part in parts:
        if width_of([*rows[-1], *part]) > width:
            rows.append([(" ", "ink")])
        rows[-1] = [*rows[-1], *part]
    return rows


def _limits_row(view: View, motion: Motion, width: int) -> list[Row]:
    """Where limits changed the command of this joint, if they did anywhere."""
    limited = motion.limited[:, view.state.joint] != 0
    if not limited.any():
        return []
    first, last = view.window
    across = width - MARGIN
    marks = [" "] * across
    for step in (first + np.flatnonzero(limited[first : last + 1])).tolist():
        marks[column_of(step, view.window, across)] = "▲"
    return [[(cell("limited", MARGIN), "dim"), ("".join(marks), "warn")]]


def unit_of(joint: str) -> str:
    """Of a joint's values."""
    return "0-1" if joint.endswith(GRIPPER) else "rad"


def limits_of(flags: int) -> str:
    """Which limits changed a command, in words."""
    return ", ".join(word for limit, word in LIMIT_WORDS.items() if flags & limit)


def _number(value: float) -> str:
    return f"{value:7.3f}" if abs(value) < 1000 else f"{value:7.0f}"


# ---- all joints ----------------------------------------------------------------------------------


def _grid(view: View, motion: Motion, width: int, height: int) -> list[Row]:
    """A small plot of each, an arm a column."""
    columns, per_column = _columns(motion)
    tile = (width - GUTTER * (columns - 1)) // columns
    rows = max((height - 1) // per_column, 1)
    tiles = [_tile(view, motion, joint, tile, rows) for joint in range(len(motion.joint_names))]
    stretch = _stretch(view)
    legend = f"{LEGEND}   {stretch}"
    head = title("JOINTS", legend if len(legend) < width - 10 else stretch, width)
    return [head, *_side_by_side(tiles, per_column, tile, columns)]


def _tile(view: View, motion: Motion, joint: int, width: int, rows: int) -> list[Row]:
    chart = chart_of(motion, joint, view.window, view.step)
    drawn = chart_rows(chart, width - LABEL, rows, letters=False)
    chosen = "key" if joint == view.state.joint else "strong"
    value = f"F {_number(motion.qpos[view.step, joint])} {unit_of(motion.joint_names[joint])}"
    limits = limits_of(int(motion.limited[view.step, joint]))
    labels: list[Row] = [[(cell(short_name(motion.joint_names[joint]), LABEL - 1), chosen)]]
    labels += [[(value, "dim")], [(limits, "warn")]]
    return beside(labels[: len(drawn)], drawn, LABEL - 1, 1)


def _numbers(view: View, motion: Motion, width: int, height: int) -> list[Row]:
    """The numbers of the step, of every joint."""
    columns, per_column = _columns(motion)
    tile = (width - GUTTER * (columns - 1)) // columns
    tiles = [[_line(view, motion, joint, tile)] for joint in range(len(motion.joint_names))]
    head = title("JOINTS", f"{LEGEND}   rad, gripper 0-1", width)
    return [head, *_side_by_side(tiles, per_column, tile, columns)]


def _line(view: View, motion: Motion, joint: int, width: int) -> Row:
    name = motion.joint_names[joint]
    label = LABEL if width >= LABEL + 27 else max(width - 27, 6)
    row: Row = [(cell(short_name(name), label), "key" if joint == view.state.joint else "ink")]
    limits = limits_of(int(motion.limited[view.step, joint]))
    for each, values in series_of(motion, joint).items():
        mark = "▲" if limits and each == "command" else " "
        value = _number(values[view.step])[:7]
        row += [(mark, "warn"), (LETTERS[each], f"line.{each}"), (value, "strong")]
    return fit([*row, (f"  limited: {limits}" if limits else "", "warn")], width)


def _columns(motion: Motion) -> tuple[int, int]:
    """An arm a column: how many of them, and joints in each."""
    sides = len({name.partition("_")[0] for name in motion.joint_names})
    columns = 2 if sides == 2 else 1
    return columns, -(-len(motion.joint_names) // columns)


def _side_by_side(tiles: list[list[Row]], per_column: int, width: int, columns: int) -> list[Row]:
    left = [row for tile in tiles[:per_column] for row in tile]
    right = [row for tile in tiles[per_column:] for row in tile]
    if columns == 1:
        return left
    pairs = zip_longest(left, right, fillvalue=())
    return [[*fit(list(one), width), (" " * GUTTER, "ink"), *two] for one, two in pairs]


def short_name(joint: str) -> str:
    """`left_waist` as `L waist`."""
    side, _, name = joint.partition("_")
    return f"{side[:1].upper()} {name.replace('_', ' ')}" if name else joint
