"""Lines over time in braille: every cell is two dots wide and four high."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Dots = npt.NDArray[np.bool_]
ACROSS, DOWN = 2, 4
BITS: Final = np.array([[1, 8], [2, 16], [4, 32], [64, 128]])
"""Of Unicode's braille patterns, by the place of the dot."""
BLANK: Final = 0x2800
LEAST_SPAN: Final = 0.05
"""Of an axis, rad or share of a gripper: what is still is not to look wild."""
LARGEST: Final = 1e6
"""A value beyond is none."""


class Range(NamedTuple):
    """What an axis spans, bottom to top."""

    low: float
    high: float


def range_of(*series: Floats) -> Range:
    """A range that holds every finite value, and some air; 0 to 1 where there is none."""
    values = np.concatenate([each[np.abs(each) < LARGEST] for each in series])
    if not values.size:
        return Range(0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    air = max((high - low) * 0.04, (LEAST_SPAN - (high - low)) / 2)
    return Range(low - air, high + air)


def dots(values: Floats, window: tuple[int, int], axis: Range, width: int, height: int) -> Dots:
    """A line as (4 * height, 2 * width) dots, in so many cells.

    Args:
        values: (T,); where they are not finite, the line has a gap.
        window: first and last step that are drawn, at the left and the right end.
    """
    first, last = window
    columns, rows = ACROSS * width, DOWN * height
    steps = last - first + 1
    edges = first + np.arange(columns + 1) * steps // columns
    begins = np.minimum(edges[:-1], last)
    part = np.where(np.abs(values[first : last + 1]) < LARGEST, values[first : last + 1], np.nan)
    scaled = (axis.high - part) / (axis.high - axis.low) * (rows - 1)
    highs = np.fmin.reduceat(scaled, begins - first)  # row 0 is at the top
    lows = np.fmax.reduceat(scaled, begins - first)
    tops, bottoms = _joined(highs, lows)
    grid = np.arange(rows)[:, None]
    return np.asarray((grid >= np.rint(tops)) & (grid <= np.rint(bottoms)))


def _joined(tops: Floats, bottoms: Floats) -> tuple[Floats, Floats]:
    """Every column reaches to where the one before it ended, so that a steep line has no gaps."""
    before_top, before_bottom = np.roll(tops, 1), np.roll(bottoms, 1)
    before_top[0] = before_bottom[0] = np.nan
    down = tops > before_bottom + 1
    up = bottoms < before_top - 1
    return (
        np.where(down, before_bottom + 1, tops),
        np.where(up, before_top - 1, bottoms),
    )


def braille(dots: Dots) -> npt.NDArray[np.int64]:
    """(height, width) codes of characters, less `BLANK`."""
    rows, columns = dots.shape
    cells = dots.reshape(rows // DOWN, DOWN, columns // ACROSS, ACROSS)
    return np.asarray(np.einsum("hdwa,da->hw", cells, BITS), np.int64)


def column_of(step: int, window: tuple[int, int], width: int) -> int:
    """The cell that a step is drawn in; beyond the ends where it lies outside the window."""
    first, last = window
    return (step - first) * width // (last - first + 1)


def step_of(column: int, window: tuple[int, int], width: int) -> int:
    """The first step that is drawn in a cell."""
    first, last = window
    step = first + -(-column * (last - first + 1) // width)
    return min(max(step, first), last)
