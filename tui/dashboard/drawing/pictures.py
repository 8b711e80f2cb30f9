"""Small camera pictures from half blocks: one cell is two pixels, one above the other.

Full colour would cost ten times as much as the rest of the screen: every pair of colours is a style
of its own. So colours have four bits a channel, and a pixel keeps its colour until it has clearly
changed: sensor noise neither flickers nor is sent.
"""

from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tui.dashboard.drawing.rows import Row, Span

STEADY: Final = 14
"""Of 255: what changes less stays as it is."""
SHADES: Final = " .:-=+*#%@"

Pixels = npt.NDArray[np.int16]


def picture_size(shape: tuple[int, ...], width: int, height: int) -> tuple[int, int]:
    """Columns and rows of the largest true-sided picture that fits into a box of cells."""
    rows, columns = shape[:2]
    scale = min(width / columns, 2 * height / rows)
    return max(round(columns * scale), 1), max(round(rows * scale / 2), 1)


class Drawn(NamedTuple):
    """One image as rows of the screen, each exactly `width` columns."""

    rows: list[Row]
    width: int
    pixels: Pixels
    colours: bool


def drawn(
    before: Drawn | None,
    image: npt.NDArray[np.uint8],
    width: int,
    height: int,
    colours: bool = True,
) -> Drawn:
    """An image, (H, W, 3) RGB and not empty, in a box of cells.

    Args:
        before: what stands there; rows that look the same stay the same objects.
    """
    columns, rows = picture_size(image.shape, width, height)
    new = resized(image, 2 * rows, columns)
    if before is None or before.pixels.shape != new.shape or colours != before.colours:
        changed = np.ones(rows, bool)
        lines: list[Row] = [[] for _ in range(rows)]
    else:
        moved = (np.abs(new - before.pixels) >= STEADY).any(axis=2)
        new = np.where(moved[..., None], new, before.pixels)
        changed = moved.reshape(rows, -1).any(axis=1)
        lines = list(before.rows)
    draw = _coloured_rows if colours else _shaded_rows
    for row in np.flatnonzero(changed).tolist():
        lines[row] = draw(new[2 * row : 2 * row + 2])
    return Drawn(lines, columns, new, colours)


def resized(image: npt.NDArray[np.uint8], height: int, width: int) -> Pixels:
    """The mean of the pixels that become one; repeated where the image is smaller."""
    total = image.astype(np.int32)
    for axis, size in ((0, height), (1, width)):
        edges = np.arange(size) * total.shape[axis] // size
        many = np.maximum(np.diff(edges, append=total.shape[axis]), 1)
        total = np.add.reduceat(total, edges, axis=axis)
        total //= many.reshape(-1, *(1,) * (2 - axis))
    return total.astype(np.int16)


def _coloured_rows(pair: Pixels) -> Row:
    four = (pair >> 4).astype(np.int32)
    colour = four[..., 0] << 8 | four[..., 1] << 4 | four[..., 2]
    cells = (colour[0] << 12 | colour[1]).tolist()
    return [_span(cell, sum(1 for _ in same)) for cell, same in groupby(cells)]


@lru_cache(maxsize=1 << 14)
def _span(cell: int, count: int) -> Span:
    upper, lower = cell >> 12, cell & 0xFFF
    if upper == lower:  # half the bytes
        return " " * count, f"#{upper:03x}"
    return "▀" * count, f"#{upper:03x}/#{lower:03x}"


def _shaded_rows(pair: Pixels) -> Row:
    shades = pair.mean(axis=(0, 2)) * len(SHADES) / 256
    return [("".join(SHADES[int(shade)] for shade in shades), "ink")]
