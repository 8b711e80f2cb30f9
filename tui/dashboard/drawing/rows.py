"""Rows of the screen as values: spans of text, each with the name of a style."""

from functools import lru_cache
from typing import Final

from rich.cells import cell_len, chop_cells, set_cell_size

from recorder.printable import printable

Span = tuple[str, str]
"""Text and the name of its style (`palette`)."""
Row = list[Span]
MORE: Final = "…"


def width_of(row: Row) -> int:
    """Columns that a row takes."""
    return sum(cell_len(text) for text, _ in row)


def cut(text: str, width: int) -> str:
    """Text in at most so many columns; what is cut off is shown by an ellipsis."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + MORE if width > 0 else ""


def cell(text: str, width: int) -> str:
    """Text in exactly so many columns, at the left."""
    return set_cell_size(cut(text, width), width)


def fit(row: Row, width: int, style: str = "ink") -> Row:
    """The row in exactly so many columns, fit for a terminal: cut off, or filled with blanks of a
    style."""
    fitted: Row = []
    for text, name in row:
        if width <= 0:
            break
        text = cut(printable(text), width)
        width -= cell_len(text)
        fitted.append((text, name))
    if width > 0:
        fitted.append((" " * width, style))
    return fitted


def spread(left: Row, right: Row, width: int, style: str = "ink") -> Row:
    """One part at the left, one at the right; where both do not fit, the left one is cut off."""
    room = width - width_of(right)
    if room <= 0:
        return fit(right, width, style)
    return [*fit(left, room, style), *right]


def title(name: str, right: str, width: int, warn: bool = False) -> Row:
    """The row above a panel, in place of a border: its name, and the figure that counts most."""
    style = "title.warn" if warn else "title"
    mark = "! " if warn else ""
    figure = cut(f"{mark}{right} ", max(width - cell_len(name) - 3, 0))
    return spread([(f" {name} ", style)], [(figure, style)], width, style)


def beside(left: list[Row], right: list[Row], left_width: int, gap: int) -> list[Row]:
    """Two blocks side by side; the left one is brought to its width."""
    count = max(len(left), len(right))
    left = left + [[] for _ in range(count - len(left))]
    right = right + [[] for _ in range(count - len(right))]
    return [
        [*fit(one, left_width), (" " * gap, "ink"), *two]
        for one, two in zip(left, right, strict=True)
    ]


@lru_cache(maxsize=1024)
def wrap(text: str, width: int) -> tuple[str, ...]:
    """Text in lines of at most so many columns, broken between words where that is possible."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if cell_len(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *whole, line = chop_cells(word, max(width, 1))
        lines += whole
    return (*lines, line) if line else tuple(lines)


def lines_of(text: str, width: int, most: int) -> list[str]:
    """Text wrapped into at most so many lines; the last one tells when there is more."""
    lines = list(wrap(text, width))
    if len(lines) > most > 0:
        lines[most - 1] = cut(f"{lines[most - 1]} {lines[most]}", width)
        if not lines[most - 1].endswith(MORE):
            lines[most - 1] = cut(lines[most - 1] + MORE, width)
    return [cut(line, width) for line in lines[: max(most, 0)]]  # a wide letter may not fit
